//! What a device knows before it signs in anywhere, and what follows from it. Nothing has been said to a server yet.

/// Whose rows lie here, and what was left to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Doorstep {
    /// What lies here belongs to an account.
    pub owned: bool,
    /// Something lies here.
    pub rows: bool,
    /// An earlier sign-in was left where there was no network, and has not been ended.
    pub owed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// First the server hears of the sign-in that is over.
    EndOther,
    /// What lies here was logged without an account, perhaps by somebody else: whose it is, only a person can say. Once it
    /// is linked to an account and sent, that is for good.
    AskWhose,
    /// A new account cannot have what belongs to another one.
    Refuse,
    Enter {
        /// The person whose rows these are joins the account.
        with_person: bool,
    },
}

impl Doorstep {
    /// `mine`: somebody has said that what lies here is theirs. `fresh`: the account is made just now.
    pub fn entry(self, mine: bool, fresh: bool) -> Entry {
        match self {
            Self { owed: true, .. } => Entry::EndOther,
            Self { owned: true, .. } if fresh => Entry::Refuse,
            // The server knows them already; if it is another account's, nothing is linked before that shows.
            Self { owned: true, .. } => Entry::Enter { with_person: false },
            Self { rows: true, .. } if !mine => Entry::AskWhose,
            Self { rows, .. } => Entry::Enter { with_person: rows || fresh },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_anybody_is_linked_before_it_was_said_whose_it_is() {
        for nth in 0..32_u32 {
            let bit = |at: u32| nth >> at & 1 == 1;
            let (here, mine, fresh) = (Doorstep { owned: bit(0), rows: bit(1), owed: bit(2) }, bit(3), bit(4));
            let entry = here.entry(mine, fresh);
            if here.owed {
                assert_eq!(entry, Entry::EndOther, "{here:?}");
                continue;
            }
            let enters = matches!(entry, Entry::Enter { .. });
            assert!(here.owned || !here.rows || mine || entry == Entry::AskWhose, "{here:?}");
            assert!(!(here.owned && fresh && enters), "{here:?}");
            // Only what nobody owns goes along, and a new account has somebody.
            assert_eq!(entry == Entry::Enter { with_person: true }, enters && !here.owned && (here.rows || fresh), "{here:?}");
        }
    }
}
