//! The data key: whether a start opens it, waits, or makes one, whose wraps may be written over, and how hard a passphrase
//! must be to guess. Nothing is done here; `seal` has the keys and their wraps.

use ledger::{Encryption, HEADER_LEN, Header, Role};

use crate::pool::SHEET_HALF;

/// What is found in a place that may have wraps of the data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// The place was read, and nothing was ever written there.
    Absent,
    /// Something is there, and it is no whole wrap.
    Damaged,
    /// Nobody can say: reading failed.
    Unreadable,
    Here,
}

/// What the files of the pool say of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ciphers {
    pub encrypted: bool,
    /// Something in it can be read by anybody.
    pub plain: bool,
    pub unreadable: bool,
}

/// What to do about the data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The browser's own record has it.
    Record,
    /// The record is gone, and the recovery code opens the filed wraps.
    Code,
    /// Nothing here was ever encrypted: a first key is made.
    Mint,
    /// Something could not be read, so nothing is made and nothing is written; it is tried again.
    Wait,
    /// What is stored is encrypted, and both places of its key are gone.
    Lost,
}

/// A second key over what a first one has encrypted would lose all of it, so one is made only where everything was read and
/// nothing is encrypted.
pub fn opening(record: Keys, files: &[Keys], pool: Ciphers) -> Opening {
    let any = |what: Keys| files.contains(&what);
    match record {
        Keys::Here => Opening::Record,
        Keys::Unreadable => Opening::Wait,
        Keys::Absent | Keys::Damaged if any(Keys::Here) => Opening::Code,
        // What makes no sense here may still do so elsewhere.
        Keys::Damaged => Opening::Wait,
        Keys::Absent if any(Keys::Unreadable) => Opening::Wait,
        Keys::Absent if pool.encrypted => Opening::Lost,
        Keys::Absent if pool.unreadable => Opening::Wait,
        Keys::Absent => Opening::Mint,
    }
}

/// Whether wraps may be written to a place: `same` says that those that are there are of the same data key.
pub fn may_file(place: Keys, same: bool) -> bool {
    match place {
        Keys::Absent | Keys::Damaged => true,
        Keys::Unreadable => false,
        Keys::Here => same,
    }
}

impl Ciphers {
    /// One more file of the pool: how it begins, and for a sheet, which has two halves, all of it. `None` when it could not be
    /// read.
    pub fn note(&mut self, name: &str, bytes: Option<&[u8]>) {
        let Some(bytes) = bytes else {
            self.unreadable = true;
            return;
        };
        let half = name.starts_with("sheet-").then(|| bytes.get(SHEET_HALF..)).flatten();
        for header in [Some(bytes), half].into_iter().flatten().filter_map(|bytes| Header::decode(bytes).ok()) {
            // Wraps are plain by their nature, and nothing is in a free file.
            let secret = !matches!(header.role, Role::Free | Role::Keys);
            self.encrypted |= header.encryption != Encryption::None;
            self.plain |= secret && header.encryption == Encryption::None;
        }
    }

    /// From here on something plain is nothing that we wrote.
    pub fn all_encrypted(&self) -> bool {
        !self.plain && !self.unreadable
    }
}

const _: () = assert!(HEADER_LEN < SHEET_HALF, "a header fits a half");

/// Characters of an app lock's passphrase.
pub const PASSPHRASE_MIN: usize = 8;
/// Of one that is nothing but digits: a PIN is guessed by trying them all.
pub const DIGITS_MIN: usize = 14;

/// Why a passphrase is refused: somebody who has a copy of the files tries the likely ones first, thousands in a second.
pub fn weakness(passphrase: &str) -> Option<String> {
    let letters: Vec<char> = passphrase.to_lowercase().chars().collect();
    let different = ledger::set_of(letters.iter().copied());
    if letters.len() < PASSPHRASE_MIN {
        return Some(format!("It needs at least {PASSPHRASE_MIN} characters."));
    }
    if different.len() < 5 {
        return Some("It repeats the same few characters.".to_owned());
    }
    if letters.iter().all(char::is_ascii_digit) && letters.len() < DIGITS_MIN {
        return Some(format!("Digits alone are guessed by trying them all: use words, or at least {DIGITS_MIN} digits."));
    }
    let bare: String = letters.iter().filter(|letter| letter.is_alphanumeric()).collect();
    let stem = bare.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let runs =
        !bare.is_empty() && RUNS.iter().any(|run| run.contains(&bare) || run.chars().rev().collect::<String>().contains(&bare));
    if runs || COMMON.contains(&stem) || COMMON.contains(&bare.as_str()) {
        return Some("It is among the first that anybody tries.".to_owned());
    }
    None
}

/// Rows of keyboards, and other ways to count.
const RUNS: [&str; 7] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "1q2w3e4r5t6z7u8i9o0p",
];

/// Words that lead every list of leaked passwords, and those that this app brings to mind; also with digits behind them.
const COMMON: [&str; 32] = [
    "password",
    "passwort",
    "passw0rd",
    "motdepasse",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno1",
    "starwars",
    "whatever",
    "computer",
    "michelle",
    "letmein",
    "welcome",
    "dragon",
    "monkey",
    "master",
    "qwerty",
    "qwertz",
    "admin",
    "hallo",
    "schatz",
    "spotter",
    "workout",
    "training",
    "benchpress",
    "deadlift",
    "applock",
    "passphrase",
];

