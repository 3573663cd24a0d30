//! Every check in one run, cheapest first, so that a mistake is told early.

use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    fuzz, laws,
    postgres::Postgres,
    pwa, setup,
    shell::{House, logged, run, say, step, timed},
    soak,
};

/// Of each target.
const FUZZ_SECONDS: u64 = 120;
/// What drives a browser: it waits more than it works, so that two go at a time. The longest come first.
const JOURNEYS: [(&str, &str, &[&str]); 11] = [
    ("bad input", "tests/journey/badinput.mjs", &[]),
    ("the journey", "tests/journey/journey.mjs", &[]),
    ("devices that meet", "tests/journey/sync.mjs", &[]),
    ("many tabs, some of which die", "tests/journey/tabs.mjs", &["--kills", "25", "--frozen"]),
    ("a short journey in Firefox and WebKit", "tests/journey/browsers.mjs", &[]),
    ("a monkey", "tests/journey/monkey.mjs", &["--minutes", "2"]),
    ("every screen, by thumb, by keyboard and in large text", "tests/journey/screens.mjs", &[]),
    ("a workout by thumb and by keyboard", "tests/journey/training.mjs", &[]),
    ("files in the database", "tests/journey/database.mjs", &[]),
    ("a phone that is left", "tests/journey/leaving.mjs", &[]),
    ("a phone that was copied", "tests/hostile/copied.mjs", &[]),
];
const BENCHES: [&str; 8] = ["bytes", "commit", "cold", "import", "lighthouse", "models", "native", "sync"];

pub(crate) fn all(house: &House, browser: bool) -> Result<()> {
    timed(|| each(house, browser))
}

fn each(house: &House, browser: bool) -> Result<()> {
    step("format", || run(&mut house.cargo(&["fmt", "--all", "--check"])))?;
    step("laws", || laws::check(house))?;
    step("what the machine needs", || setup::for_tests(house, browser))?;
    step("licences and sources", || {
        run(&mut house.cargo(&["deny", "--all-features", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]))
    })?;
    let postgres = Postgres::start()?;
    let addresses = [("SPOTTER_POSTGRES", postgres.address.as_ref()), ("SPOTTER_POSTGRES_ROOT", postgres.root.as_os_str())];
    step("tests", || run(house.cargo(&["test", "--quiet"]).envs(addresses)))?;
    step("answers of DuckDB", || run(house.command(house.python()).args(["tests/conformance/duck.py", "check"])))?;
    step("the programs", || run(&mut house.cargo(&["build", "--quiet", "--bins", "--examples"])))?;
    step("a backup opens in DuckDB and PyArrow", || {
        let folder = house.target.join("backup");
        run(house.command(house.target.join("debug/examples/backup")).arg(&folder))?;
        run(house.command(house.python()).arg("tests/conformance/backup.py").arg(&folder))
    })?;
    step("random queries beside DuckDB", || soak::sql_slice(house))?;
    step("the models beside dbt", || soak::dbt_slice(house))?;
    step("lints, native", || {
        setup::for_fuzzing()?;
        clippy(house, &["build", "--quiet", "--tests", "--bins", "--features", "fuzz/fuzzing"])
    })?;
    step("the app", || pwa::build(house, false).map(drop))?;
    step("lints, browser", || {
        for (room, profile) in [("app", "wasm-small"), ("worker", "wasm-small"), ("projector", "wasm-engine")] {
            // All but the last step, putting everything together, which lints nothing and takes longest.
            let args = ["build", "--quiet", "--lib", "--package", room, "--profile", profile, "--target", "wasm32-unknown-unknown"];
            clippy(house, &args)?;
        }
        Ok(())
    })?;
    // With the packages that the app has just been built of: natively they would be compiled once more.
    step("words and figures of the screens", || in_wasm(house, &["--package", "app", "--lib"], "wasm-small"))?;
    let tables = || in_wasm(house, &["--package", "tests", "--test", "wasm"], "wasm-engine");
    step("the engine in WebAssembly gives the same tables", tables)?;
    step("sizes", || sizes(house))?;
    step("fuzzing", || fuzz::all(house, FUZZ_SECONDS).map(drop))?;
    let spotter = house.target.join("debug/spotter");
    step("many devices and a server", || soak::sync_slice(house))?;
    step("RxDB's own clients and suite", || {
        setup::for_replication(house)?;
        for script in ["clients", "suite", "kill"] {
            replication(house, &spotter, script, None, &[])?;
        }
        // Several processes over one database.
        replication(house, &spotter, "clients", Some(&postgres), &["--seeds", "2"])
    })?;
    step("hostile requests", || {
        let python = setup::for_hostile(house)?;
        for script in ["requests", "accounts"] {
            run(&mut pwa::script_with(house, "node", &spotter, &format!("tests/hostile/{script}.mjs")))?;
        }
        run(&mut pwa::script_with(house, python, &spotter, "tests/hostile/schema.py"))
    })?;
    if browser {
        side_by_side(house, &spotter)?;
    }
    say("every check passed");
    Ok(())
}

