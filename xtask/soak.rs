//! Long counts. A slice of each runs in `test`; a whole one is run by hand and its result committed.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{
    setup,
    shell::{House, output, run, say},
};

/// Beyond the seeds that a soak usually takes.
const SLICE_FROM: u64 = 1_000_000;
const BUGS: [&str; 3] = ["frame", "nulls", "division"];

pub(crate) fn run_named(house: &House, name: &str, from: u64, n: u64) -> Result<()> {
    match name {
        "sql" => {
            setup::for_peers(house)?;
            run(&mut house.cargo(&["build", "--quiet", "--bins", "--examples"]))?;
            planted(house)?;
            let result = seeds(house, from, n, None)?;
            let result = json!({ "soak": "sql", "from": from, "n": n, "planted_bugs_found": BUGS, "result": result });
            let path = house.root.join("benches/results/soak-sql.json");
            fs::write(&path, serde_json::to_string_pretty(&result)? + "\n").context("benches/results/soak-sql.json")?;
            say(&format!("{n} seeds from {from}: no difference; written to {}", path.display()));
            Ok(())
        }
        "dbt" => {
            setup::for_peers(house)?;
            run(&mut house.cargo(&["build", "--quiet", "--bins", "--examples"]))?;
            let (events, result) = dbt(house, from, n / EVENTS_PER_WORKOUT)?;
            let result = json!({ "soak": "dbt", "seed": from, "events": events, "result": result });
            let path = house.root.join(format!("benches/results/soak-dbt-{n}.json"));
            fs::write(&path, serde_json::to_string_pretty(&result)? + "\n").with_context(|| path.display().to_string())?;
            say(&format!("{events} events: no table differs; written to {}", path.display()));
            Ok(())
        }
        "models" => {
            run(&mut house.cargo(&["build", "--quiet", "--bins", "--examples"]))?;
            let mut laws = house.command(house.target.join("debug/examples/model-laws"));
            let result: Value = serde_json::from_str(&output(laws.args([from.to_string(), n.to_string()]))?)?;
            let path = house.root.join(format!("benches/results/soak-models-{n}.json"));
            fs::write(&path, serde_json::to_string_pretty(&result)? + "\n").with_context(|| path.display().to_string())?;
            say(&format!("refresh = rebuild = rebuild again: {result}; written to {}", path.display()));
            Ok(())
        }
        other => bail!("there is no soak {other}: choose sql, dbt or models"),
    }
}

/// What `test` has time for.
pub(crate) fn sql_slice(house: &House) -> Result<()> {
    planted(house)?;
    let result = seeds(house, SLICE_FROM, 3_000, None)?;
    say(&format!("    3000 seeds from {SLICE_FROM}: {result}"));
    Ok(())
}

/// About what a workout of the seeded log comes to.
const EVENTS_PER_WORKOUT: u64 = 11;

pub(crate) fn dbt_slice(house: &House) -> Result<()> {
    let (events, result) = dbt(house, 1, 40)?;
    say(&format!("    seed 1, {events} events: {result}"));
    Ok(())
}

/// One log, our tables and those of stock dbt. The log is shuffled: an order of arrival must not show.
fn dbt(house: &House, seed: u64, workouts: u64) -> Result<(u64, Value)> {
    let folder = house.target.join("dbt");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let (events, ours) = (folder.join("events.parquet"), folder.join("ours"));
    let mut log = house.command(house.target.join("debug/examples/seed-log"));
    let said: Value = serde_json::from_str(&output(log.args([seed.to_string(), workouts.to_string()]).arg(&events))?)?;
    let mut models = house.command(house.target.join("debug/spotter"));
    models.args(["sql", "--models", "--format", "parquet", "--events"]).arg(&events).arg("--out").arg(&ours);
    run(&mut models)?;
    let mut dbt = house.command(house.python());
    let report = output(dbt.arg("tests/conformance/dbt.py").arg(&events).arg(&ours))?;
    Ok((said["events"].as_u64().unwrap_or(0), serde_json::from_str(&report).with_context(|| report.clone())?))
}

/// The comparison must find a bug that is there before it may say that there is none.
fn planted(house: &House) -> Result<()> {
    for bug in BUGS {
        if seeds(house, 0, 400, Some(bug)).is_ok() {
            bail!("the planted bug \"{bug}\" was not found: the comparison is blind");
        }
    }
    Ok(())
}

fn seeds(house: &House, from: u64, n: u64, bug: Option<&str>) -> Result<Value> {
    let mut ours = Command::new(house.target.join("debug/examples/sql-seeds"));
    ours.args([from.to_string(), n.to_string()]).args(bug).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut ours = ours.spawn().context("sql-seeds is built")?;
    let answers = ours.stdout.take().context("piped")?;
    let mut duck = house.command(house.python());
    duck.args(["tests/conformance/duck.py", "seeds"]).stdin(answers);
    if bug.is_some() {
        duck.stderr(Stdio::null());
    }
    let output = duck.output().context("cannot start Python")?;
    let made = ours.wait()?;
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    if !made.success() || !output.status.success() {
        bail!("ours and DuckDB's differ from seed {from} on: {report}{}", String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_str(&report).with_context(|| format!("duck.py said {report}"))
}
