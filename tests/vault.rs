//! Every way in to what is stored, and every way that is none: the browser's key, the recovery code, the app lock. The same
//! logic as in the browser, over RustCrypto's cipher; files of a real browser show that the two are one.

use std::path::Path;

use device::{PoolFile, hex, newest_manifest};
use ledger::{Encryption, FrameKind, HEADER_LEN, Header, Role, sealed_bytes};
use seal::{Cipher, KeyFile, RustCrypto, SealErr, Wraps, at_once};
use tests::Seeded;

type Vault = seal::Vault<RustCrypto>;
type Key = <RustCrypto as Cipher>::Key;

const ROUNDS: u32 = seal::LOCK_ROUNDS_MIN;

/// A profile that has just started for the first time.
struct Profile {
    chance: Seeded,
    browser_key: Key,
    wraps: Wraps,
    vault: Vault,
}

impl Profile {
    fn new(seed: u64) -> Self {
        let mut chance = Seeded(seed);
        let (browser_key, wraps) = at_once(Vault::make(&mut chance)).expect("made");
        let vault = at_once(Vault::open(&browser_key, wraps.clone())).expect("open");
        Self { chance, browser_key, wraps, vault }
    }

    fn becomes(&mut self, wraps: Wraps) {
        self.vault = self.vault.with_wraps(wraps.clone());
        self.wraps = wraps;
    }

    fn code(&self) -> String {
        at_once(self.vault.recovery_code()).expect("the code")
    }

    fn lock(&mut self, passphrase: &str) {
        let wraps = at_once(self.vault.with_app_lock(self.wraps.clone(), passphrase, ROUNDS, &mut self.chance));
        self.becomes(wraps.expect("locked"));
    }

    /// Something that only this profile's data key opens.
    fn secret(&mut self) -> Vec<u8> {
        at_once(seal::value(Some(&self.vault), "secret", b"80 kg".to_vec(), &mut self.chance)).expect("encrypted")
    }
}

fn opens(vault: &Vault, secret: &[u8]) -> bool {
    at_once(seal::plain_value(Some(vault), "secret", secret.to_vec())) == b"80 kg"
}

fn by_code(wraps: &[Wraps], typed: &str) -> Result<Vault, SealErr> {
    at_once(Vault::open_by_code(wraps.to_vec(), typed))
}

fn json(wraps: &Wraps) -> serde_json::Value {
    serde_json::from_slice(&wraps.to_json()).expect("JSON")
}

fn wraps(json: &serde_json::Value) -> Wraps {
    Wraps::from_json(json.to_string().as_bytes()).expect("wraps")
}

#[test]
fn the_browsers_key_opens_and_another_one_does_not() {
    let (mut one, other) = (Profile::new(1), Profile::new(2));
    let secret = one.secret();
    let again = at_once(Vault::open(&one.browser_key, one.wraps.clone())).expect("the next start");
    assert!(opens(&again, &secret) && again.is_kept() && !again.has_app_lock() && !again.is_strict());
    assert_eq!(at_once(Vault::open(&other.browser_key, one.wraps.clone())).err(), Some(SealErr::Shut));
    assert!(!opens(&other.vault, &secret));
    assert!(at_once(one.vault.owns(&one.wraps)) && !at_once(one.vault.owns(&other.wraps)));
}

#[test]
fn the_code_opens_however_it_is_typed_and_no_other_does() {
    let mut it = Profile::new(3);
    let (secret, code, found) = (it.secret(), it.code(), [it.wraps.clone()]);
    assert_eq!((code.len(), code.split(' ').count()), (39, 8), "eight groups of four");
    for typed in [code.clone(), code.replace(' ', ""), code.to_uppercase().replace(' ', "-"), format!("  {code}\n")] {
        let vault = by_code(&found, &typed).expect("open");
        assert!(opens(&vault, &secret) && !vault.is_kept());
    }
    for at in (0..code.len()).filter(|at| code.as_bytes()[*at] != b' ') {
        let mut wrong = code.clone().into_bytes();
        wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
        let wrong = String::from_utf8(wrong).expect("digits");
        assert_eq!(by_code(&found, &wrong).err(), Some(SealErr::Shut), "{wrong}");
    }
    for none in ["", "0", &code[..38], &format!("{code}0"), "not a code", &"ä".repeat(32)] {
        assert_eq!(by_code(&found, none).err(), Some(SealErr::Malformed), "{none}");
    }
    assert_eq!(by_code(&[], &code).err(), Some(SealErr::Shut), "there is nothing to open");
    // Two files may differ while a code is changed: both codes open then.
    let other = Profile::new(4);
    assert!(opens(&by_code(&[other.wraps.clone(), it.wraps.clone()], &code).expect("the second"), &secret));
}

