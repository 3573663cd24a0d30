//! The app: what a person sees and touches.
//!
//! Belongs: screens, gestures, words for people, the hub that talks to the two workers.
//! Never: Arrow, SQL, OPFS, HTTP; a figure that the engine could work out.

mod actions;
pub mod charts;
mod clock;
mod doubt;
mod hub;
mod icons;
mod json;
mod messages;
mod more;
mod parts;
mod problems;
mod reactive;
mod route;
mod screens;
mod search;
mod sheet;
mod shell;
mod training;
pub mod words;

pub use hub::Hub;
pub use shell::App;

pub fn mount() {
    use wasm_bindgen::JsCast;
    // Beside the first paint and hidden, until there is a screen to show.
    let root = leptos::prelude::document().get_element_by_id("app").map(JsCast::unchecked_into);
    leptos::mount::mount_to(root.expect("index.html has a place for the app"), App).forget();
}
