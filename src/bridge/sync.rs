//! Accounts and replication as a screen sees them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use wire::Code;
pub use wire::api::{Account as AccountView, Device as DeviceView};

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

/// Why something did not go through, for the screen to put into words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: RefusalCode,
    pub detail: String,
    pub retry_after_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCode {
    /// The server could not be reached.
    Unreachable,
    /// It said no.
    Server(Code),
    /// An earlier sign-in has not been ended yet.
    Owed,
    /// What lies here was logged without an account: somebody has to say whose it is.
    Whose,
    /// What lies here belongs to another account.
    OtherAccount,
    /// This device could not write.
    Disk,
    /// Whoever was to do it stopped.
    Lost,
}

impl Refusal {
    pub fn lost() -> Self {
        Self { code: RefusalCode::Lost, detail: String::new(), retry_after_ms: None }
    }
}

impl RefusalCode {
    /// Those that no server says.
    const OWN: [Self; 6] = [Self::Unreachable, Self::Owed, Self::Whose, Self::OtherAccount, Self::Disk, Self::Lost];

    pub fn text(self) -> &'static str {
        match self {
            Self::Unreachable => "",
            Self::Server(code) => code.text(),
            Self::Owed => "OWED",
            Self::Whose => "WHOSE",
            Self::OtherAccount => "OTHER_ACCOUNT",
            Self::Disk => "DISK",
            Self::Lost => "LOST",
        }
    }
}

impl Serialize for RefusalCode {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for RefusalCode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let own = Self::OWN.into_iter().find(|code| code.text() == text);
        own.or_else(|| Code::of(&text).map(Self::Server)).ok_or_else(|| D::Error::custom("an unknown reason"))
    }
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
    pub code: Code,
    /// Goes by itself once what stands in the way is gone.
    pub later: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_read_as_it_was_written() {
        let server = Code::ALL.iter().map(|code| RefusalCode::Server(*code));
        for code in RefusalCode::OWN.into_iter().chain(server) {
            let json = serde_json::to_string(&code).expect("JSON");
            assert_eq!(json, format!("\"{}\"", code.text()));
            assert_eq!(serde_json::from_str::<RefusalCode>(&json).ok(), Some(code), "{json}");
        }
        assert!(serde_json::from_str::<RefusalCode>("\"NONSENSE\"").is_err());
    }
}
