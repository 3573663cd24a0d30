//! Who asks: a `__Host-` cookie from the page, a bearer token from anything else, never a token in an address.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use wire::{Code, Problem};

use super::{App, Refused, blocking, is_json};
use crate::{
    accounts::{Identity, identify},
    clock::now_ms,
};

/// Browsers keep such a cookie to this origin and to HTTPS; `http://localhost` counts as safe.
const COOKIE: &str = "__Host-spotter";

pub(super) fn cookie(token: &str) -> String {
    format!("{COOKIE}={token}; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=31536000")
}

pub(super) fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0")
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(bearer) = bearer {
        let (scheme, token) = bearer.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then_some(token.trim());
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|cookies| cookies.split(';')).find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

impl FromRequestParts<Arc<App>> for Identity {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let nobody = || Refused(Problem::new(Code::SignIn, "sign in; what was written on the device stays there"));
        // Ours are 64 digits; whatever is longer is not worth a hash.
        let token = token(&parts.headers).filter(|token| token.len() == 64).ok_or_else(nobody)?.to_owned();
        blocking(app, move |app| identify(&*app.store, &token, now_ms())).await?.ok_or_else(nobody)
    }
}

/// No other site's page may write here in somebody's name. A client that is no browser says no origin.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let foreign = match (text(header::ORIGIN), text(header::HOST).or(request.uri().authority().map(|host| host.as_str()))) {
        (Some(origin), Some(host)) => origin.split_once("://").is_none_or(|(_, origin)| !origin.eq_ignore_ascii_case(host)),
        (Some(_), None) => true,
        (None, _) => text(header::HeaderName::from_static("sec-fetch-site")).is_some_and(|site| site == "cross-site"),
    };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if foreign && !reads {
        return Refused(Problem::new(Code::Forbidden, "pages of other sites may not write here")).into_response();
    }
    // What a form of another site could send is refused before anybody looks at it.
    if !reads && headers.contains_key(header::CONTENT_TYPE) && !is_json(headers) {
        return Refused(Problem::new(Code::Unsupported, "bodies are application/json")).into_response();
    }
    next.run(request).await
}