#[test]
fn a_new_code_takes_the_place_of_the_one_before() {
    let mut it = Profile::new(5);
    let (secret, before, old) = (it.secret(), it.code(), it.wraps.clone());
    let next = at_once(it.vault.with_new_code(&it.browser_key, it.wraps.clone(), &mut it.chance)).expect("changed");
    it.becomes(next);
    let after = it.code();
    assert_ne!(before, after);
    assert_eq!(by_code(std::slice::from_ref(&it.wraps), &before).err(), Some(SealErr::Shut));
    assert!(opens(&by_code(std::slice::from_ref(&it.wraps), &after).expect("the new one"), &secret), "the data key is the same");
    assert!(opens(&at_once(Vault::open(&it.browser_key, it.wraps.clone())).expect("open"), &secret));
    // Said on the Storage page: a copy that was made before opens with the code of that time.
    assert!(opens(&by_code(&[old], &before).expect("the copy"), &secret));
    // Whoever came in by the code alone has no key of the browser's to wrap anything with.
    let coded = by_code(std::slice::from_ref(&it.wraps), &after).expect("open");
    let change = coded.with_new_code(&it.browser_key, it.wraps.clone(), &mut it.chance);
    assert_eq!(at_once(change).err(), Some(SealErr::NoKey));
    assert_eq!(coded.without_app_lock(it.wraps.clone()).err(), Some(SealErr::NoKey));
}

#[test]
fn an_app_lock_opens_by_its_passphrase_until_it_is_changed_or_taken_off() {
    let mut it = Profile::new(6);
    let (secret, code) = (it.secret(), it.code());
    let locked = |it: &Profile, typed: &str| at_once(Vault::open_locked(&it.browser_key, it.wraps.clone(), typed));
    assert_eq!(locked(&it, "an open door").err(), Some(SealErr::Shut), "there is no lock");
    it.lock("an open door");
    assert!(it.vault.has_app_lock() && opens(&it.vault, &secret), "who is in stays in");
    assert!(at_once(Vault::open(&it.browser_key, it.wraps.clone())).is_err(), "the browser's key alone does not open it");
    for wrong in ["", "An open door", "an open door "] {
        assert_eq!(locked(&it, wrong).err(), Some(SealErr::Shut), "{wrong}");
    }
    it.vault = locked(&it, "an open door").expect("open");
    assert!(opens(&it.vault, &secret));
    it.lock("müde Füße am Montag");
    assert_eq!(locked(&it, "an open door").err(), Some(SealErr::Shut), "the one before");
    assert!(opens(&locked(&it, "müde Füße am Montag").expect("open"), &secret));
    // The code does not need the passphrase, and neither does a new code.
    assert!(opens(&by_code(std::slice::from_ref(&it.wraps), &code).expect("by the code"), &secret));
    let wraps = at_once(it.vault.with_new_code(&it.browser_key, it.wraps.clone(), &mut it.chance)).expect("changed");
    it.becomes(wraps);
    assert!(opens(&locked(&it, "müde Füße am Montag").expect("still"), &secret));
    let wraps = it.vault.without_app_lock(it.wraps.clone()).expect("taken off");
    it.becomes(wraps);
    assert!(opens(&at_once(Vault::open(&it.browser_key, it.wraps.clone())).expect("as before"), &secret));
    assert_eq!(locked(&it, "müde Füße am Montag").err(), Some(SealErr::Shut));
}

#[test]
fn no_lock_has_fewer_rounds_than_the_least() {
    let mut it = Profile::new(7);
    for (asked, rounds) in [(0, ROUNDS), (1, ROUNDS), (ROUNDS + 10_000, ROUNDS + 10_000)] {
        let wraps = at_once(it.vault.with_app_lock(it.wraps.clone(), "an open door", asked, &mut it.chance)).expect("locked");
        assert_eq!(json(&wraps)["lock"]["rounds"], rounds, "{asked} were asked for");
        // Fewer on the disk than it was locked with do not open it faster: they do not open it.
        let mut fewer = json(&wraps);
        fewer["lock"]["rounds"] = 1.into();
        let opened = Vault::open_locked(&it.browser_key, self::wraps(&fewer), "an open door");
        assert_eq!(at_once(opened).err(), Some(SealErr::Shut));
    }
}

