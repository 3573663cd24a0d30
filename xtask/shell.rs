//! Where things are, and running commands so that a failure says which one it was.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    time::Instant,
};

use anyhow::{Context as _, Result, bail};

pub(crate) struct House {
    pub(crate) root: PathBuf,
    /// Tools that we install, kept between clones where that is possible.
    pub(crate) tools: PathBuf,
    /// Build output: beside the tools when that place exists, so that a fresh clone need not begin from nothing.
    pub(crate) target: PathBuf,
}

impl House {
    pub(crate) fn find() -> Result<Self> {
        // Asked at runtime: in a shared target folder this program may have been compiled by another checkout.
        let own = env::var_os("CARGO_MANIFEST_DIR").context("start this as `cargo xtask`")?;
        let root = Path::new(&own).parent().context("xtask lies in the project")?.to_owned();
        let cache = match (env::var_os("SPOTTER_CACHE"), env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
            (Some(cache), ..) => PathBuf::from(cache),
            (_, Some(cache), _) => Path::new(&cache).join("spotter"),
            (_, _, Some(home)) => Path::new(&home).join(".cache/spotter"),
            _ => root.join(".cache"),
        };
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(target) => PathBuf::from(target),
            None if cache.join("target").is_dir() || env::var_os("CI").is_some() => cache.join("target"),
            None => root.join("target"),
        };
        fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
        own_target(&root, &target)?;
        Ok(Self { root, tools: cache.join("tools"), target })
    }

    pub(crate) fn tool(&self, name: &str) -> PathBuf {
        self.tools.join("bin").join(name)
    }

    pub(crate) fn python(&self) -> PathBuf {
        self.tools.join("python/bin/python")
    }

    /// A command in the project, with our tools first on the PATH.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = env::var_os("PATH").unwrap_or_default();
        let ours = [self.tools.join("bin"), self.root.join("node_modules/.bin")];
        let path = env::join_paths(ours.into_iter().chain(env::split_paths(&path))).unwrap_or(path);
        command.current_dir(&self.root).env("PATH", path).env("CARGO_TARGET_DIR", &self.target);
        // What cargo tells its children about xtask itself is not meant for the builds that xtask starts.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION", "RUSTC", "CARGO_PRIMARY_PACKAGE"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = self.command("cargo");
        command.args(args);
        command
    }
}

/// Cargo names the output of our own crates by their path *inside* the checkout, and tells new from old by the clock:
/// two checkouts with one target folder could serve each other's code. So who comes after another begins its own
/// crates anew; what comes from the registry is kept.
fn own_target(root: &Path, target: &Path) -> Result<()> {
    let stamp = target.join(".checkout");
    let ours = root.to_string_lossy();
    if fs::read_to_string(&stamp).is_ok_and(|last| last == ours) {
        return Ok(());
    }
    let members = list(&root.join("src")).into_iter().chain(["tests".into(), "xtask".into()]).collect::<Vec<_>>();
    for first in list(target) {
        let inner = list(&target.join(&first)).into_iter().map(|second| target.join(&first).join(second));
        for folder in inner.chain([target.join(&first)]) {
            for unit in list(&folder.join(".fingerprint")) {
                let ours = unit.rsplit_once('-').is_some_and(|(name, _)| members.iter().any(|member| member == name));
                if ours {
                    let unit = folder.join(".fingerprint").join(unit);
                    fs::remove_dir_all(&unit).with_context(|| unit.display().to_string())?;
                }
            }
        }
    }
    fs::write(&stamp, ours.as_bytes()).with_context(|| stamp.display().to_string())
}

/// The names in a folder; none when there is no such folder.
fn list(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// One step with its name and time; its output is shown as it comes.
#[expect(clippy::disallowed_methods, reason = "a tool that tells how long its steps take")]
pub(crate) fn step(name: &str, act: impl FnOnce() -> Result<()>) -> Result<()> {
    say(&format!("==> {name}"));
    let began = Instant::now();
    let done = act();
    let seconds = began.elapsed().as_secs_f64();
    if let Ok(mut took) = TOOK.lock() {
        took.push((name.to_owned(), seconds));
    }
    done.with_context(|| format!("{name} failed"))?;
    say(&format!("    {name}: {seconds:.0} s"));
    Ok(())
}

/// How long each step took, in the order in which they ended.
static TOOK: Mutex<Vec<(String, f64)>> = Mutex::new(Vec::new());

/// Does it all, and says where the minutes went, whatever came of it.
#[expect(clippy::disallowed_methods, reason = "a tool that tells how long its steps take")]
pub(crate) fn timed(act: impl FnOnce() -> Result<()>) -> Result<()> {
    let began = Instant::now();
    let done = act();
    let took = TOOK.lock().map(|took| took.clone()).unwrap_or_default();
    say("minutes");
    for (name, seconds) in &took {
        say(&format!("{:7.1}  {name}", seconds / 60.0));
    }
    say(&format!("{:7.1}  in all", began.elapsed().as_secs_f64() / 60.0));
    done
}

pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}");
    let shown = shown.split("\" \"").collect::<Vec<_>>().join(" ");
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {shown}"))?;
    if !status.success() {
        bail!("{status}: {shown}");
    }
    Ok(())
}

/// As `run`, beside something else: what it prints is shown in one piece when it has ended.
pub(crate) fn logged(command: &mut Command, name: &str) -> Result<()> {
    let shown = format!("{command:?}");
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {shown}"))?;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    say(&format!("---- {name}\n{}\n----", said.trim_end()));
    if !output.status.success() {
        bail!("{}", output.status);
    }
    Ok(())
}

pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().with_context(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        bail!("{}: {shown}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program is there and prints a version with `wanted` in it.
pub(crate) fn has(program: impl AsRef<std::ffi::OsStr>, args: &[&str], wanted: &str) -> bool {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success() && String::from_utf8_lossy(&output.stdout).contains(wanted))
}

#[expect(clippy::print_stdout, reason = "the one place where xtask speaks")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}
