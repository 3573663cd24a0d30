//! What a machine needs beyond Rust, each with its reason. Nothing is asked for that is there already.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::{Context as _, Result, bail};

use crate::shell::{House, has, output, run, say};

const TRUNK: &str = "0.21.14";
const SPLIT: &str = "0.2.3";
const DENY: &str = "0.20.2";
const TARGET: &str = "wasm32-unknown-unknown";

pub(crate) fn for_building(house: &House) -> Result<()> {
    compiled(house)?;
    node(house)
}

/// Everything that the tests need. What comes ready-made is fetched while the rest is compiled.
pub(crate) fn for_tests(house: &House, browser: bool) -> Result<()> {
    thread::scope(|scope| {
        let fetching = scope.spawn(|| {
            node(house)?;
            if browser {
                installed_chromium()?;
                other_browsers()?;
            }
            for_peers(house)
        });
        compiled(house)?;
        for_licences(house)?;
        fetching.join().unwrap_or_else(|_| bail!("the set-up died"))
    })
}

/// Tools from the Rust crate registry.
fn compiled(house: &House) -> Result<()> {
    let installed = output(Command::new("rustup").args(["target", "list", "--installed"])).unwrap_or_default();
    if !installed.contains(TARGET) {
        say(&format!("Installing the Rust target {TARGET}: the app runs in the browser as WebAssembly."));
        run(Command::new("rustup").args(["target", "add", TARGET]))?;
    }
    cargo_tool(
        house,
        "trunk",
        TRUNK,
        "it builds the page and the two workers",
        &["--locked", "--no-default-features", "--features", "rustls"],
    )?;
    cargo_tool(
        house,
        "wasm_split_cli_support",
        SPLIT,
        "it puts what no first screen needs into files of their own",
        &["--locked", "--features", "build-binary"],
    )?;
    let bindgen = locked_version(house, "wasm-bindgen")?;
    // Without --locked: the published lock file names a crate that is gone.
    cargo_tool(
        house,
        "wasm-bindgen-cli",
        &bindgen,
        "it writes the JavaScript beside the WebAssembly, and must be exactly of the library's version",
        &[],
    )
}

pub(crate) fn for_browser(house: &House) -> Result<()> {
    for_building(house)?;
    installed_chromium()
}

fn installed_chromium() -> Result<()> {
    if chromium().is_none() {
        say("Installing Chromium and its driver: the tests run in a real browser.");
        apt(&["chromium", "chromium-driver"])?;
    }
    chromium().context("no Chromium was found: install the packages chromium and chromium-driver").map(drop)
}

/// The browsers of people who have neither Chrome nor Edge. WebKit's own driver keeps no profile and switches nothing on, so
/// a window of ours is driven, which is Debian's Python's.
fn other_browsers() -> Result<()> {
    if firefox().is_none() {
        say("Installing Firefox: the short journey runs in it.");
        apt(&["firefox-esr"])?;
    }
    let window = "import gi; gi.require_version('WebKit2', '4.1'); from gi.repository import WebKit2; print('ready')";
    let there = ["/usr/bin/WebKitWebDriver", "/usr/bin/Xvfb"].iter().all(|path| Path::new(path).is_file());
    if !there || !has("/usr/bin/python3", &["-c", window], "ready") {
        say("Installing WebKit, its driver, Python's way to it and a display without a screen: the short journey runs in it.");
        apt(&["webkit2gtk-driver", "gir1.2-webkit2-4.1", "python3-gi", "xvfb"])?;
    }
    firefox().context("no Firefox was found: install the package firefox-esr").map(drop)
}

pub(crate) fn firefox() -> Option<&'static str> {
    ["/usr/bin/firefox-esr", "/usr/bin/firefox"].into_iter().find(|path| Path::new(path).is_file())
}

/// Python with DuckDB and dbt: our SQL front and our models are compared with theirs.
pub(crate) fn for_peers(house: &House) -> Result<()> {
    unless_stamped(house, "tests/conformance/requirements.txt", &house.tools.join("python/.spotter"), || python(house))
}

