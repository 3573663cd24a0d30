//! Fuzzing with libFuzzer, on the stable compiler: only our own crates are watched, the others are those of the tests.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::{
    setup,
    shell::{House, run, say},
};

const TARGETS: [&str; 5] = ["segment", "manifest", "row", "csv", "archive"];
/// What cargo-fuzz passes too, but for the sanitizers: they need a nightly compiler, and our own code is safe Rust.
const WATCHED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg=fuzzing -Ccodegen-units=1";
/// Of a pool file, before its content.
const HEADER: usize = 96;
const STRONG: &str = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE\n\
    2025-01-05 10:00:00,Push,1h 5m,Bench Press (Barbell),1,82.5,5,0,0,easy,good,8\n";

/// Every target for so many seconds, three at a time; what they did. A crash is an error, and its input is kept.
pub(crate) fn all(house: &House, seconds: u64) -> Result<Value> {
    setup::for_fuzzing()?;
    build(house)?;
    let folder = house.target.join("fuzz");
    let mut done = serde_json::Map::new();
    for some in TARGETS.chunks(3) {
        let mut running = Vec::new();
        for target in some {
            let corpus = folder.join(target);
            fs::create_dir_all(&corpus).with_context(|| corpus.display().to_string())?;
            seeds(house, target, &corpus)?;
            let mut fuzz = Command::new(house.target.join(format!("debug/fuzz-{target}")));
            fuzz.arg(&corpus).arg(format!("-max_total_time={seconds}")).args([
                "-timeout=20",
                "-rss_limit_mb=4096",
                "-max_len=65536",
            ]);
            fuzz.arg(format!("-artifact_prefix={}/crash-{target}-", folder.display())).arg("-print_final_stats=1");
            let log = folder.join(format!("{target}.log"));
            let file = fs::File::create(&log).with_context(|| log.display().to_string())?;
            running.push((target, log, fuzz.stdout(Stdio::null()).stderr(file).spawn().context("the fuzz targets are built")?));
        }
        for (target, log, mut child) in running {
            let status = child.wait()?;
            let text = fs::read_to_string(&log).unwrap_or_default();
            if !status.success() {
                let end: Vec<&str> = text.lines().rev().take(40).collect();
                bail!("{target} failed ({status}):\n{}", end.into_iter().rev().collect::<Vec<_>>().join("\n"));
            }
            let stat = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
            let inputs = fs::read_dir(folder.join(target))?.count();
            let runs = stat("stat::number_of_executed_units:");
            say(&format!("    {target}: {} runs, {inputs} inputs kept", runs.unwrap_or(0)));
            done.insert((*target).to_owned(), json!({ "runs": runs, "inputs": inputs, "seconds": seconds, "crashes": 0 }));
        }
    }
    Ok(Value::Object(done))
}

fn build(house: &House) -> Result<()> {
    let wrapper = house.target.join("watched-rustc");
    // A build script runs here and now, without libFuzzer.
    fs::write(
        &wrapper,
        format!("#!/bin/sh\ncase \"$*\" in *'crate-name build_script'*) exec \"$@\" ;; esac\nexec \"$@\" {WATCHED}\n"),
    )?;
    make_executable(&wrapper)?;
    // Of all native packages together, so that what they stand on is compiled once for tests and fuzzing.
    let mut cargo = house.cargo(&["build", "--quiet", "--features", "fuzz/fuzzing"]);
    cargo.args(TARGETS.map(|target| format!("--bin=fuzz-{target}")));
    run(cargo.env("RUSTC_WORKSPACE_WRAPPER", &wrapper))
}

fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).with_context(|| file.display().to_string())
}

/// Something sound to begin with.
fn seeds(house: &House, target: &str, corpus: &Path) -> Result<()> {
    let fixtures = house.root.join("tests/fixtures");
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    let lines = fs::read_to_string(fixtures.join("rows-v1.jsonl"))?;
    let mut pools = Vec::new();
    for pool in ["pool-v1", "pool-v2"] {
        for entry in fs::read_dir(fixtures.join(pool))? {
            let path = entry?.path();
            pools.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), fs::read(&path)?));
        }
    }
    match target {
        "segment" => {
            seeds.extend(pools.iter().map(|(_, bytes)| [&[0], &bytes[..]].concat()));
            seeds.extend(lines.lines().map(|line| [&[3, 1], line.as_bytes()].concat()));
            seeds.push([&[3][..], lines.lines().flat_map(|line| ["\u{1}", line, "\n"]).collect::<String>().as_bytes()].concat());
        }
        "manifest" => {
            let manifests = pools.iter().filter(|(name, _)| name.starts_with("manifest"));
            seeds.extend(manifests.filter_map(|(_, bytes)| Some([&bytes[64..65], bytes.get(HEADER..)?].concat())));
        }
        "row" => seeds.extend(lines.lines().map(|line| line.as_bytes().to_vec())),
        "csv" => {
            seeds.push([&[0], STRONG.as_bytes()].concat());
            seeds.push([&[1], STRONG.replace(',', ";").as_bytes()].concat());
        }
        _ => seeds.push(vec![1, 2, 3, 4]),
    }
    for (nth, seed) in seeds.iter().enumerate() {
        fs::write(corpus.join(format!("seed-{nth}")), seed)?;
    }
    Ok(())
}
