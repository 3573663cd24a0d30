use std::{io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Spotter's server and tools.
#[derive(Parser)]
#[command(name = "spotter", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the app and replicate with its devices. A phone installs it only over HTTPS: give a certificate and its key.
    Serve {
        /// The folder with the app's files. Without it: what this program carries, or else `dist`.
        #[arg(long)]
        dist: Option<PathBuf>,
        #[command(flatten)]
        database: Database,
        /// Megabytes of rows that one account may keep.
        #[arg(long, default_value_t = 4_096)]
        quota_mb: u64,
        /// Where to listen; 0.0.0.0 lets other machines in.
        #[arg(long, default_value = "127.0.0.1")]
        host: std::net::IpAddr,
        #[arg(long, default_value_t = 7468)]
        port: u16,
        /// Certificate chain, PEM.
        #[arg(long, requires = "tls_key")]
        tls_cert: Option<PathBuf>,
        /// Private key of the certificate, PEM.
        #[arg(long, requires = "tls_cert")]
        tls_key: Option<PathBuf>,
        /// A name that people reach it by, where something else speaks TLS for it and passes the name on, and in
        /// X-Forwarded-For for whom; may be given again. Without TLS it answers under its addresses, `localhost` and these.
        #[arg(long = "name")]
        names: Vec<String>,
        /// Streams that one account may have open.
        #[arg(long, default_value_t = 256)]
        streams: usize,
    },
    /// Copy the database, also while the server runs, into one file.
    Backup {
        #[command(flatten)]
        database: Database,
        /// A file that is not there yet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Put a backup in the place of the database; stop the server first. What was there before is kept beside it
    /// (SQLite). Everybody signs in again: sign-ins and codes of a backup no longer count. Devices then read again from the
    /// beginning, and send what the backup lacks.
    Restore {
        #[command(flatten)]
        database: Database,
        #[arg(long)]
        from: PathBuf,
    },
    /// Print a code by which one more person can sign up within two weeks; on a server without an account, the one who
    /// administers it.
    Invite {
        #[command(flatten)]
        database: Database,
    },
    /// Print a code by which somebody who forgot the password can make a new one within a day.
    ResetPassword {
        #[command(flatten)]
        database: Database,
        /// The account's name.
        name: String,
    },
    /// Let somebody administer the server: invite others, and reset passwords.
    GrantAdmin {
        #[command(flatten)]
        database: Database,
        /// The account's name.
        name: String,
    },
    /// Write this program with the app's files inside: one file to carry to a server.
    Package {
        #[arg(long, default_value = "dist")]
        dist: PathBuf,
        #[arg(long)]
        out: PathBuf,
    },
    /// Print the description of the HTTP API.
    Openapi,
    /// Ask the tables that the models make of a ledger: a query, one of the app's questions, or all models.
    Sql(Box<server::Sql>),
    /// Run the prebuilt models and write one Parquet file each.
    BuildDims {
        #[arg(long, default_value = "public/dims")]
        out: PathBuf,
    },
}

#[derive(clap::Args)]
struct Database {
    /// The path of a SQLite file, which is made when it is not there, or postgres://user:password@host/name. Another machine
    /// is reached over TLS: ?sslrootcert=FILE names what to trust, ?sslmode=disable does without.
    #[arg(long, env = "SPOTTER_DATABASE", default_value = "spotter.db", hide_env_values = true)]
    database: String,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // The reason alone: a backtrace tells whoever typed the command nothing.
        Err(err) => {
            let _ = writeln!(std::io::stderr(), "error: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    match Cli::parse().command {
        Command::Serve { dist, database, quota_mb, host, port, tls_cert, tls_key, names, streams } => {
            server::serve(server::Serve {
                files: server::Files::find(dist.as_deref())?,
                address: SocketAddr::new(host, port),
                tls: tls_cert.zip(tls_key),
                database: database.database,
                quota_bytes: quota_mb.saturating_mul(1_000_000),
                names,
                streams,
            })
        }
        Command::Backup { database, out } => {
            realm::backup(&database.database, &out)?;
            say(&format!("The backup is in {}.", out.display()))
        }
        Command::Restore { database, from } => {
            realm::restore(&from, &database.database)?;
            say("Restored. Start the server. Everybody signs in again; then devices read again from the beginning, and send what \
                the backup lacks. A device that was shut out after the backup was made has to be shut out again.")
        }
        Command::Invite { database } => say(&server::one_time_code(&database.database, None)?),
        Command::ResetPassword { database, name } => say(&server::one_time_code(&database.database, Some(&name))?),
        Command::GrantAdmin { database, name } => {
            server::grant_admin(&database.database, &name)?;
            say(&format!("{name} administers the server now."))
        }
        Command::Package { dist, out } => {
            server::http::pack(&dist, &out)?;
            say(&format!("{} carries the app: copy it to a server and run `spotter serve`.", out.display()))
        }
        Command::Openapi => say(&server::http::openapi_document()),
        Command::Sql(sql) => sql.run(),
        Command::BuildDims { out } => server::build_dims(&out),
    }
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
