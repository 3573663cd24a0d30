//! The app's files: from a folder, or from the end of this very program, where packaging puts them.

use std::{
    collections::BTreeMap,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use tower_http::services::ServeDir;

/// The last bytes of a program that carries the app: this mark, then how long the pack before it is.
const MARK: &[u8; 8] = b"SPTRPACK";

/// What the addresses of the app's screens begin with. Anything else is a file or nothing at all: a script of a build that is
/// gone must be missing, and not be a page.
const SCREENS: [&str; 6] = ["", "crew", "history", "me", "progress", "train"];

/// Whether the app draws something at this address.
fn is_screen(path: &str) -> bool {
    let mut parts = path.trim_matches('/').split('/');
    let first = parts.next().unwrap_or_default();
    SCREENS.contains(&first) && parts.clone().count() <= 2 && parts.all(|part| !part.contains('.'))
}

/// Every screen is the same page, and what browsers ask for by themselves, beside an answer that is no page of ours, is the icon.
pub(super) fn of_screen(request: &mut Request) {
    if is_screen(request.uri().path()) {
        *request.uri_mut() = Uri::from_static("/index.html");
    } else if request.uri().path() == "/favicon.ico" {
        *request.uri_mut() = Uri::from_static("/icons/any-192.png");
    }
}

#[derive(Debug, Clone)]
pub enum Files {
    Folder(PathBuf),
    Pack(Arc<BTreeMap<String, Bytes>>),
}

impl Files {
    /// The folder that was named; or what this program carries; or `dist`.
    pub fn find(folder: Option<&Path>) -> Result<Self> {
        let files = match folder {
            Some(folder) => Self::Folder(folder.to_owned()),
            None => match unpack(&std::env::current_exe().context("this program's own file")?)? {
                Some(pack) => Self::Pack(Arc::new(pack)),
                None => Self::Folder(PathBuf::from("dist")),
            },
        };
        let found = match &files {
            Self::Folder(folder) => folder.join("index.html").is_file(),
            Self::Pack(pack) => pack.contains_key("index.html"),
        };
        if !found {
            bail!("no app here: build it with `cargo xtask run`, or say where it is with --dist");
        }
        Ok(files)
    }

    pub(super) fn service(self) -> Router {
        match self {
            Self::Folder(folder) => {
                let files = ServeDir::new(folder).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
                Router::new().fallback_service(files)
            }
            Self::Pack(pack) => Router::new().fallback(move |request: Request| async move { packed(&pack, &request) }),
        }
    }
}

fn packed(pack: &BTreeMap<String, Bytes>, request: &Request) -> Response {
    if !matches!(*request.method(), axum::http::Method::GET | axum::http::Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let name = request.uri().path().trim_start_matches('/');
    let accepts = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |coding: &str| accepts.split(',').any(|part| part.split(';').next().is_some_and(|name| name.trim() == coding));
    let squeezed = [("br", ".br"), ("gzip", ".gz")].into_iter().find_map(|(coding, ending)| {
        let bytes = takes(coding).then(|| pack.get(&format!("{name}{ending}"))).flatten()?;
        Some((coding, bytes))
    });
    let (coding, bytes) = match squeezed {
        Some((coding, bytes)) => (Some(coding), bytes),
        None => match pack.get(name) {
            Some(bytes) => (None, bytes),
            None => return StatusCode::NOT_FOUND.into_response(),
        },
    };
    let tag = format!("\"{}\"", &blake3::hash(bytes).to_hex()[..32]);
    if request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let mut response = bytes.clone().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript",
        "css" => "text/css",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "parquet" => "application/vnd.apache.parquet",
        _ => "application/octet-stream",
    }
}

fn unpack(program: &Path) -> Result<Option<BTreeMap<String, Bytes>>> {
    let mut file = std::fs::File::open(program).with_context(|| program.display().to_string())?;
    let whole = file.metadata()?.len();
    let mut end = [0; 16];
    if whole < 16 {
        return Ok(None);
    }
    file.seek(SeekFrom::End(-16))?;
    file.read_exact(&mut end)?;
    if &end[..8] != MARK {
        return Ok(None);
    }
    let len = u64::from_le_bytes(std::array::from_fn(|at| end[8 + at]));
    let start = whole.checked_sub(16 + len).context("the app inside this program is cut off")?;
    file.seek(SeekFrom::Start(start))?;
    let mut pack = vec![0; usize::try_from(len)?];
    file.read_exact(&mut pack)?;
    let (mut out, mut rest) = (BTreeMap::new(), Bytes::from(pack));
    while !rest.is_empty() {
        let name = part(&mut rest)?;
        let bytes = part(&mut rest)?;
        out.insert(String::from_utf8(name.to_vec())?, bytes);
    }
    Ok(Some(out))
}

fn part(rest: &mut Bytes) -> Result<Bytes> {
    let damaged = || anyhow::anyhow!("the app inside this program is damaged");
    let head = rest.get(..8).ok_or_else(damaged)?;
    let len = usize::try_from(u64::from_le_bytes(std::array::from_fn(|at| head[at])))?;
    if rest.len() - 8 < len {
        return Err(damaged());
    }
    let _ = rest.split_to(8);
    Ok(rest.split_to(len))
}

/// This program with the app's files at its end: one file to carry to a server.
pub fn pack(folder: &Path, out: &Path) -> Result<()> {
    let program = std::env::current_exe().context("this program's own file")?;
    let mut whole = std::fs::read(&program).with_context(|| program.display().to_string())?;
    let mut names = Vec::new();
    walk(folder, folder, &mut names)?;
    names.sort();
    let mut pack = Vec::new();
    for name in names {
        let bytes = std::fs::read(folder.join(&name)).with_context(|| name.clone())?;
        for part in [name.as_bytes(), &bytes] {
            pack.extend_from_slice(&(part.len() as u64).to_le_bytes());
            pack.extend_from_slice(part);
        }
    }
    whole.extend_from_slice(&pack);
    whole.extend_from_slice(MARK);
    whole.extend_from_slice(&(pack.len() as u64).to_le_bytes());
    std::fs::write(out, whole).with_context(|| out.display().to_string())?;
    #[cfg(unix)]
    std::fs::set_permissions(out, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(())
}

fn walk(root: &Path, folder: &Path, names: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            walk(root, &path, names)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            let name = name.to_string_lossy().replace('\\', "/");
            if !name.starts_with('.') {
                names.push(name);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_screens_are_the_page() {
        // Where the app says its addresses.
        let routes = include_str!("../../app/route.rs");
        let said: Vec<&str> = routes.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/')).collect();
        assert!(8 < said.len(), "{said:?}");
        for path in said.into_iter().chain(["/history/019aa411-0000-7000-8000-000000000000", "/me/sync/", "//"]) {
            assert!(is_screen(path), "{path}");
        }
        for path in [
            "/b/none/app.js",
            "/x.wasm",
            "/dims/x.parquet",
            "/me/app.js",
            "/api",
            "/replicate",
            "/train/1/2/3",
            "/trainer",
            "/icons",
        ] {
            assert!(!is_screen(path), "{path}");
        }
    }
}
