//! Long counts. A slice of each runs in `test`; a whole one is run by hand and its result committed.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{
    setup,
    shell::{House, run, say},
};

/// Beyond the seeds that a soak usually takes.
const SLICE_FROM: u64 = 1_000_000;
const BUGS: [&str; 3] = ["frame", "nulls", "division"];

pub(crate) fn run_named(house: &House, name: &str, from: u64, n: u64) -> Result<()> {
    match name {
        "sql" => {
            setup::for_peers(house)?;
            run(&mut house.cargo(&["build", "--quiet"]))?;
            planted(house)?;
            let result = seeds(house, from, n, None)?;
            let result = json!({ "soak": "sql", "from": from, "n": n, "planted_bugs_found": BUGS, "result": result });
            let path = house.root.join("benches/results/soak-sql.json");
            fs::write(&path, serde_json::to_string_pretty(&result)? + "\n").context("benches/results/soak-sql.json")?;
            say(&format!("{n} seeds from {from}: no difference; written to {}", path.display()));
            Ok(())
        }
        other => bail!("there is no soak {other}: choose sql"),
    }
}

/// What `test` has time for.
pub(crate) fn sql_slice(house: &House) -> Result<()> {
    planted(house)?;
    let result = seeds(house, SLICE_FROM, 3_000, None)?;
    say(&format!("    3000 seeds from {SLICE_FROM}: {result}"));
    Ok(())
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
    let mut ours = Command::new(house.target.join("debug/sql-seeds"));
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
