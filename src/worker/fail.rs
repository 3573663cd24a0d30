//! Errors of the browser, turned into words once.

use bridge::{Problem, ProblemKind};
use seal::SealErr;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::DomException;

#[derive(Debug, Clone)]
pub(crate) enum Fail {
    /// The disk or the browser's share of it is full.
    Full,
    /// Another tab holds the file.
    Held,
    NotFound,
    /// This browser has no files that a worker can write safely.
    Unsupported(String),
    /// It gives none away here: private windows do so.
    Forbidden(String),
    /// The browser's picture of the folder or the file is an old one, or it could not do what it was asked to: it has one
    /// name for both.
    Stale(String),
    /// The file changed while it was read.
    Changed,
    /// A newer build has written here.
    Newer,
    Other(String),
}

impl std::fmt::Display for Fail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Full => "the device is full",
            Self::Held => "another tab holds the file",
            Self::NotFound => "it is not there",
            Self::Unsupported(why) | Self::Forbidden(why) | Self::Stale(why) => why,
            Self::Changed => "the file changed while it was read",
            Self::Newer => "a newer Spotter has written here",
            Self::Other(why) => why,
        })
    }
}

impl From<SealErr> for Fail {
    #[inline(never)]
    fn from(err: SealErr) -> Self {
        Self::Other(err.to_string())
    }
}

impl From<JsValue> for Fail {
    fn from(value: JsValue) -> Self {
        let (name, message) = match value.dyn_ref::<DomException>() {
            Some(error) => (error.name(), error.message()),
            // What the browser says, without where in our code it was said.
            None => match value.dyn_ref::<js_sys::Error>() {
                Some(error) => (String::new(), String::from(error.message())),
                None => (String::new(), format!("{value:?}")),
            },
        };
        match name.as_str() {
            "QuotaExceededError" => Self::Full,
            "NoModificationAllowedError" => Self::Held,
            // The second one: somebody made a file in a folder while it was being removed.
            "InvalidStateError" | "InvalidModificationError" => Self::Stale(message),
            "NotFoundError" => Self::NotFound,
            "NotSupportedError" => Self::Unsupported(message),
            "SecurityError" => Self::Forbidden(message),
            "NotReadableError" => Self::Changed,
            _ => Self::Other(format!("{name} {message}").trim().to_owned()),
        }
    }
}

impl Fail {
    /// Trying once more changes nothing.
    pub(crate) fn stays(&self) -> bool {
        matches!(self, Self::Newer | Self::Unsupported(_) | Self::Forbidden(_))
    }

    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Full => Problem::new(
                ProblemKind::StorageFull,
                "This device has no room left, so the last change could not be saved.",
                "Everything that was saved before is safe, and what you typed is still on the screen.",
                "Free some space on this device, then tap again.",
            ),
            other => Problem::new(
                ProblemKind::Internal,
                format!("The last change could not be saved ({other})."),
                "Everything that was saved before is safe, and what you typed is still on the screen.",
                "Try again; if it stays, close other tabs of Spotter and reload.",
            ),
        }
    }
}
