//! Who asks: a `__Host-` cookie and the device's secret from the page, a bearer token from anything else, never a token in an
//! address.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use realm::accounts::{HEARD_EVERY_MS, Identity, identify, seen};
use wire::{Code, DEVICE_HEADER, Problem};

use super::{App, Refused, blocking, is_json, peer};
use crate::clock::now_ms;

/// Browsers keep such a cookie to this origin and to HTTPS; `http://localhost` counts as safe.
pub(super) const COOKIE: &str = "__Host-spotter";
/// Digits of a token, and of a device's secret. Whatever is longer is not worth a hash.
const SECRET_LEN: usize = 64;

pub(super) fn cookie(token: &str) -> String {
    format!("{COOKIE}={token}; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=31536000")
}

pub(super) fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0")
}

/// A token, and whether it is a cookie.
fn token(headers: &HeaderMap) -> Option<(&str, bool)> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(bearer) = bearer {
        let (scheme, token) = bearer.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then_some((token.trim(), false));
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let cookie =
        cookies.flat_map(|cookies| cookies.split(';')).find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    Some((cookie?, true))
}

fn nobody() -> Refused {
    Refused(Problem::new(Code::SignIn, "sign in; what was written on the device stays there"))
}

/// Whose token it is, and whether it came as a cookie.
async fn holder(parts: &Parts, app: &Arc<App>) -> Result<(Identity, bool), Refused> {
    let (token, by_cookie) = token(&parts.headers).filter(|(token, _)| token.len() == SECRET_LEN).ok_or_else(nobody)?;
    let token = token.to_owned();
    let who = blocking(app, move |app| identify(&*app.store, &token, now_ms())).await?.ok_or_else(nobody)?;
    Ok((who, by_cookie))
}

/// Who asks, and is let in.
pub(super) struct Who(pub(super) Identity);

impl FromRequestParts<Arc<App>> for Who {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let (who, by_cookie) = holder(parts, app).await?;
        let secret = parts.headers.get(DEVICE_HEADER).and_then(|secret| secret.to_str().ok());
        if !who.is_opened_by(secret.filter(|secret| secret.len() == SECRET_LEN), by_cookie) {
            let detail = "this browser has a cookie and not what goes with it: sign in with the password";
            return Err(Refused(Problem::new(Code::SignIn, detail)));
        }
        let now = now_ms();
        if who.seen_ms + HEARD_EVERY_MS < now {
            let heard = who.clone();
            blocking(app, move |app| seen(&*app.store, &heard, now)).await?;
        }
        Ok(Self(who))
    }
}

/// Who signs out. A token alone is enough for that: whoever left a phone without a network has removed the rest.
pub(super) struct Leaver(pub(super) Identity);

impl FromRequestParts<Arc<App>> for Leaver {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        Ok(Self(holder(parts, app).await?.0))
    }
}

/// Nothing is answered under a name that is none of the server's: a page of somebody else's name that points here (DNS
/// rebinding) would be of our own origin. And no other site's page may write here in somebody's name. A client that is no
/// browser says no origin.
pub(super) async fn own_page(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let host = text(header::HOST).or(request.uri().authority().map(|host| host.as_str()));
    if !host.is_some_and(|host| peer::is_own_name(host, &app.settings)) {
        let detail = "this server does not answer under that name; whoever runs it can allow it with --name";
        return Refused(Problem::new(Code::Forbidden, detail)).into_response();
    }
    let foreign = match (text(header::ORIGIN), host) {
        (Some(origin), Some(host)) => !origin
            .split_once("://")
            .is_some_and(|(scheme, origin)| origin.eq_ignore_ascii_case(host) && peer::is_own_scheme(scheme, host, &app.settings)),
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
