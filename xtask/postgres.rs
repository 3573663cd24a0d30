//! A PostgreSQL of our own for the tests: its own folder, its own port, gone when they are over.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    setup,
    shell::{output, run, say},
};

pub(crate) struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    /// Its maintenance database.
    pub(crate) address: String,
    /// The certificate that vouches for it as `db.example`.
    pub(crate) root: PathBuf,
}

impl Postgres {
    pub(crate) fn start() -> Result<Self> {
        let bin = setup::for_postgres()?;
        // Not below the project: the user that runs it may not reach into root's folders.
        let folder = std::env::temp_dir().join(format!("spotter-postgres-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let root = certificates(&folder)?;
        if is_root() {
            run(Command::new("chown").arg("--recursive").arg("postgres").arg(&folder))?;
        }
        let port = TcpListener::bind("127.0.0.1:0").context("a free port")?.local_addr()?.port();
        let data = folder.join("data");
        let quiet = |command: &mut Command| output(command).map(drop);
        quiet(
            as_its_user(&bin.join("initdb"))
                .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--pgdata"])
                .arg(&data),
        )?;
        // As on a server that somebody keeps: what is committed is on the disk.
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={0} -c max_connections=200 \
            -c ssl=on -c ssl_cert_file={0}/server.pem -c ssl_key_file={0}/server.key",
            folder.display()
        );
        let mut start = as_its_user(&bin.join("pg_ctl"));
        start.args(["--wait", "--options", &settings, "--log"]).arg(folder.join("log")).arg("--pgdata").arg(&data).arg("start");
        // Its output would be held open by the server that it leaves behind.
        start.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        run(&mut start).with_context(|| fs::read_to_string(folder.join("log")).unwrap_or_default())?;
        Ok(Self { bin, folder, root, address: format!("postgres://postgres@127.0.0.1:{port}/postgres") })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let stop = output(
            as_its_user(&self.bin.join("pg_ctl")).args(["--mode=immediate", "--pgdata"]).arg(self.folder.join("data")).arg("stop"),
        );
        if let Err(err) = stop {
            say(&format!("PostgreSQL did not stop: {err:#}"));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A root of our own, and a certificate by it for `db.example`.
fn certificates(folder: &Path) -> Result<PathBuf> {
    let openssl = |args: &str| output(Command::new("openssl").args(args.split(' ')).current_dir(folder)).map(drop);
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout root.key -out root.pem -days 30 -subj /CN=test"))?;
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=db.example -addext subjectAltName=DNS:db.example"))?;
    openssl("x509 -req -in server.csr -CA root.pem -CAkey root.key -days 30 -copy_extensions copy -out server.pem")?;
    Ok(folder.join("root.pem"))
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// PostgreSQL refuses to run as root.
fn as_its_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["--user", "postgres", "--"]).arg(program);
    command.current_dir("/");
    command
}
