//! The face of the server: the app and the log (`realm`) over HTTP and HTTPS, and the command line.
//!
//! Belongs: HTTP, TLS, headers, who asks, the clock, the models at a terminal.
//! Never: how anything is stored, the browser, screens.

mod clock;
pub mod http;
mod sql;
mod timeouts;

use std::{
    future::Future,
    net::{IpAddr, SocketAddr, UdpSocket},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::TokioTimer;

use realm::{accounts, hub::Hub, open, store::Store};

use self::{
    clock::now_ms,
    http::{App, Settings},
    timeouts::Patient,
};
pub use self::{http::Files, sql::Sql};

pub struct Serve {
    pub files: Files,
    pub address: SocketAddr,
    /// Certificate chain and key, both PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// `postgres://…`, or the path of a SQLite file.
    pub database: String,
    /// Bytes of rows that one account may keep.
    pub quota_bytes: u64,
    /// Names it is reached by, where something else speaks TLS for it.
    pub names: Vec<String>,
    /// Streams that one account may have open.
    pub streams: usize,
}

/// A client that has not said what it wants by then is gone.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// How often the certificate's file is looked at.
const CERTIFICATE_LOOK: Duration = Duration::from_secs(60);

/// Somebody administers the server from now on.
pub fn grant_admin(database: &str, name: &str) -> Result<()> {
    accounts::grant_admin(&*open(database, now_ms())?, name).map_err(|problem| anyhow::anyhow!("{problem}"))
}

/// A code by which somebody signs up, or makes a new password.
pub fn one_time_code(database: &str, reset: Option<&str>) -> Result<String> {
    let store = open(database, now_ms())?;
    let code = match reset {
        Some(name) => accounts::make_reset(&*store, name, now_ms()),
        None => accounts::make_invite(&*store, now_ms()),
    };
    Ok(code.map_err(|problem| anyhow::anyhow!("{problem}"))?.0)
}

/// Serves until Ctrl-C or a termination signal, then lets open answers finish.
pub fn serve(config: Serve) -> Result<()> {
    let log = tracing_subscriber::EnvFilter::try_from_env("SPOTTER_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt().json().with_env_filter(log).with_writer(std::io::stderr).init();
    let store = open(&config.database, now_ms())?;
    // Only whoever sees this terminal makes the first account.
    let problem = |problem| anyhow::anyhow!("{problem}");
    let first = match accounts::waits_for_first(&*store).map_err(problem)? {
        true => Some(accounts::make_invite(&*store, now_ms()).map_err(problem)?.0),
        false => None,
    };
    // Before the runtime: whoever waits for a database must not wait inside of it.
    let hub = realm::fan_out(&store)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(listen(&config, &store, hub, first));
    // The database goes last, outside of the runtime: its own connections may have to wait.
    runtime.shutdown_timeout(STOP_PATIENCE);
    outcome?;
    announce("Stopped.");
    Ok(())
}

async fn listen(config: &Serve, store: &Arc<dyn Store>, hub: Arc<Hub>, first: Option<String>) -> Result<()> {
    let settings = Settings {
        tls: config.tls.is_some(),
        quota_bytes: config.quota_bytes,
        names: config.names.clone(),
        streams: config.streams,
    };
    let app = App::new(Arc::clone(store), Arc::clone(&hub), settings);
    let service = http::router(app, config.files.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let handle = axum_server::Handle::<SocketAddr>::new();
    let stopping = handle.clone();
    tokio::spawn(async move {
        stop_signal().await;
        hub.close();
        stopping.graceful_shutdown(Some(STOP_PATIENCE));
    });
    let listening = handle.clone();
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    tokio::spawn(async move {
        if let Some(address) = listening.listening().await {
            let host = reached_as(address.ip(), own_address(address.ip()));
            let at = format!("{scheme}://{host}:{}", address.port());
            let first = first.map(|code| {
                format!("\nNobody is here yet. The first account administers the server, and is made with this link:\n  {at}/me/sync#invite={code}")
            });
            let seen_by_all = scheme == "http" && !address.ip().is_loopback();
            let warning = seen_by_all.then_some(
                "\nWarning: without TLS everybody on the way can read passwords and training. Give --tls-cert and --tls-key.",
            );
            announce(&format!("Spotter is at {at} (Ctrl-C stops it){}{}", first.unwrap_or_default(), warning.unwrap_or_default()));
        }
    });
    match &config.tls {
        None => {
            let mut server = axum_server::bind(config.address).handle(handle).acceptor(Patient);
            be_patient(server.http_builder());
            server.serve(service).await?;
        }
        Some((certificate, key)) => {
            // Failing means somebody else installed a provider, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let tls = RustlsConfig::from_pem_file(certificate, key)
                .await
                .with_context(|| format!("cannot use the certificate {} with the key {}", certificate.display(), key.display()))?;
            tokio::spawn(renew(tls.clone(), certificate.clone(), key.clone()));
            let acceptor = RustlsAcceptor::new(tls).acceptor(Patient);
            let mut server = axum_server::bind(config.address).handle(handle).acceptor(acceptor);
            be_patient(server.http_builder());
            server.serve(service).await?;
        }
    }
    Ok(())
}

/// How somebody gets here who was given no name: `listens` says where it listens, `own` what others call this machine.
fn reached_as(listens: IpAddr, own: Option<IpAddr>) -> String {
    let ip = if listens.is_unspecified() { own.unwrap_or(listens) } else { listens };
    match ip {
        ip if ip.is_loopback() || ip.is_unspecified() => "localhost".to_owned(),
        IpAddr::V6(ip) => format!("[{ip}]"),
        IpAddr::V4(ip) => ip.to_string(),
    }
}

/// The address that this machine would send from. Nothing is sent: a socket that is only told where to send to has one. The
/// addresses are those of documentation (RFC 5737, RFC 3849), where nobody lives.
fn own_address(listens: IpAddr) -> Option<IpAddr> {
    let (from, to) = if listens.is_ipv4() { ("0.0.0.0:0", "192.0.2.1:9") } else { ("[::]:0", "[2001:db8::1]:9") };
    let socket = UdpSocket::bind(from).ok()?;
    socket.connect(to).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// A certificate that was renewed counts from the next connection on: when its file has changed, or at once when the process
/// is told to look (SIGHUP, which ends nothing from this call on).
fn renew(tls: RustlsConfig, certificate: PathBuf, key: PathBuf) -> impl Future<Output = ()> {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|found| found.modified()).ok();
    let mut seen = (changed(&certificate), changed(&key));
    let mut hang_up = HangUp::new();
    async move {
        loop {
            let told = hang_up.within(CERTIFICATE_LOOK).await;
            let now = (changed(&certificate), changed(&key));
            if !told && now == seen {
                continue;
            }
            match tls.reload_from_pem_file(&certificate, &key).await {
                Ok(()) => seen = now,
                // Half of the two may be new: it is tried again, and the old ones go on.
                Err(err) => tracing::error!(%err, "the certificate could not be read again; the one from before is used"),
            }
        }
    }
}

struct HangUp {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl HangUp {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    /// Waits so long, or until the signal; whether it came.
    async fn within(&mut self, wait: Duration) -> bool {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal {
            return tokio::time::timeout(wait, signal.recv()).await.is_ok();
        }
        tokio::time::sleep(wait).await;
        false
    }
}

/// A head that is not finished, and a connection that does not answer a ping, are given up.
fn be_patient(builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_PATIENCE);
    let mut http2 = builder.http2();
    http2.timer(TokioTimer::new()).keep_alive_interval(Some(HEADER_PATIENCE)).keep_alive_timeout(HEADER_PATIENCE);
}

#[expect(clippy::print_stdout, reason = "the one place that speaks to whoever started the server")]
fn announce(text: &str) {
    println!("{text}");
}

async fn stop_signal() {
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    {
        let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(signal) => signal,
            Err(_) => return interrupt.await,
        };
        tokio::select! {
            () = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}

/// Builds the dimensions that ship with the app: one Parquet file each, the same bytes on every machine.
pub fn build_dims(out: &Path) -> Result<()> {
    let tables = engine::prebuild().context("the prebuilt models")?;
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    for (name, table) in &tables {
        let bytes = engine::table_to_parquet(table).context(name.clone())?;
        let path = out.join(format!("{name}.parquet"));
        if std::fs::read(&path).ok().as_deref() != Some(&bytes[..]) {
            std::fs::write(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_that_is_printed_can_be_opened() {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(reached_as(ip("127.0.0.1"), None), "localhost");
        assert_eq!(reached_as(ip("10.0.0.5"), Some(ip("10.0.0.9"))), "10.0.0.5");
        assert_eq!(reached_as(ip("0.0.0.0"), Some(ip("192.168.1.20"))), "192.168.1.20");
        assert_eq!(reached_as(ip("::"), Some(ip("2001:db8::7"))), "[2001:db8::7]");
        // Without a network there is only this machine.
        assert_eq!(reached_as(ip("0.0.0.0"), None), "localhost");
    }
}