/// Polars, which one bench measures us with.
pub(crate) fn for_native_bench(house: &House) -> Result<()> {
    for_peers(house)?;
    let list = "benches/requirements.txt";
    unless_stamped(house, list, &house.tools.join("python/.spotter-bench"), || pip(house, list))
}

fn pip(house: &House, list: &str) -> Result<()> {
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", list];
    run(house.command(house.python()).args(pip))
}

fn python(house: &House) -> Result<()> {
    if !has("python3", &["-c", "import ensurepip, venv; print('ready')"], "ready") {
        say("Installing Python: DuckDB and dbt, which our answers are compared with, come from its registry.");
        apt(&["python3", "python3-venv"])?;
    }
    say("Installing DuckDB and dbt into a folder of their own: our SQL answers and tables are compared with theirs.");
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(house.tools.join("python")))?;
    pip(house, "tests/conformance/requirements.txt")
}

/// Installs what a file lists, unless the stamp says that just this list was installed.
fn unless_stamped(house: &House, list: &str, stamp: &Path, install: impl FnOnce() -> Result<()>) -> Result<()> {
    let wanted = fs::read(house.root.join(list)).context(list.to_owned())?;
    let wanted = blake3::hash(&wanted).to_hex().to_string();
    if fs::read_to_string(stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(stamp, wanted).with_context(|| stamp.display().to_string())
}

fn for_licences(house: &House) -> Result<()> {
    cargo_tool(
        house,
        "cargo-deny",
        DENY,
        "it checks licences and sources of everything that is compiled in",
        &["--locked", "--no-default-features"],
    )
}

pub(crate) fn chromium() -> Option<&'static str> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].into_iter().find(|path| Path::new(path).is_file())
}

/// All of our WebAssembly goes through these. Set for every tool, so that what they share is compiled once.
const WASM_READERS: [&str; 5] = ["walrus", "wasmparser", "wasm-encoder", "gimli", "wasm-bindgen-cli-support"];