/// Every journey, whatever becomes of the others; what one says is shown when it is over.
fn side_by_side(house: &House, spotter: &Path) -> Result<()> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let go = || {
        while let Some((name, script, args)) = JOURNEYS.get(next.fetch_add(1, Ordering::Relaxed)) {
            let done = step(name, || logged(&mut pwa::script_command(house, spotter, script, args)?, name));
            if let (Err(err), Ok(mut failed)) = (done, failed.lock()) {
                failed.push(format!("{err:#}"));
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(go);
        scope.spawn(go);
    });
    let failed = failed.into_inner().unwrap_or_default();
    if !failed.is_empty() {
        bail!("{}", failed.join("\n"));
    }
    Ok(())
}

/// Tests as the browser runs them, in Node.js.
fn in_wasm(house: &House, what: &[&str], profile: &str) -> Result<()> {
    let mut test = house.cargo(&["test", "--profile", profile, "--target", "wasm32-unknown-unknown"]);
    test.args(what).env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", house.tool("wasm-bindgen-test-runner"));
    run(&mut test)
}

/// One of the scripts that replicate with the running server.
pub(crate) fn replication(house: &House, spotter: &Path, script: &str, postgres: Option<&Postgres>, args: &[&str]) -> Result<()> {
    let mut node = pwa::script_with(house, "node", spotter, &format!("tests/replication/{script}.mjs"));
    node.args(args);
    if let Some(postgres) = postgres {
        node.env("SPOTTER_POSTGRES", postgres.address.trim_end_matches("/postgres"));
    }
    run(&mut node)
}

/// Clippy over a build that shares its dependencies with the tests and the app: only our own crates are compiled again.
fn clippy(house: &House, args: &[&str]) -> Result<()> {
    let mut cargo = house.cargo(args);
    cargo.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver").env("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__");
    run(&mut cargo)
}

/// What a first visit may cost, in bytes after brotli.
fn sizes(house: &House) -> Result<()> {
    let build: serde_json::Value = serde_json::from_str(&fs::read_to_string(house.root.join("dist/build.json"))?)?;
    let sizes = build["sizes"].as_object().context("sizes")?;
    let brotli = |part: &dyn Fn(&str) -> bool| -> u64 {
        sizes.iter().filter(|(name, _)| part(name)).filter_map(|(_, size)| size["brotli"].as_u64()).sum()
    };
    let engine = |name: &str| name.starts_with("projector") || name.starts_with("dims/");
    // Fetched behind the first figures, or when somebody goes there.
    let later = |name: &str| name.starts_with("split_");
    let shell = brotli(&|name| !engine(name) && !later(name));
    let (behind, all) = (brotli(&later), brotli(&|_| true));
    let [of_shell, of_behind, of_all] = [shell, behind, all].map(|bytes| bytes / 1000);
    say(&format!("    shell and storage worker {of_shell} kB, behind them {of_behind} kB, all {of_all} kB (brotli)"));
    if 600_000 < shell || 3_900_000 < all {
        bail!("the app has grown beyond 600 kB for the shell or 3,900 kB for all of it: find out what came in");
    }
    Ok(())
}

pub(crate) fn bench(house: &House, spotter: &Path, name: Option<&str>) -> Result<()> {
    if let Some(name) = name.filter(|name| !BENCHES.contains(name)) {
        bail!("there is no bench {name}: choose from {}", BENCHES.join(", "));
    }
    fs::create_dir_all(house.root.join("benches/results"))?;
    for bench in BENCHES.iter().filter(|bench| name.is_none_or(|name| name == **bench)) {
        let out = format!("benches/results/{bench}.json");
        match *bench {
            "models" => {
                run(&mut house.cargo(&["build", "--quiet", "--examples"]))?;
                pwa::browser_script(house, spotter, "benches/models.mjs", &["--out", &out])?;
            }
            "native" => {
                setup::for_native_bench(house)?;
                run(&mut house.cargo(&["build", "--quiet", "--release", "--package", "tests", "--examples"]))?;
                let examples = house.target.join("release/examples");
                let mut bench = house.command(house.python());
                bench.arg("benches/native.py").arg(examples.join("model-bench")).arg(examples.join("seed-log"));
                run(bench.arg("--spotter").arg(spotter).args(["--out", &out]))?;
            }
            "sync" => {
                // The server that people run, and its peers' libraries.
                let release = pwa::release(house)?;
                setup::for_replication(house)?;
                let postgres = Postgres::start()?;
                let mut bench = pwa::script_command(house, &release, "benches/sync.mjs", &["--out", &out])?;
                run(bench.env("SPOTTER_POSTGRES", postgres.address.trim_end_matches("/postgres")))?;
            }
            "lighthouse" => pwa::browser_script(house, spotter, "benches/lighthouse.mjs", &["--out", &out])?,
            "commit" => {
                setup::for_stores(house)?;
                pwa::browser_script(house, spotter, "benches/browser.mjs", &["commit", "--out", &out])?;
            }
            bench => pwa::browser_script(house, spotter, "benches/browser.mjs", &[bench, "--out", &out])?,
        }
    }
    Ok(())
}

pub(crate) fn shots(house: &House, spotter: &Path, out: &Path, store: bool) -> Result<()> {
    let out = out.to_string_lossy();
    let mut args = vec!["--out", &out];
    if store {
        args.push("--store");
    }
    pwa::browser_script(house, spotter, "benches/shots.mjs", &args)?;
    say(&format!("screenshots are in {out}"));
    Ok(())
}