#[cfg(test)]
mod tests {
    use ledger::sealed_bytes;

    use super::*;

    const PLACES: [Keys; 4] = [Keys::Absent, Keys::Damaged, Keys::Unreadable, Keys::Here];

    #[test]
    fn a_key_is_made_only_where_everything_was_read_and_nothing_is_encrypted() {
        for record in PLACES {
            for (one, other) in PLACES.into_iter().flat_map(|one| PLACES.map(|other| (one, other))) {
                for bits in 0..4 {
                    let pool = Ciphers { encrypted: bits & 1 != 0, unreadable: bits & 2 != 0, plain: false };
                    let known = [record, one, other];
                    let unsafe_to_mint =
                        pool.encrypted || pool.unreadable || known.contains(&Keys::Unreadable) || known.contains(&Keys::Here);
                    let opening = opening(record, &[one, other], pool);
                    assert!(opening != Opening::Mint || !unsafe_to_mint, "{record:?} {one:?} {other:?} {pool:?}");
                    // Whatever wrap is left opens it, whichever place it is in.
                    if matches!(record, Keys::Absent | Keys::Damaged) && (one == Keys::Here || other == Keys::Here) {
                        assert_eq!(opening, Opening::Code);
                    }
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_absent() {
        let (quiet, encrypted) = (Ciphers::default(), Ciphers { encrypted: true, ..Ciphers::default() });
        let cases = [
            ("a first start", Keys::Absent, [Keys::Absent; 2], quiet, Opening::Mint),
            ("a start like any other", Keys::Here, [Keys::Here; 2], encrypted, Opening::Record),
            ("the record is gone, both reads fail once", Keys::Absent, [Keys::Unreadable; 2], encrypted, Opening::Wait),
            ("the same, before anything was encrypted", Keys::Absent, [Keys::Unreadable; 2], quiet, Opening::Wait),
            ("one read fails, the other place has them", Keys::Absent, [Keys::Unreadable, Keys::Here], encrypted, Opening::Code),
            ("both places are damaged", Keys::Absent, [Keys::Damaged; 2], encrypted, Opening::Lost),
            ("both names were taken by a power cut", Keys::Absent, [Keys::Absent; 2], encrypted, Opening::Lost),
            ("the database does not answer", Keys::Unreadable, [Keys::Here; 2], encrypted, Opening::Wait),
            ("the record makes no sense, and the files do", Keys::Damaged, [Keys::Here; 2], encrypted, Opening::Code),
            ("a cut while they were first filed", Keys::Absent, [Keys::Damaged, Keys::Absent], quiet, Opening::Mint),
        ];
        for (name, record, files, pool, want) in cases {
            assert_eq!(opening(record, &files, pool), want, "{name}");
        }
    }

    #[test]
    fn wraps_of_another_key_are_never_written_over() {
        for (place, same, may) in [
            (Keys::Absent, false, true),
            (Keys::Damaged, false, true),
            (Keys::Unreadable, true, false),
            (Keys::Here, true, true),
            (Keys::Here, false, false),
        ] {
            assert_eq!(may_file(place, same), may, "{place:?}, the same: {same}");
        }
    }

    #[test]
    fn a_file_says_whether_anybody_can_read_it() {
        let draft = sealed_bytes(Role::Draft, [1; 16], 4, b"{}");
        let hidden = ledger::whole_file(Encryption::AesGcm, Role::Draft, [1; 16], 5, b"nonce and so on");
        let mut sheet = hidden.clone();
        sheet.resize(SHEET_HALF, 0);
        sheet.extend(&draft);
        let free = Header { role: Role::Free, ..Header::open([0; 16]) }.encode();
        let cases: [(&str, &[u8], bool, bool); 8] = [
            ("slot-000", &Header::open([1; 16]).encode(), true, false),
            ("slot-001", &free, false, false),
            ("slot-002", &[], false, false),
            ("slot-003", &[0; 4096], false, false),
            ("keys-0", &sealed_bytes(Role::Keys, [1; 16], 0, b"{}"), false, false),
            ("sheet-00", &hidden, false, true),
            ("sheet-01", &sheet, true, true),
            ("tables-0", &sealed_bytes(Role::Tables, [1; 16], 0, b"x"), true, false),
        ];
        for (name, bytes, plain, encrypted) in cases {
            let mut found = Ciphers::default();
            found.note(name, Some(bytes));
            assert_eq!(found, Ciphers { plain, encrypted, unreadable: false }, "{name}");
            assert_eq!(found.all_encrypted(), !plain, "{name}");
        }
        let mut found = Ciphers::default();
        found.note("slot-004", None);
        assert!(!found.all_encrypted(), "nobody knows what is in a file that cannot be read");
    }

    #[test]
    fn what_is_guessed_first_is_no_passphrase() {
        for weak in [
            "",
            "short",
            "1234567",
            "12345678",
            "87654321",
            "0000000000000000",
            "31121985",
            "4711081500",
            "password",
            "Passwort1",
            "Password123!",
            "qwertyui",
            "qwertzui",
            "abcdefgh",
            "aaaabbbb",
            "spotter2026",
            "iloveyou!",
            "asdfghjkl",
        ] {
            assert!(weakness(weak).is_some(), "{weak} is taken");
        }
        for sound in ["an open door", "correct horse battery staple", "müde Füße am Montag", "83 kg x 5 = gut", "40291857364920"]
        {
            assert_eq!(weakness(sound), None, "{sound}");
        }
    }
}
