//! The projector: feeds the engine and answers questions. It holds nothing that cannot be thrown away: a panic or a
//! question that takes too long ends this worker and nothing else, and the next one is fed again.
//!
//! Belongs: the engine's life in a worker, watched questions, Parquet for the storage worker, plans of imports.
//! Never: storage, the network, the DOM.

mod check;
mod export;
mod import;
mod pack;
mod port;
mod project;
mod speak;

/// What its worker runs.
pub fn begin() {
    console_error_panic_hook::set_once();
    port::listen();
}
