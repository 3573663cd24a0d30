//! The tool shed: set-up, building and stamping the app, laws, checks, benches. Nothing of it is there at runtime.
//!
//! Belongs: what a person or a machine does to the project. Never: anything the app or the server needs while it runs.

mod checks;
mod circles;
mod fuzz;
mod laws;
mod postgres;
mod pwa;
mod rooms;
mod setup;
mod shell;
mod soak;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Everything that is done to Spotter. Both `run` and `test` install what they need and say why.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the app and the server, and serve the app at one address until Ctrl-C.
    Run {
        /// Debug assertions and symbols; larger and slower.
        #[arg(long)]
        debug: bool,
        #[arg(long, default_value_t = 7468)]
        port: u16,
        /// Where to listen; 0.0.0.0 lets a phone in (over HTTPS, see --tls-cert).
        #[arg(long, default_value = "127.0.0.1")]
        host: std::net::IpAddr,
        /// Certificate chain, PEM: a phone installs the app only over HTTPS.
        #[arg(long, requires = "tls_key")]
        tls_cert: Option<PathBuf>,
        #[arg(long, requires = "tls_cert")]
        tls_key: Option<PathBuf>,
    },
    /// Build the app into dist/ and stop.
    Build {
        #[arg(long)]
        debug: bool,
    },
    /// Make one program of the server and the app, for a machine that has nothing else.
    Package {
        /// Where to put it.
        #[arg(long, default_value = "spotter-server")]
        out: PathBuf,
    },
    /// Every check: format, laws, lints, licences, tests, the app in a real browser.
    Test {
        /// Leave the browser out.
        #[arg(long)]
        no_browser: bool,
    },
    /// The laws of the house alone: edges, forbidden dependencies, doors, SQL.
    Laws,
    /// Run a bench: commit, cold, import, lighthouse, models, native, sync, bytes; without a name, all of them. JSON goes to benches/results/.
    Bench { name: Option<String> },
    /// Run a check for as long as it takes to trust it, and keep the result in benches/results/.
    Soak {
        /// sql: random queries, ours beside DuckDB's. dbt: every table of a log of N events, ours beside dbt's. models: refresh =
        /// rebuild over a log of N events. sync: seeds of many devices and a server. server-kill: the server killed N times under
        /// load. powercut: N power cuts (as root). tabs: N kills of tabs and workers. monkey: N minutes of whatever a hand may do on
        /// every screen. damage: N damaged pools. fuzz: N minutes of each fuzz target.
        name: String,
        /// How many seeds, events, kills or minutes.
        #[arg(long, default_value_t = 20_000)]
        n: u64,
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
    /// Every screen in light and dark, phone and desktop, into one folder.
    Shots {
        #[arg(long, default_value = "target/shots")]
        out: PathBuf,
        /// Also refresh the pictures that the install dialog shows.
        #[arg(long)]
        store: bool,
    },
}

fn main() -> Result<()> {
    let house = shell::House::find()?;
    match Cli::parse().command {
        Command::Run { debug, port, host, tls_cert, tls_key } => {
            setup::for_building(&house)?;
            let spotter = pwa::build(&house, debug)?;
            pwa::serve(&house, &spotter, host, port, tls_cert.zip(tls_key))
        }
        Command::Build { debug } => {
            setup::for_building(&house)?;
            pwa::build(&house, debug).map(drop)
        }
        Command::Package { out } => {
            setup::for_building(&house)?;
            pwa::package(&house, &std::path::absolute(out)?)
        }
        Command::Test { no_browser } => checks::all(&house, !no_browser),
        Command::Laws => laws::check(&house),
        Command::Bench { name } => {
            setup::for_browser(&house)?;
            setup::for_benches(&house)?;
            let spotter = pwa::build(&house, false)?;
            checks::bench(&house, &spotter, name.as_deref())
        }
        Command::Soak { name, n, from } => soak::run_named(&house, &name, from, n),
        Command::Shots { out, store } => {
            setup::for_browser(&house)?;
            let spotter = pwa::build(&house, false)?;
            checks::shots(&house, &spotter, &out, store)
        }
    }
}
