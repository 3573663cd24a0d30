//! Long counts. A slice of each runs in `test`; a whole one is run by hand and its result committed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{
    checks, fuzz, pwa, setup,
    shell::{House, output, run, say},
};

/// Beyond the seeds that a soak usually takes.
const SLICE_FROM: u64 = 1_000_000;
const BUGS: [&str; 3] = ["frame", "nulls", "division"];

pub(crate) fn run_named(house: &House, name: &str, from: u64, n: u64) -> Result<()> {
    let (file, result) = match name {
        "sql" => {
            ready(house)?;
            planted(house)?;
            let result = equal(seeds(house, from, n, None)?)?;
            ("soak-sql".to_owned(), json!({ "soak": "sql", "from": from, "n": n, "planted_bugs_found": BUGS, "result": result }))
        }
        "dbt" => {
            ready(house)?;
            let (events, result) = dbt(house, from, n / EVENTS_PER_WORKOUT)?;
            (format!("soak-dbt-{n}"), json!({ "soak": "dbt", "seed": from, "events": events, "result": result }))
        }
        "models" => {
            ready(house)?;
            let mut laws = house.command(program(house, "model-laws", n)?);
            let result = serde_json::from_str(&output(laws.args([from.to_string(), n.to_string()]))?)?;
            (format!("soak-models-{n}"), result)
        }
        "sync" => {
            ready(house)?;
            // What SQLite and the hashes take is optimised in any build; of a long count the rooms themselves are worth it.
            let quick = SIMULATED.map(|room| format!("profile.dev.package.{room}.opt-level=2"));
            let mut simulate = house.cargo(&["build", "--quiet", "--example", "simulate"]);
            quick.iter().for_each(|quick| _ = simulate.args(["--config", quick]));
            run(&mut simulate)?;
            let program = house.target.join("debug/examples/simulate");
            let planted = planted_in_sync(&program, house)?;
            let result = simulated(house, &program, from, n, None)?;
            if result["broken"] != 0 {
                bail!("an invariant was broken: {result}");
            }
            (
                "soak-sync".to_owned(),
                json!({ "soak": "sync", "from": from, "n": n, "planted_bugs_found": planted, "result": result }),
            )
        }
        "server-kill" => {
            ready(house)?;
            setup::for_replication(house)?;
            let out = house.target.join("server-kill.json");
            let (kills, out_text) = (n.to_string(), out.to_string_lossy());
            let spotter = house.target.join("debug/spotter");
            checks::replication(house, &spotter, "kill", None, &["--kills", &kills, "--out", &out_text])?;
            let result: Value = serde_json::from_str(&fs::read_to_string(&out)?)?;
            ("soak-server-kill".to_owned(), json!({ "soak": "server-kill", "n": n, "result": result }))
        }
        "powercut" => {
            if !setup::can_cut(house)? {
                return Ok(());
            }
            let spotter = pwa::build(house, false)?;
            let cut = |more: &[&str], name: &str| {
                script(house, &spotter, "tests/powercut/cuts.mjs", &[&["--from", &from.to_string()], more].concat(), name)
            };
            let settled = cut(&["--cuts", &n.to_string()], "powercut")?;
            let fresh = cut(&["--fresh", "--cuts", &n.div_ceil(4).to_string()], "powercut-fresh")?;
            let peers =
                script(house, &spotter, "tests/powercut/peers.mjs", &["--cuts", &n.div_ceil(25).to_string()], "powercut-peers")?;
            (
                "soak-powercut".to_owned(),
                json!({ "soak": "powercut", "from": from, "n": n, "settled": settled, "fresh": fresh, "peers": peers }),
            )
        }
        "tabs" => {
            setup::for_browser(house)?;
            let spotter = pwa::build(house, false)?;
            // Each with a profile of its own: every row is looked at after every kill.
            let runs = (0..n.div_ceil(KILLS_OF_A_PROFILE)).map(|nth| {
                let kills = KILLS_OF_A_PROFILE.min(n - nth * KILLS_OF_A_PROFILE).to_string();
                let args = ["--frozen", "--from", &(from + nth).to_string(), "--kills", &kills];
                script(house, &spotter, "tests/journey/tabs.mjs", &args, "tabs")
            });
            ("soak-tabs".to_owned(), json!({ "soak": "tabs", "from": from, "n": n, "runs": runs.collect::<Result<Vec<_>>>()? }))
        }
        "monkey" => {
            setup::for_browser(house)?;
            let spotter = pwa::build(house, false)?;
            let args = ["--minutes", &n.to_string(), "--from", &from.max(1).to_string()];
            let result = script(house, &spotter, "tests/journey/monkey.mjs", &args, "monkey")?;
            ("soak-monkey".to_owned(), json!({ "soak": "monkey", "minutes": n, "result": result }))
        }
        "damage" => {
            let mut test = house.cargo(&["test", "--quiet", "--package", "tests", "--test", "damage"]);
            run(test.env("SPOTTER_DAMAGES", n.to_string()))?;
            ("soak-damage".to_owned(), json!({ "soak": "damage", "n": n, "silent": 0, "panics": 0 }))
        }
        "fuzz" => ("soak-fuzz".to_owned(), json!({ "soak": "fuzz", "minutes": n, "result": fuzz::all(house, n * 60)? })),
        other => {
            bail!("there is no soak {other}: choose sql, dbt, models, sync, server-kill, powercut, tabs, monkey, damage or fuzz")
        }
    };
    let path = house.root.join(format!("benches/results/{file}.json"));
    fs::write(&path, serde_json::to_string_pretty(&result)? + "\n").with_context(|| path.display().to_string())?;
    say(&format!("no difference: {result}; written to {}", path.display()));
    Ok(())
}

