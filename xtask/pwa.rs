//! The app: dimensions, page, workers, service worker, stamped into one generation.

use std::{
    ffi::OsStr,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    setup,
    shell::{House, run, say, step},
};

/// What a build is made of. The same inputs make the same app, so an unchanged tree is not built again.
const INPUTS: [&str; 12] = [
    "src",
    "sql",
    "public",
    "service-worker",
    "index.html",
    "manifest.webmanifest",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    "package-lock.json",
    ".cargo/config.toml",
    "xtask/pwa.rs",
];

/// Builds what is not built, and returns the server.
pub(crate) fn build(house: &House, debug: bool) -> Result<PathBuf> {
    step("the server and the tools", || run(&mut house.cargo(&["build", "--quiet"])))?;
    let spotter = house.target.join("debug/spotter");
    step("the dimensions that ship with the app", || run(house.command(&spotter).args(["build-dims", "--out", "public/dims"])))?;
    let inputs = fingerprint(house, debug)?;
    let stamp = house.root.join("dist/.inputs");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == inputs) {
        say("==> the app: nothing has changed");
        return Ok(spotter);
    }
    step("fetching crates", || run(&mut house.cargo(&["fetch", "--quiet", "--target", "wasm32-unknown-unknown"])))?;
    step("the app and its workers", || {
        let mut trunk = house.command(house.tool("trunk"));
        trunk.args(["build", "--offline", "--skip-version-check", "--color", "never"]);
        if !debug {
            trunk.arg("--release");
        }
        run(&mut trunk)
    })?;
    step("what comes later into files of its own", || ["app", "worker"].iter().try_for_each(|name| split(house, name, debug)))?;
    step("stamping, precaching, compressing", || {
        let (quality, optimise) = if debug { ("1", "no") } else { ("9", "yes") };
        run(house.command("node").args(["service-worker/build.mjs", "dist", quality, optimise]))
    })?;
    fs::write(&stamp, inputs).context("dist/.inputs")?;
    Ok(spotter)
}

/// What only the function at the seam reaches goes into a file that is fetched later (`#[wasm_split]` says where the seam is).
/// That is seen before wasm-bindgen, so its part of trunk's work is done once more.
fn split(house: &House, name: &str, debug: bool) -> Result<()> {
    let (profile, dist) = (if debug { "debug" } else { "wasm-small" }, house.root.join("dist"));
    let whole = house.target.join(format!("wasm32-unknown-unknown/{profile}/{name}.wasm"));
    let out = house.target.join("split").join(name);
    fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
    run(house.command("wasm-split-cli").args(["--target", "web", "--out-name", name]).arg(&whole).arg(&out))?;
    // The link hands the table of functions from one file to the other.
    let bind = ["--target", "web", "--no-typescript", "--keep-lld-exports", "--out-name", name, "--out-dir"];
    run(house.command("wasm-bindgen").args(bind).arg(&dist).arg(out.join(format!("{name}.wasm"))))?;
    // Both modules call the link between their files by one name.
    let (link, glue) = (format!("{name}-split.js"), dist.join(format!("{name}.js")));
    let text = fs::read_to_string(&glue).with_context(|| glue.display().to_string())?;
    let renamed = text.replace("from \"./__wasm_split.js\"", &format!("from \"./{link}\""));
    if renamed == text {
        bail!("{} has no link to what comes later", glue.display());
    }
    fs::write(&glue, renamed)?;
    fs::copy(out.join("__wasm_split.js"), dist.join(link))?;
    for later in fs::read_dir(&out)?.flatten().map(|entry| entry.path()) {
        let file = later.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if file.starts_with("split_") {
            fs::copy(&later, dist.join(file))?;
        }
    }
    Ok(())
}

/// The server as it is served for good.
pub(crate) fn release(house: &House) -> Result<PathBuf> {
    step("the server, release (the first time the columnar engine is compiled once more, which takes long)", || {
        // Symbols go at the last step only: as a setting of the profile that would compile everything anew.
        run(&mut house.cargo(&[
            "rustc",
            "--quiet",
            "--release",
            "--package",
            "server",
            "--bin",
            "spotter",
            "--",
            "-C",
            "strip=symbols",
        ]))
    })?;
    Ok(house.target.join("release/spotter"))
}

/// One file of server and app.
pub(crate) fn package(house: &House, out: &Path) -> Result<()> {
    build(house, false)?;
    let server = release(house)?;
    step("one file of both", || run(house.command(&server).args(["package", "--dist", "dist", "--out"]).arg(out)))?;
    let megabytes = fs::metadata(out).with_context(|| out.display().to_string())?.len() as f64 / 1e6;
    say(&format!("{} is the server with the app inside, {megabytes:.0} MB, for Linux like this one.", out.display()));
    say(
        "Carry it to a machine and run it there: ./spotter-server serve --database spotter.db  (README.md, \"Serving it for good\")",
    );
    Ok(())
}

pub(crate) fn serve(house: &House, spotter: &Path, host: IpAddr, port: u16, tls: Option<(PathBuf, PathBuf)>) -> Result<()> {
    let mut command = house.command(spotter);
    command.args(["serve", "--dist", "dist", "--port", &port.to_string(), "--host", &host.to_string()]);
    if let Some((certificate, key)) = tls {
        command.arg("--tls-cert").arg(fs::canonicalize(certificate)?).arg("--tls-key").arg(fs::canonicalize(key)?);
    }
    // The server takes this process's place, so that Ctrl-C is its own.
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        Err(command.exec()).context("the server did not start")
    }
    #[cfg(not(unix))]
    run(&mut command)
}

/// The browser's part of the environment that every script of ours reads.
pub(crate) fn browser_script(house: &House, spotter: &Path, script: &str, args: &[&str]) -> Result<()> {
    run(&mut script_command(house, spotter, script, args)?)
}

pub(crate) fn script_command(house: &House, spotter: &Path, script: &str, args: &[&str]) -> Result<Command> {
    let chromium = setup::chromium().context("Chromium is installed")?;
    let mut command = script_with(house, "node", spotter, script);
    command.args(args).env("SPOTTER_CHROMIUM", chromium);
    if let Some(firefox) = setup::firefox() {
        command.env("SPOTTER_FIREFOX", firefox);
    }
    Ok(command)
}

/// A script that is told where the server's program and the built app are.
pub(crate) fn script_with(house: &House, interpreter: impl AsRef<OsStr>, spotter: &Path, script: &str) -> Command {
    let mut command = house.command(interpreter);
    command.arg(script).env("SPOTTER_SEED_LOG", house.target.join("debug/examples/seed-log"));
    command.env("SPOTTER_BIN", spotter).env("SPOTTER_DIST", house.root.join("dist"));
    command
}

fn fingerprint(house: &House, debug: bool) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[u8::from(debug)]);
    for input in INPUTS {
        let mut files = Vec::new();
        walk(&house.root.join(input), &mut files)?;
        files.sort();
        for file in files {
            hasher.update(file.to_string_lossy().as_bytes());
            hasher.update(&fs::read(&file).with_context(|| file.display().to_string())?);
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

pub(crate) fn walk(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
            walk(&entry?.path(), files)?;
        }
    } else if path.is_file() {
        files.push(path.to_owned());
    }
    Ok(())
}
