//! The storage worker: the one place that touches OPFS, Web Locks, IndexedDB, the network and the clock. Small, loaded
//! first, and never in the same worker as the engine.
//!
//! Belongs: adapters around `device`, the order in which bytes reach the disk, taking over from a tab that is gone.
//! Never: the DOM, Leptos, Polars, Parquet, a decision that `device` could make.

mod account;
mod ask;
mod births;
mod calls;
mod channels;
mod clock;
mod database;
mod deeds;
mod dims;
mod errands;
mod events;
mod fail;
mod far;
mod feed;
mod figures;
mod files;
mod js;
mod kept;
mod leader;
mod leave;
mod link;
mod locks;
mod net;
mod perform;
mod port;
mod reading;
mod reply;
mod sealed;
mod sheet;
mod siblings;
mod snapshot;
mod start;
mod state;
mod tables;
mod vault;

/// What its worker runs.
pub fn begin() {
    console_error_panic_hook::set_once();
    errands::done_by(|errand| Box::pin(far::carry_out(errand)));
    port::listen();
    dims::fetch_early();
    far::fetch_later();
}
