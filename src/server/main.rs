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
    /// Serve the app. A phone installs it only over HTTPS: give a certificate and its key.
    Serve {
        /// The folder that `trunk build` made.
        #[arg(long, default_value = "dist")]
        dist: PathBuf,
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
    },
    /// Ask the tables that the models make of a ledger: a query, one of the app's questions, or all models.
    Sql(Box<server::Sql>),
    /// Run the prebuilt models and write one Parquet file each.
    BuildDims {
        #[arg(long, default_value = "public/dims")]
        out: PathBuf,
    },
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
        Command::Serve { dist, host, port, tls_cert, tls_key } => {
            let config = server::Serve { dist, address: SocketAddr::new(host, port), tls: tls_cert.zip(tls_key) };
            tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(server::serve(config))
        }
        Command::Sql(sql) => sql.run(),
        Command::BuildDims { out } => server::build_dims(&out),
    }
}