/// A browser script that writes its result to a file.
fn script(house: &House, spotter: &Path, script: &str, args: &[&str], name: &str) -> Result<Value> {
    let out = house.target.join(format!("{name}.json"));
    let out_text = out.to_string_lossy();
    pwa::browser_script(house, spotter, script, &[args, &["--out", &out_text]].concat())?;
    Ok(serde_json::from_str(&fs::read_to_string(&out)?)?)
}

/// Of tabs and workers.
const KILLS_OF_A_PROFILE: u64 = 100;

/// From here on building an optimised program takes less than waiting for the other.
const MANY: u64 = 500_000;

fn program(house: &House, name: &str, n: u64) -> Result<PathBuf> {
    if n < MANY {
        return Ok(house.target.join("debug/examples").join(name));
    }
    run(&mut house.cargo(&["build", "--quiet", "--release", "--package", "tests", "--example", name]))?;
    Ok(house.target.join("release/examples").join(name))
}

fn ready(house: &House) -> Result<()> {
    setup::for_peers(house)?;
    run(&mut house.cargo(&["build", "--quiet", "--bins", "--examples"]))
}

/// The rooms that a simulation spends its time in.
const SIMULATED: [&str; 6] = ["ledger", "wire", "device", "realm", "bridge", "tests"];

const SYNC_BUGS: [&str; 10] = ["cursor", "filter", "frame", "cache", "place", "leave", "newer", "early", "left", "once"];

/// The simulation has to find a bug that is there before it may say that there is none.
fn planted_in_sync(program: &Path, house: &House) -> Result<Value> {
    let mut found = serde_json::Map::new();
    for bug in SYNC_BUGS {
        let report = simulated(house, program, 0, 150, Some(bug))?;
        if report["broken"] == 0 {
            bail!("the planted bug \"{bug}\" was not found: the simulation is blind");
        }
        found.insert(bug.to_owned(), report["broken"].clone());
    }
    Ok(Value::Object(found))
}

/// Seeds are independent of each other: as many processes as there are processors share them.
fn simulated(house: &House, program: &Path, from: u64, n: u64, bug: Option<&str>) -> Result<Value> {
    let parts = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let share = n.div_ceil(parts);
    let mut running = Vec::new();
    for part in 0..parts {
        let seeds = share.min(n.saturating_sub(part * share));
        let mut simulate = house.command(program);
        simulate.args([(from + part * share).to_string(), seeds.to_string()]).args(bug);
        simulate.stdin(Stdio::null()).stdout(Stdio::piped());
        running.push(simulate.spawn().context("simulate is built")?);
    }
    let mut sum = serde_json::Map::new();
    for child in running {
        let output = child.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let report: Value = serde_json::from_str(&text).with_context(|| format!("simulate ended with {}", output.status))?;
        for (name, value) in report.as_object().into_iter().flatten() {
            match (sum.get_mut(name), value) {
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more.iter().cloned()),
                (Some(known), more) => *known = json!(known.as_u64().unwrap_or(0) + more.as_u64().unwrap_or(0)),
                (None, value) => _ = sum.insert(name.clone(), value.clone()),
            }
        }
    }
    Ok(Value::Object(sum))
}

/// What `test` has time for, beyond the few seeds of the tests.
pub(crate) fn sync_slice(house: &House) -> Result<()> {
    let program = house.target.join("debug/examples/simulate");
    let result = simulated(house, &program, SLICE_FROM + 1_000, 250, None)?;
    if result["broken"] != 0 {
        bail!("an invariant was broken: {result}");
    }
    say(&format!("    250 seeds: {result}"));
    Ok(())
}

/// What `test` has time for.
pub(crate) fn sql_slice(house: &House) -> Result<()> {
    planted(house)?;
    let result = equal(seeds(house, SLICE_FROM, 3_000, None)?)?;
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
    let mut log = house.command(program(house, "seed-log", workouts * EVENTS_PER_WORKOUT)?);
    let said: Value =
        serde_json::from_str(&output(log.args(["careless", &seed.to_string(), &workouts.to_string()]).arg(&events))?)?;
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
        let report = seeds(house, 0, 400, Some(bug))?;
        if report["different"].as_u64().is_none_or(|different| different == 0) {
            bail!("the planted bug \"{bug}\" was not found: the comparison is blind ({report})");
        }
    }
    Ok(())
}

fn equal(report: Value) -> Result<Value> {
    match report["different"].as_u64() {
        Some(0) => Ok(report),
        _ => bail!("ours and DuckDB's answers differ: {report}"),
    }
}

/// How many of the seeds' answers were equal, refused and different. Differences are shown, unless a bug is planted.
fn seeds(house: &House, from: u64, n: u64, bug: Option<&str>) -> Result<Value> {
    let mut ours = Command::new(house.target.join("debug/examples/sql-seeds"));
    ours.args([from.to_string(), n.to_string()]).args(bug).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut ours = ours.spawn().context("sql-seeds is built")?;
    let answers = ours.stdout.take().context("piped")?;
    let mut duck = house.command(house.python());
    duck.args(["tests/conformance/duck.py", "seeds"]).stdin(answers);
    duck.stderr(if bug.is_some() { Stdio::null() } else { Stdio::inherit() });
    let output = duck.output().context("cannot start Python")?;
    if !ours.wait()?.success() {
        bail!("sql-seeds failed from seed {from} on");
    }
    let report = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&report).with_context(|| format!("duck.py ended with {} and said {report:?}", output.status))
}
