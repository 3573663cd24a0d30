//! Everything that crosses HTTP: where it is asked for, what is sent there and what comes back, what a stream says. Server,
//! device and screens take it from here, so that no two of them spell it differently. Rows and what proves them are in
//! `message.rs`, and what goes wrong in `problem.rs`.

mod account;
mod event;
pub mod path;
mod query;

pub use account::{
    Account, Device, DeviceBody, Done, Erase, Join, NameBody, NewPassword, OneTime, Open, PersonBody, Reset, SignIn, SignUp, Signed,
};
pub use event::{BYE, Bye, HELLO, RESYNC, StreamHello};
pub use query::{DigestQuery, PullQuery, SegmentQuery, StreamQuery};
