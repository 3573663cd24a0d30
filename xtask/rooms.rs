//! The rooms as data: which may name which, and what none of them may ever compile in. A new edge is a line here and a
//! decision note.

pub(crate) struct Room {
    pub(crate) name: &'static str,
    /// Other rooms it may name.
    pub(crate) knows: &'static [&'static str],
    /// Crates that must not be among its dependencies, however far down, on its own target. A trailing `*` is a prefix.
    pub(crate) never: &'static [&'static str],
    pub(crate) wasm: bool,
}

const BROWSER: &[&str] = &["web-sys", "js-sys", "wasm-bindgen", "gloo*", "leptos*"];
const ENGINE: &[&str] = &["polars*", "arrow*", "parquet", "sqlparser"];

macro_rules! never {
    ($($list:expr),*) => { &[$($list),*] };
}

/// Lists are joined when they are checked, so that a room can say "the browser" in one word.
pub(crate) struct Never;

impl Never {
    pub(crate) fn of(word: &'static str) -> &'static [&'static str] {
        match word {
            "the browser" => BROWSER,
            "the engine" => ENGINE,
            _ => &[],
        }
    }
}

pub(crate) const ROOMS: &[Room] = &[
    Room {
        name: "ledger",
        knows: &[],
        never: never!["the browser", "the engine", "tokio", "rand", "getrandom", "chrono"],
        wasm: false,
    },
    Room {
        name: "seal",
        knows: &["ledger"],
        never: never!["the browser", "the engine", "tokio", "rand", "getrandom", "chrono"],
        wasm: false,
    },
    Room { name: "models", knows: &[], never: never!["the browser", "the engine", "tokio"], wasm: false },
    Room { name: "bridge", knows: &["ledger", "wire"], never: never!["the browser", "the engine", "tokio", "axum"], wasm: false },
    Room {
        name: "wire",
        knows: &["ledger"],
        never: never!["the browser", "the engine", "tokio", "axum", "getrandom", "chrono"],
        wasm: false,
    },
    Room {
        name: "engine",
        knows: &["ledger", "models"],
        never: never!["leptos*", "gloo*", "web-sys", "tokio", "axum"],
        wasm: false,
    },
    Room {
        name: "device",
        knows: &["ledger", "bridge", "wire"],
        never: never!["the browser", "the engine", "tokio", "getrandom"],
        wasm: false,
    },
    Room {
        name: "intake",
        knows: &["ledger", "bridge"],
        never: never!["the browser", "the engine", "tokio", "getrandom"],
        wasm: false,
    },
    Room {
        name: "archive",
        knows: &["ledger", "bridge", "engine"],
        never: never!["leptos*", "gloo*", "web-sys", "tokio", "axum"],
        wasm: false,
    },
    Room {
        name: "worker",
        knows: &["ledger", "bridge", "device", "seal", "wire"],
        // The browser's own cipher is in hardware, and weighs nothing.
        never: never!["the engine", "leptos*", "gloo*", "tokio", "aes*", "hkdf", "pbkdf2", "sha2"],
        wasm: true,
    },
    Room {
        name: "projector",
        knows: &["ledger", "bridge", "engine", "intake", "archive"],
        never: never!["leptos*", "gloo*", "tokio"],
        wasm: true,
    },
    Room {
        name: "app",
        knows: &["ledger", "bridge"],
        never: never!["the engine", "tokio", "axum", "csv", "device", "engine", "models", "intake"],
        wasm: true,
    },
    Room {
        name: "realm",
        knows: &["ledger", "wire"],
        never: never!["the browser", "the engine", "axum*", "hyper*", "tower*", "clap*", "utoipa"],
        wasm: false,
    },
    Room {
        name: "server",
        knows: &["engine", "ledger", "realm", "wire"],
        never: never!["leptos*", "gloo*", "web-sys"],
        wasm: false,
    },
];