#[test]
fn with_the_code_the_browser_has_a_key_again_but_never_in_place_of_another_data_keys() {
    let mut it = Profile::new(8);
    let (secret, code) = (it.secret(), it.code());
    it.lock("an open door");
    let found = vec![it.wraps.clone()];
    let mut keep = |kept: Option<&Wraps>, typed: &str| at_once(Vault::keep_again(found.clone(), kept, typed, &mut it.chance));
    let other = Profile::new(9);
    assert_eq!(keep(Some(&other.wraps), &code).err(), Some(SealErr::OtherKey));
    assert_eq!(keep(None, &other.code()).err(), Some(SealErr::Shut));
    for kept in [None, Some(&it.wraps)] {
        let (browser_key, wraps) = keep(kept, &code).expect("kept again");
        assert!(!wraps.has_app_lock(), "a forgotten passphrase is gone with its lock");
        let vault = at_once(Vault::open(&browser_key, wraps.clone())).expect("the next start");
        assert!(opens(&vault, &secret) && vault.is_kept());
        assert_eq!(at_once(vault.recovery_code()), Ok(code.clone()));
        assert_eq!(at_once(Vault::open(&it.browser_key, wraps)).err(), Some(SealErr::Shut), "the key before is no more");
    }
}

#[test]
fn wraps_of_which_anything_is_damaged_open_nothing_and_break_nothing() {
    let it = Profile::new(10);
    let (code, whole) = (it.code(), it.wraps.to_file([7; 16]));
    assert_eq!(Wraps::in_file(&whole), KeyFile::Here(it.wraps.clone()));
    for at in 0..whole.len() {
        let mut harmed = whole.clone();
        harmed[at] ^= 1;
        assert_eq!(Wraps::in_file(&harmed), KeyFile::Damaged, "byte {at}");
        assert_eq!(Wraps::in_file(&whole[..at]), if at == 0 { KeyFile::Empty } else { KeyFile::Damaged }, "cut at {at}");
    }
    assert_eq!(Wraps::in_file(&[0; 4096]), KeyFile::Empty);
    assert_eq!(Wraps::in_file(&sealed_bytes(Role::Draft, [7; 16], 0, &it.wraps.to_json())), KeyFile::Damaged, "another role");
    let newer = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/manifest-of-a-newer-build.bin"));
    assert_eq!(Wraps::in_file(&newer.expect("the fixture")), KeyFile::Newer);
    // Each field with one digit changed, with none, and with what is no digit.
    for field in ["browser", "recovery", "salt", "code"] {
        let said = json(&it.wraps)[field].as_str().expect("digits").to_owned();
        let other = if said.ends_with('0') { "1" } else { "0" };
        for wrong in [format!("{}{other}", &said[..said.len() - 1]), String::new(), said[1..].to_owned(), "ä".repeat(16)] {
            let mut harmed = json(&it.wraps);
            harmed[field] = wrong.clone().into();
            let harmed = wraps(&harmed);
            let by_key = at_once(Vault::open(&it.browser_key, harmed.clone()));
            assert_eq!(by_key.is_err(), field == "browser", "{field}: {wrong}");
            let by_code = by_code(std::slice::from_ref(&harmed), &code);
            assert_eq!(by_code.is_err(), field == "recovery" || field == "salt", "{field}: {wrong}");
            assert_eq!(at_once(it.vault.owns(&harmed)), field != "code", "{field}: {wrong}");
            // A file that is whole beside it opens all the same.
            assert!(self::by_code(&[harmed, it.wraps.clone()], &code).is_ok());
        }
    }
}