/// A tool from the Rust crate registry, built quickly rather than well: it runs for seconds.
fn cargo_tool(house: &House, package: &str, version: &str, why: &str, args: &[&str]) -> Result<()> {
    let binary = match package {
        "wasm-bindgen-cli" => "wasm-bindgen",
        "wasm_split_cli_support" => "wasm-split-cli",
        other => other,
    };
    // Cargo's own list, because not every tool says which it is.
    let installed = fs::read_to_string(house.tools.join(".crates.toml")).unwrap_or_default();
    if installed.contains(&format!("\"{package} {version} (")) && house.tool(binary).is_file() {
        return Ok(());
    }
    say(&format!("Installing {package} {version}: {why}. This takes a few minutes, once."));
    let mut install = house.cargo(&["install", package, "--version", version, "--root"]);
    install.arg(&house.tools).args(args).arg("--target-dir").arg(house.target.join("tools"));
    for (key, value) in [("OPT_LEVEL", "0"), ("LTO", "off"), ("CODEGEN_UNITS", "16"), ("DEBUG", "0")] {
        install.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    for reader in WASM_READERS {
        install.arg("--config").arg(format!("profile.release.package.{reader}.opt-level=1"));
    }
    run(&mut install)
}

/// npm packages: wasm-opt, Workbox, and what drives the browser in tests.
fn node(house: &House) -> Result<()> {
    if !has("node", &["--version"], "v") || !has("npm", &["--version"], ".") {
        say("Installing Node.js: it bundles the service worker and drives the browser in tests.");
        apt(&["nodejs", "npm"])?;
    }
    unless_stamped(house, "package-lock.json", &house.root.join("node_modules/.spotter"), || {
        say("Installing npm packages: wasm-opt makes the app smaller, Workbox caches it for use without a network.");
        npm_install(house, ".")
    })
}

fn npm_install(house: &House, folder: &str) -> Result<()> {
    // Not `npm ci`: it refuses a lock file without the optional packages of other machines.
    run(house.command("npm").args(["install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]))
}

/// The engines that the benches run beside ours.
pub(crate) fn for_benches(house: &House) -> Result<()> {
    unless_stamped(house, "benches/package-lock.json", &house.root.join("benches/node_modules/.spotter"), || {
        say("Installing DuckDB-WASM, which the benches run beside ours, and Lighthouse.");
        npm_install(house, "benches")
    })
}

/// Where PostgreSQL's programs are: the tests run a server of their own over it.
pub(crate) fn for_postgres() -> Result<PathBuf> {
    let find = || {
        let packaged = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
        let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
        packaged.chain(on_path).find(|bin| bin.join("initdb").is_file() && bin.join("pg_ctl").is_file())
    };
    if find().is_none() {
        say("Installing PostgreSQL: the server keeps its rows in it where one machine is not enough.");
        apt(&["postgresql", "postgresql-client"])?;
    }
    find().context("no PostgreSQL was found: install the package postgresql")
}

/// RxDB, whose clients replicate with our server in the tests.
pub(crate) fn for_replication(house: &House) -> Result<()> {
    unless_stamped(
        house,
        "tests/replication/package-lock.json",
        &house.root.join("tests/replication/node_modules/.spotter"),
        || {
            say("Installing RxDB: its clients and its own suite replicate with our server.");
            npm_install(house, "tests/replication")
        },
    )
}

/// Schemathesis, in a place of its own: it and dbt want different versions of the same packages.
pub(crate) fn for_hostile(house: &House) -> Result<PathBuf> {
    let python = house.tools.join("schemathesis/bin/python");
    let list = "tests/hostile/requirements.txt";
    unless_stamped(house, list, &house.tools.join("schemathesis/.spotter"), || {
        say("Installing Schemathesis: it asks our API everything that its description allows, and more.");
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(house.tools.join("schemathesis")))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", list];
        run(house.command(&python).args(pip))
    })?;
    Ok(python)
}

/// What a simulated power cut needs: root, and file systems in files. `false`, after saying so, where that cannot be.
pub(crate) fn can_cut(house: &House) -> Result<bool> {
    if output(Command::new("id").arg("-u"))?.trim() != "0" {
        say("skipped: a power cut is simulated with file systems of its own, and mounting them needs root");
        return Ok(false);
    }
    for_browser(house)?;
    if !["/usr/sbin/mkfs.xfs", "/sbin/mkfs.xfs"].iter().any(|path| Path::new(path).is_file()) {
        say("Installing xfsprogs: a copy of an XFS file at one instant is what a power cut leaves.");
        apt(&["xfsprogs", "e2fsprogs", "mount"])?;
    }
    for_stores(house)?;
    Ok(true)
}

/// libFuzzer is C++.
pub(crate) fn for_fuzzing() -> Result<()> {
    if output(Command::new("c++").arg("--version")).is_ok() {
        return Ok(());
    }
    say("Installing a C++ compiler: libFuzzer is built with it.");
    apt(&["g++"])
}

/// What others keep events in.
pub(crate) fn for_stores(house: &House) -> Result<()> {
    unless_stamped(house, "tests/powercut/package-lock.json", &house.root.join("tests/powercut/node_modules/.spotter"), || {
        say("Installing the peers' storages: they are cut and timed in the same way.");
        npm_install(house, "tests/powercut")
    })
}

fn apt(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !Path::new("/usr/bin/apt-get").is_file() {
        bail!("this machine has no apt-get: install {names} by its own means, then try again");
    }
    if output(Command::new("id").arg("-u"))?.trim() != "0" {
        bail!("installing needs root: run `sudo apt-get install {names}`, then try again");
    }
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    run(Command::new("apt-get")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

fn locked_version(house: &House, package: &str) -> Result<String> {
    let lock = fs::read_to_string(house.root.join("Cargo.lock")).context("Cargo.lock")?;
    let after = lock.split_once(&format!("name = \"{package}\"\nversion = \"")).map(|(_, rest)| rest);
    let version = after.and_then(|rest| rest.split('"').next());
    Ok(version.with_context(|| format!("{package} is not in Cargo.lock"))?.to_owned())
}
