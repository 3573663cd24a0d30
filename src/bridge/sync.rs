//! Accounts and replication as a screen sees them.

use serde::{Deserialize, Serialize};

/// What somebody wants of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountWish {
    /// Who is signed in, on which devices; and for nobody, whether the server waits for its first person.
    Look,
    /// Here and below, `mine`: what lies on this device without an account belongs to whoever signs in.
    SignUp {
        name: String,
        password: String,
        invite: String,
        device: String,
        mine: bool,
    },
    SignIn {
        name: String,
        password: String,
        device: String,
        mine: bool,
    },
    /// With the code that another device shows.
    Join {
        code: String,
        device: String,
        mine: bool,
    },
    NewPassword {
        code: String,
        password: String,
    },
    /// Every other device has to sign in again.
    ChangePassword {
        password: String,
        new_password: String,
    },
    SignOut,
    /// Every device but this one.
    SignOutOthers,
    /// A code for one more device of this account.
    Link,
    /// A code for one more person on this server.
    Invite,
    ShutOut {
        device_id: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountNews {
    /// Nobody is signed in; `first` when the server never had an account. The name is that of the account whose training
    /// lies here.
    Nobody {
        first: bool,
        name: Option<String>,
    },
    Account(AccountView),
    /// A one-time code, and until when it holds, UTC milliseconds.
    Code {
        code: String,
        expires_ms: u64,
    },
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountView {
    pub account_id: String,
    pub name: String,
    pub admin: bool,
    pub persons: Vec<String>,
    pub devices: Vec<DeviceView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeviceView {
    pub device_id: String,
    pub name: String,
    pub made_ms: u64,
    pub seen_ms: u64,
    pub revoked: bool,
    pub this: bool,
}

/// Why something did not go through, for the screen to put into words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The server's code, or empty when it could not be reached.
    pub code: String,
    pub detail: String,
    pub retry_after_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SyncLink {
    /// No account is connected.
    #[default]
    Off,
    Connecting,
    CatchingUp,
    Live,
    /// The server could not be reached; it is tried again by itself.
    Waiting,
    /// Nothing goes on before somebody does something: signs in, updates.
    Stopped,
}

/// How things stand with the server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SyncState {
    /// The account's name, when this device is connected.
    pub account: Option<String>,
    pub link: SyncLink,
    /// Changes that are on this device only.
    pub waiting: u64,
    /// Rows that no server has: what waits, what it refused, and notes, which stay here until they can be encrypted.
    pub only_here: u64,
    /// The clocks of those of them that were made lately.
    pub waiting_hlcs: Vec<String>,
    pub refused: Vec<RefusedView>,
    /// Rows and devices, when everything was compared and is the same on the server.
    pub verified: Option<(u64, usize)>,
    /// Rows that do not follow the one before them: their chain is not what one device wrote.
    pub unlinked: u64,
    /// Everything is being compared, or will be.
    pub comparing: bool,
    pub trouble: Option<Refusal>,
    /// Segments of the first sync: done, and all.
    pub progress: Option<(usize, usize)>,
    pub cursor: Option<u64>,
    pub head: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedView {
    pub event_id: String,
    pub code: String,
    /// Goes by itself once what stands in the way is gone.
    pub later: bool,
}