#[test]
fn once_everything_is_encrypted_nothing_plain_is_taken() {
    let mut it = Profile::new(11);
    let wraps = at_once(it.vault.with_all_encrypted(it.wraps.clone(), &mut it.chance)).expect("noted");
    it.becomes(wraps.clone());
    let strict = at_once(Vault::open(&it.browser_key, wraps.clone())).expect("the next start");
    let index = sealed_bytes(Role::Manifest, [1; 16], 7, b"{}");
    let plain = |vault: &Vault, bytes: &[u8]| at_once(seal::plain(Some(vault), bytes.to_vec()));
    let content = |vault: &Vault, bytes: &[u8]| at_once(seal::content(Some(vault), bytes)).map(|(_, content)| content);
    assert!(it.vault.is_strict() && strict.is_strict());
    assert_eq!(plain(&it.vault, &index), index, "it holds from the next start on");
    assert_ne!(plain(&strict, &index), index);
    assert_eq!((content(&it.vault, &index), content(&strict, &index)), (Ok(b"{}".to_vec()), Err(SealErr::Plain)));
    assert!(at_once(seal::plain_value(Some(&strict), "births", b"plain".to_vec())).is_empty());
    for role in [Role::Free, Role::Keys] {
        let bytes = sealed_bytes(role, [1; 16], 0, b"");
        assert_eq!(plain(&strict, &bytes), bytes, "{role:?} is plain by its nature");
    }
    // Somebody without the data key writes the word: it counts for nothing. Nor does one of another profile.
    let mut other = Profile::new(12);
    let theirs = at_once(other.vault.with_all_encrypted(other.wraps.clone(), &mut other.chance)).expect("noted");
    for word in [serde_json::json!("00"), serde_json::json!(""), json(&theirs)["all"].clone()] {
        let mut forged = json(&it.wraps);
        forged["all"] = word;
        let vault = at_once(Vault::open(&it.browser_key, self::wraps(&forged))).expect("open");
        assert_eq!(plain(&vault, &index), index);
    }
}

#[test]
fn files_and_values_are_bound_to_their_place() {
    let mut it = Profile::new(13);
    let vault = Some(&it.vault);
    let file = at_once(seal::whole(vault, Role::Sealed, [1; 16], 4, b"PAR1", &mut it.chance)).expect("encrypted");
    assert_eq!(at_once(seal::content(vault, &file)).map(|(_, content)| content), Ok(b"PAR1".to_vec()));
    assert_eq!(at_once(seal::content(None::<&Vault>, &file)).err(), Some(SealErr::NoKey));
    let header = Header::decode(&file).expect("a header");
    for moved in
        [Header { role: Role::Manifest, ..header }, Header { use_id: [2; 16], ..header }, Header { generation: 5, ..header }]
    {
        let bytes = [&moved.encode()[..], &file[HEADER_LEN..]].concat();
        assert_eq!(at_once(seal::content(vault, &bytes)).err(), Some(SealErr::Shut), "{moved:?}");
        assert_eq!(at_once(seal::plain(vault, bytes.clone())), bytes, "damage to whoever reads on");
    }
    let named = at_once(seal::value(vault, "births/1", b"rows".to_vec(), &mut it.chance)).expect("encrypted");
    assert_eq!(at_once(seal::plain_value(vault, "births/1", named.clone())), b"rows");
    assert_ne!(at_once(seal::plain_value(vault, "births/2", named)), b"rows");
    // Two writes of a session, exchanged.
    let mut plain = Header::open([9; 16]).encode().to_vec();
    ledger::encode_frame(&[9; 16], FrameKind::Row, b"first", &mut plain);
    let (use_id, begun) = at_once(seal::beginning(vault, plain.clone(), &mut it.chance)).expect("begun");
    assert_eq!(at_once(seal::plain(vault, begun.clone())), plain, "as if it had never been encrypted");
    let second = at_once(seal::frames(vault, &use_id, begun.len() as u64, &plain[HEADER_LEN..], &mut it.chance)).expect("more");
    assert_eq!(second.len(), begun.len() - HEADER_LEN, "as long as the first");
    let exchanged = [&begun[..HEADER_LEN], &second, &begun[HEADER_LEN..]].concat();
    let read = at_once(seal::plain(vault, exchanged));
    assert!(ledger::scan(&use_id, &read).frames.iter().all(|frame| frame.kind == FrameKind::Cipher), "neither is read");
}

#[test]
fn nothing_that_is_logged_says_a_key() {
    let mut it = Profile::new(14);
    it.lock("an open door");
    let said = format!("{:?} {:?} {:?}", it.vault, it.wraps, it.browser_key);
    assert_eq!(
        said,
        "Vault { wraps: Wraps { app_lock: true, all: false }, kept: true, strict: false } Wraps { app_lock: true, all: false } Key(Wrapping)"
    );
}

