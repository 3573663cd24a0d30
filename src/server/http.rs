//! HTTP over everything else: who asks, what they sent, which status an answer has.

mod account;
mod auth;
mod files;
mod guard;
mod heavy;
mod metrics;
mod openapi;
mod peer;
mod replicate;
mod stream;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{FromRequest, MatchedPath, Request, State, rejection::QueryRejection},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use realm::{hub::Hub, store::Store};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::Semaphore;
use tokio_stream::StreamExt as _;
use tower_http::{compression::CompressionLayer, set_header::SetResponseHeaderLayer};
use wire::{Code, Limits, Problem, api::path};

pub use self::{
    files::{Files, pack},
    openapi::document as openapi_document,
};
use self::{guard::Guard, heavy::Heavy, metrics::Metrics};
use crate::clock::now_ms;

/// What a page of ours may do. Scripts come from this origin only and nothing is evaluated but WebAssembly; styles may
/// be set on elements, which is how charts place their marks.
const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
    connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How long a body may take to arrive: a phone with one bar, not somebody who holds the line.
const BODY_PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
/// Passwords are hashed two at a time for whoever comes, and one for the devices that are known, which therefore never wait
/// behind a crowd: 57 MiB.
const HASHES: usize = 2;
const HASHES_KNOWN: usize = 1;
/// Segments are made two at a time: each is tens of megabytes while it is.
const SEGMENTS: usize = 2;
/// No file of ours has a longer path.
const PATH_BYTES: usize = 2_000;
/// No form of ours is longer.
const FORM_BYTES: usize = 16 * 1024;
/// What a page of ours never needs.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
    magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()";
/// What is read of a body that is too long, so that whoever sends it hears why.
const DRAIN_BYTES: usize = 32 << 20;
const DRAIN_PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub tls: bool,
    /// Bytes of rows that one account may keep.
    pub quota_bytes: u64,
    /// Under which it is reached besides its addresses and `localhost`: something else speaks TLS for it.
    pub names: Vec<String>,
    /// Streams that one account may have open.
    pub streams: usize,
}

pub struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hub: Arc<Hub>,
    settings: Settings,
    metrics: Metrics,
    guard: Guard,
    heavy: Heavy,
    hashing: Semaphore,
    hashing_known: Semaphore,
    segments: Semaphore,
}

type Shared = State<Arc<App>>;
type Answered = Result<Response, Refused>;

/// A problem as an answer.
pub struct Refused(pub Problem);

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, serde_json::to_vec(&self.0).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(ms) = self.0.retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn bad(detail: impl Into<String>) -> Refused {
    Refused(Problem::new(Code::BadRequest, detail))
}

fn json<T: Serialize>(value: &T) -> Answered {
    let body = serde_json::to_vec(value).map_err(|err| Problem::new(Code::Internal, err.to_string()))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Whatever waits for the disk waits on a thread that may.
async fn blocking<T: Send + 'static>(
    app: &Arc<App>,
    act: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Refused> {
    let app = Arc::clone(app);
    match tokio::task::spawn_blocking(move || act(&app)).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(Refused(Problem::new(Code::Internal, "the request failed inside; nothing was changed"))),
    }
}

fn query<T>(query: Result<axum::extract::Query<T>, QueryRejection>) -> Result<T, Refused> {
    query.map(|query| query.0).map_err(|err| bad(err.body_text()))
}

/// A form: one small object of texts and objects. axum's own extractor would answer 422, and serde take a list for an
/// object.
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Sent<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Refused> {
        let bytes = body(request, FORM_BYTES).await?;
        let expected = |err: serde_json::Error| bad(format!("the body is not what is expected here: {err}"));
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(expected)?;
        let has_lists = match &value {
            serde_json::Value::Object(fields) => fields.values().any(serde_json::Value::is_array),
            _ => true,
        };
        if has_lists {
            return Err(bad("the body is an object of named fields"));
        }
        // From the bytes: a field that is there twice is an error.
        serde_json::from_slice(&bytes).map(Self).map_err(expected)
    }
}

/// The body of a push. It comes after whoever sends it is known.
pub(crate) struct SentBytes(pub(crate) bytes::Bytes);

impl FromRequest<Arc<App>> for SentBytes {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Refused> {
        body(request, Limits::default().push_bytes).await.map(Self)
    }
}

fn is_json(headers: &axum::http::HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence == wire::NATIVE_PUSH
}

