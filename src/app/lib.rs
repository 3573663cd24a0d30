//! The app: what a person sees and touches.
//!
//! Belongs: screens, gestures, words for people, the hub that talks to the two workers.
//! Never: Arrow, SQL, OPFS, HTTP; a figure that the engine could work out.

pub mod charts;
mod clock;
mod hub;
mod icons;
mod messages;
mod parts;
mod route;
mod screens;
mod sheet;
mod shell;
mod training;
pub mod words;

pub use hub::Hub;
pub use shell::App;

pub fn mount() {
    leptos::mount::mount_to_body(App);
}