/// Files that a browser wrote, WebCrypto and all, with the recovery code that it showed.
#[test]
fn what_a_browser_has_encrypted_opens_with_its_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pool-of-a-phone-v2");
    let read = |name: &str| std::fs::read(folder.join(name)).expect("the fixture");
    let found: Vec<Wraps> = ["keys-0", "keys-1"]
        .map(|name| match Wraps::in_file(&read(name)) {
            KeyFile::Here(wraps) => wraps,
            other => panic!("{name}: {other:?}"),
        })
        .into();
    let code = String::from_utf8(read("recovery-code.txt")).expect("text");
    let vault = by_code(&found, code.trim()).expect("it opens");
    assert_eq!(at_once(vault.recovery_code()).expect("the code"), code.trim());
    // Through the JSON and back it is what the browser wrote, byte for byte.
    let file = read("keys-0");
    assert_eq!(found[0].to_file(Header::decode(&file).expect("a header").use_id), file);
    let mut manifests = Vec::new();
    for name in ["manifest-0", "manifest-1", "slot-000", "slot-001", "slot-002", "slot-003"] {
        let bytes = read(name);
        let Ok(header) = Header::decode(&bytes) else { continue };
        if header.role == Role::Free {
            continue;
        }
        assert_eq!(header.encryption, Encryption::AesGcm, "{name}");
        let plain = at_once(seal::plain(Some(&vault), bytes));
        let opened = Header::decode(&plain).expect("a header");
        assert_eq!((opened.encryption, hex(&opened.use_id)), (Encryption::None, hex(&header.use_id)), "{name}");
        match opened.role {
            Role::Open => {
                let scan = ledger::scan(&opened.use_id, &plain);
                assert_eq!(scan.damage, [], "{name}");
                assert!(scan.frames.iter().all(|frame| frame.kind != FrameKind::Cipher), "{name}: every write was opened");
            }
            _ => assert!(opened.payload(&plain).is_ok(), "{name}"),
        }
        if name.starts_with("manifest-") {
            manifests.push(PoolFile { name: name.to_owned(), bytes: plain });
        }
    }
    assert!(newest_manifest(&manifests).is_some(), "with the index all is found");
    // With the code the browser gets a key of its own, and opens it the next time by that.
    let (browser_key, wraps) = at_once(Vault::keep_again(found, None, code.trim(), &mut Seeded(1))).expect("kept again");
    assert!(at_once(Vault::open(&browser_key, wraps)).is_ok());
}

/// Handed in as chance, a key is what it was.
struct Bytes(Vec<u8>);

impl ledger::Entropy for Bytes {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0);
    }
}

/// Wraps that WebCrypto made from the format alone (`fixtures/wraps.mjs`): with and without an app lock.
#[test]
fn frozen_wraps_keep_opening() {
    let frozen: serde_json::Value = serde_json::from_str(include_str!("fixtures/wraps-v1.json")).expect("JSON");
    let said = |name: &str| frozen[name].as_str().expect("text");
    let digits = |name: &str| -> Vec<u8> {
        let digits = said(name).as_bytes().chunks(2);
        digits.map(|two| u8::from_str_radix(std::str::from_utf8(two).expect("digits"), 16).expect("digits")).collect()
    };
    let browser_key = at_once(RustCrypto::make(seal::KeyUse::Wrapping, &mut Bytes(digits("browser_key")))).expect("a key");
    let (open, locked) = (wraps(&frozen["open"]), wraps(&frozen["locked"]));
    let ways = [
        at_once(Vault::open(&browser_key, open.clone())),
        at_once(Vault::open_locked(&browser_key, locked.clone(), said("passphrase"))),
        by_code(std::slice::from_ref(&open), said("code")),
        by_code(std::slice::from_ref(&locked), said("code")),
    ];
    for (way, strict) in ways.into_iter().zip([false, true, false, true]) {
        let vault = way.expect("it opens");
        let value = at_once(seal::plain_value(Some(&vault), "a name in the database", digits("value")));
        assert_eq!(String::from_utf8_lossy(&value), "80 kg, 5 times");
        assert_eq!((vault.is_strict(), at_once(vault.owns(&open)), at_once(vault.owns(&locked))), (strict, true, true));
        assert_eq!(at_once(vault.recovery_code()).expect("the code").replace(' ', ""), said("code"));
        let refuses = at_once(seal::content(Some(&vault), &sealed_bytes(Role::Draft, [1; 16], 1, b"{}"))).is_err();
        assert_eq!(refuses, strict, "the word that everything is encrypted is the data key's");
    }
    for kept in [&open, &locked] {
        let before = if kept.has_app_lock() { &frozen["locked"] } else { &frozen["open"] };
        assert_eq!(&json(kept), before, "what is kept is what it was");
    }
}