async fn body(request: Request, most: usize) -> Result<bytes::Bytes, Refused> {
    if !is_json(request.headers()) {
        return Err(Refused(Problem::new(Code::Unsupported, "bodies are application/json")));
    }
    let too_large = || {
        let detail = format!("a body has at most {most} bytes here");
        Refused(Problem::new(Code::TooLarge, detail).with_limits(Limits::default()))
    };
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if headers.contains_key(header::EXPECT) && length.is_some_and(|length| (most as u64) < length) {
        // Whoever asks first has not begun to send.
        return Err(too_large());
    }
    let read = async {
        let mut pieces = request.into_body().into_data_stream();
        let mut whole = bytes::BytesMut::new();
        while let Some(piece) = pieces.next().await {
            let Ok(piece) = piece else { return Err(bad("the body was cut off")) };
            if most < whole.len() + piece.len() {
                return Ok((pieces, None));
            }
            whole.extend_from_slice(&piece);
        }
        Ok((pieces, Some(whole.freeze())))
    };
    match tokio::time::timeout(BODY_PATIENCE, read).await {
        Ok(Ok((_, Some(whole)))) => Ok(whole),
        Ok(Ok((mut pieces, None))) => {
            // A client that still sends does not listen.
            let drain = async {
                let mut drained = 0;
                while let Some(Ok(piece)) = pieces.next().await {
                    drained += piece.len();
                    if DRAIN_BYTES < drained {
                        return;
                    }
                }
            };
            let _ = tokio::time::timeout(DRAIN_PATIENCE, drain).await;
            Err(too_large())
        }
        Ok(Err(refused)) => Err(refused),
        Err(_) => Err(bad("the body took too long")),
    }
}

impl App {
    pub fn new(store: Arc<dyn Store>, hub: Arc<Hub>, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            store,
            hub,
            settings,
            metrics: Metrics::default(),
            guard: Guard::default(),
            heavy: Heavy::default(),
            hashing: Semaphore::new(HASHES),
            hashing_known: Semaphore::new(HASHES_KNOWN),
            segments: Semaphore::new(SEGMENTS),
        })
    }
}

/// Everything the server answers, without a port, so that a test can ask it.
pub fn router(app: Arc<App>, files: Files) -> Router {
    let header = |name: HeaderName, value: &'static str| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    let api = Router::new()
        .route(path::HELLO, get(replicate::hello))
        .route(path::PULL, get(replicate::pull))
        .route(path::PUSH, post(replicate::push))
        .route(path::STREAM, get(stream::stream))
        .route(path::DIGEST, get(replicate::digest))
        .route(path::SNAPSHOT, get(replicate::snapshot))
        .route(path::SEGMENT, get(replicate::segment))
        .route(path::ACCOUNT, get(account::account).delete(account::erase))
        .route(path::SIGN_UP, get(account::sign_up_open).post(account::sign_up))
        .route(path::SIGN_IN, post(account::sign_in))
        .route(path::SIGN_OUT, post(account::sign_out))
        .route(path::SIGN_OUT_OTHERS, post(account::sign_out_others))
        .route(path::PASSWORD, post(account::change_password))
        .route(path::JOIN, post(account::join))
        .route(path::LINKS, post(account::make_link))
        .route(path::PERSONS, post(account::add_person))
        .route(path::PASSWORD_RESET, post(account::reset_password))
        .route(path::DEVICE, delete(account::revoke))
        .route(path::INVITES, post(account::make_invite))
        .route(path::RESETS, post(account::make_reset))
        .route("/openapi.json", get(openapi::openapi))
        .route("/api", axum::routing::any(not_found))
        .route("/api/{*rest}", axum::routing::any(not_found))
        .route("/replicate", axum::routing::any(not_found))
        .route("/replicate/{*rest}", axum::routing::any(not_found))
        .route("/account/{*rest}", axum::routing::any(not_found))
        .route("/admin/{*rest}", axum::routing::any(not_found))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(&app), auth::own_page))
        .layer(header(header::CACHE_CONTROL, "private, no-store"));
    let plain = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::metrics))
        .layer(header(header::CACHE_CONTROL, "no-store"));
    let mut router = api
        .merge(plain)
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(Arc::clone(&app), observe))
        .fallback_service(files.service().layer(from_fn(cache)))
        .layer(header(header::CONTENT_SECURITY_POLICY, CSP))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::X_FRAME_OPTIONS, "DENY"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(header(HeaderName::from_static("permissions-policy"), PERMISSIONS))
        .layer(header(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(header(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"));
    if app.settings.tls {
        router = router.layer(header(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
    router.with_state(app)
}

async fn not_found() -> Refused {
    Refused(Problem::new(Code::NotFound, "there is nothing at this address"))
}

async fn wrong_method() -> Refused {
    Refused(Problem::new(Code::MethodNotAllowed, "this address does not take that method"))
}

async fn ready(State(app): Shared) -> Answered {
    blocking(&app, |app| Ok(realm::store::read(&*app.store, realm::replicate::realm)?)).await?;
    Ok("ready\n".into_response())
}

/// Counts and logs: the route, never the address with what is in it, and nobody's name.
async fn observe(State(app): Shared, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let began = now_ms();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    app.metrics.answered(status);
    let ms = now_ms().saturating_sub(began);
    tracing::info!(%method, route, status, ms, "answered");
    response
}

/// Files under `/b/<build>/` never change; everything else is asked for again each time.
async fn cache(mut request: axum::http::Request<Body>, next: Next) -> Response {
    let built = request.uri().path().starts_with("/b/");
    // No file has such a name, and a file system may fail over it.
    let path = request.uri().path();
    if PATH_BYTES < path.len() || path.split('/').any(|part| 255 < part.len()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    files::of_screen(&mut request);
    let mut response = next.run(request).await;
    let html = response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let there = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let value = if built && there && !html { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(value));
    response
}
