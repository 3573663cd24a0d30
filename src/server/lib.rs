//! The server: for now it hands out the app, over HTTP on this machine and over HTTPS to a phone.
//!
//! Belongs: HTTP, TLS, headers, the models at a terminal, and later accounts, replication and the crew's analytics.
//! Never: the browser, screens, the meaning of an encrypted row.

mod sql;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use axum::{
    Router,
    http::{HeaderName, HeaderValue, Request, header},
    middleware::{Next, from_fn},
    response::Response,
    routing::get,
};
use axum_server::tls_rustls::RustlsConfig;
use tower_http::{
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

/// What a page of ours may do. Scripts come from this origin only and nothing is evaluated but WebAssembly; styles may
/// be set on elements, which is how charts place their marks.
const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
    connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub use sql::Sql;

pub struct Serve {
    pub dist: PathBuf,
    pub address: SocketAddr,
    /// Certificate chain and key, both PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
}

/// Everything the server answers, without a port, so that a test can ask it.
pub fn router(dist: &Path, tls: bool) -> Router {
    let header = |name: HeaderName, value: &'static str| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    let mut router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        // Any path of the app that is no file is the app itself.
        .fallback_service(
            ServeDir::new(dist).precompressed_br().precompressed_gzip().fallback(ServeFile::new(dist.join("index.html"))),
        )
        .layer(from_fn(cache))
        .layer(header(header::CONTENT_SECURITY_POLICY, CSP))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"));
    if tls {
        router = router.layer(header(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
    router
}

/// Files under `/b/<build>/` never change; everything else is asked for again each time.
async fn cache(request: Request<axum::body::Body>, next: Next) -> Response {
    let built = request.uri().path().starts_with("/b/");
    let mut response = next.run(request).await;
    let html = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let value = if built && response.status().is_success() && !html { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    response
}

/// Serves until Ctrl-C or a termination signal, then lets open answers finish.
pub async fn serve(config: Serve) -> Result<()> {
    if !config.dist.join("index.html").is_file() {
        bail!("no app in {}: build it with `cargo xtask run`, or say where it is with --dist", config.dist.display());
    }
    let router = router(&config.dist, config.tls.is_some());
    let handle = axum_server::Handle::<SocketAddr>::new();
    let stopping = handle.clone();
    tokio::spawn(async move {
        stop_signal().await;
        stopping.graceful_shutdown(Some(std::time::Duration::from_secs(5)));
    });
    let listening = handle.clone();
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    tokio::spawn(async move {
        if let Some(address) = listening.listening().await {
            let host = if address.ip().is_loopback() { "localhost".to_owned() } else { address.ip().to_string() };
            announce(&format!("Spotter is at {scheme}://{host}:{} (Ctrl-C stops it)", address.port()));
        }
    });
    let service = router.into_make_service();
    match config.tls {
        None => axum_server::bind(config.address).handle(handle).serve(service).await?,
        Some((certificate, key)) => {
            // Failing means somebody else installed a provider, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let tls = RustlsConfig::from_pem_file(&certificate, &key)
                .await
                .with_context(|| format!("cannot use the certificate {} with the key {}", certificate.display(), key.display()))?;
            axum_server::bind_rustls(config.address, tls).handle(handle).serve(service).await?;
        }
    }
    announce("Stopped.");
    Ok(())
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
