//! The words of the wire, byte for byte: an old client must understand a new server, and the other way round.

use bridge::{AnyBuild, Sibling};
use ledger::{DeviceId, EntityId, EventId, LaneId, Scope};
use wire::{
    Block, Blocks, Chain, ChainKey, ChainSum, Checkpoint, Code, Digest, Frame, Hello, Limits, Page, Problem, Push, PushAnswer,
    Segment, Snapshot, Standing, Status, Verdict, Xor,
    api::{self, path},
    raw_of,
};

const ROW: &str = r#"{"event_id":"019aa4b6-8e17-7c16-a98f-4b9d785128f1", "spelt":"as it was"}"#;

fn chain() -> ChainKey {
    let person = EntityId::v7(1_763_700_000_000, [1; 10]);
    ChainKey { scope: Scope::Person(person), device_id: DeviceId::from_bytes([0xab; 8]), lane: LaneId::number(0) }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("JSON")
}

fn are_frozen(said: &[String], file: &str, frozen: &str) {
    if std::env::var_os("SPOTTER_BLESS").is_some() {
        std::fs::write(file, said.join("\n") + "\n").expect("written");
        return;
    }
    for (at, (said, frozen)) in said.iter().zip(frozen.lines()).enumerate() {
        assert_eq!(said, frozen, "{file}, line {}", at + 1);
    }
    assert_eq!(said.len(), frozen.lines().count(), "{file}");
}

/// The bytes of a body, which is read again as it was.
fn body<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(body: T) -> String {
    let json = json(&body);
    assert_eq!(serde_json::from_str::<T>(&json).expect("it is read"), body, "{json}");
    json
}

#[test]
fn version_1_is_frozen() {
    let checkpoint = |seq| Checkpoint { epoch: "e1".to_owned(), seq, view: "v1".to_owned() };
    let id = EventId::v7(1_763_700_000_000, [2; 10]);
    let row = || vec![raw_of(ROW.as_bytes()).expect("JSON")];
    let mut xor = Xor::default();
    xor.flip(&"0f".repeat(32));
    let sum = ChainSum { n: 3, max_dseq: 3, xor };
    let conflict =
        Verdict { stored_h: Some("ff".to_owned()), ..Verdict::refused(id.to_string(), Status::Conflict, Code::IdReused) };
    let hello = Hello {
        protocol: 1,
        epoch: "e1".to_owned(),
        view: "v1".to_owned(),
        head: 9,
        floor: 0,
        rows: 7,
        limits: Limits::default(),
        heartbeat_ms: 20_000,
        time_ms: 1,
        persons: vec!["p".to_owned()],
        account_id: String::new(),
    };
    let said = [
        json(&hello),
        json(&Page { documents: row(), checkpoint: checkpoint(9), more: false, head: 9 }),
        json(&Frame { prev: checkpoint(8), documents: row(), checkpoint: checkpoint(9) }),
        json(&Push { device_id: "abababababababab".to_owned(), batch_id: "b".to_owned(), rows: row() }),
        json(&PushAnswer {
            epoch: "e1".to_owned(),
            head: 9,
            results: vec![
                Verdict::stored(&id, Status::Accepted, 9),
                Verdict::stored(&id, Status::Duplicate, 4),
                conflict,
                Verdict::refused("", Status::Rejected, Code::Quota),
            ],
        }),
        json(&Digest { epoch: "e1".to_owned(), head: 9, chains: vec![Chain { chain: chain(), sum }] }),
        json(&Blocks { epoch: "e1".to_owned(), head: 9, chain: chain(), blocks: vec![Block { block: 0, n: 3, xor }] }),
        json(&Snapshot {
            checkpoint: checkpoint(9),
            rows: 7,
            segments: vec![Segment { scope: "u:p".to_owned(), from: 0, to: 9, rows: 7 }],
        }),
        json(&Problem::new(Code::SlowDown, "slower").after(2_000)),
        json(&Problem::new(Code::BatchTooLarge, "smaller").with_limits(Limits::default())),
        json(&Standing { version: 3, cursor: Some(checkpoint(9)), epoch: "e1".to_owned(), ..Standing::default() }),
        json(&Code::ALL.iter().map(|code| (code.text(), code.status(), Problem::new(*code, "").retry)).collect::<Vec<_>>()),
    ];
    are_frozen(&said, "fixtures/wire-v1.jsonl", include_str!("fixtures/wire-v1.jsonl"));
    assert!(said[1].contains(ROW), "a row travels as it was spelt");
    assert!(Code::ALL.iter().all(|code| code.status() != 422), "422 is never used");
}

#[test]
fn the_api_of_version_1_is_frozen() {
    let checkpoint = Checkpoint { epoch: "e1".to_owned(), seq: 9, view: "v1".to_owned() };
    let text = str::to_owned;
    let phone = || api::DeviceBody { device_id: text("0123456789abcdef"), name: text("Mia's phone"), person: None };
    let account = || api::Account {
        account_id: text("a"),
        name: text("mia"),
        admin: true,
        persons: vec![text("p"), text("q")],
        devices: vec![api::Device {
            device_id: text("0123456789abcdef"),
            name: text("Mia's phone"),
            made_ms: 1,
            seen_ms: 2,
            revoked: false,
            this: true,
        }],
    };
    let said = [
        path::HELLO.to_owned(),
        path::PULL.to_owned(),
        path::PUSH.to_owned(),
        path::STREAM.to_owned(),
        path::DIGEST.to_owned(),
        path::SNAPSHOT.to_owned(),
        path::SEGMENT.to_owned(),
        path::ACCOUNT.to_owned(),
        path::SIGN_UP.to_owned(),
        path::SIGN_IN.to_owned(),
        path::SIGN_OUT.to_owned(),
        path::SIGN_OUT_OTHERS.to_owned(),
        path::PASSWORD.to_owned(),
        path::PASSWORD_RESET.to_owned(),
        path::JOIN.to_owned(),
        path::LINKS.to_owned(),
        path::PERSONS.to_owned(),
        path::DEVICE.to_owned(),
        path::INVITES.to_owned(),
        path::RESETS.to_owned(),
        path::device("0123456789abcdef"),
        path::pull(None, 1_000),
        path::pull(Some(&checkpoint), 1_000),
        path::span(&chain(), 1, 512),
        path::blocks(&chain()),
        path::segment("u:019aa4b6-4500-7101-8101-010101010101", 0, 9),
        path::stream(&checkpoint),
        body(api::SignUp { device: phone(), invite: None, name: text("mia"), password: text("correct horse") }),
        body(api::SignUp { device: phone(), invite: Some(text("c0de")), name: text("mia"), password: text("correct horse") }),
        body(api::SignIn {
            device: api::DeviceBody { person: Some(text("p")), ..phone() },
            name: text("mia"),
            password: text("correct horse"),
        }),
        body(api::Join { code: text("c0de"), device: phone() }),
        body(api::Reset { code: text("c0de"), password: text("correct horse") }),
        body(api::NewPassword { new_password: text("battery staple"), password: text("correct horse") }),
        body(api::PersonBody { person: text("p") }),
        body(api::NameBody { name: text("mia") }),
        body(api::Erase { password: text("correct horse") }),
        body(api::OneTime { code: text("c0de"), expires_ms: 3 }),
        body(api::Signed { token: Some(text("t")), device_secret: None, account: account() }),
        body(api::Signed { token: None, device_secret: Some(text("s")), account: account() }),
        body(api::Open { first: true }),
        body(api::Done { done: true }),
        format!("{} {}", api::HELLO, body(api::StreamHello { epoch: text("e1"), head: 9, heartbeat_ms: 20_000 })),
        format!("{} {}", api::BYE, body(api::Bye { code: Code::ViewChanged })),
        api::RESYNC.to_owned(),
    ];
    are_frozen(&said, "fixtures/api-v1.jsonl", include_str!("fixtures/api-v1.jsonl"));
}

/// Tabs of different builds share the files and the lead: what they say to each other stays as it is.
#[test]
fn what_tabs_of_every_build_say_is_frozen() {
    let said = [
        body(AnyBuild::Hello { build: "10b0e000feb783b5".to_owned() }),
        body(AnyBuild::Ping),
        body(AnyBuild::Beat { lane: "00".to_owned() }),
        body(AnyBuild::Gone),
        body(AnyBuild::Renamed { device_id: DeviceId::from_bytes([0xab; 8]) }),
        body(AnyBuild::Rows),
    ];
    are_frozen(&said, "fixtures/tabs-v1.jsonl", include_str!("fixtures/tabs-v1.jsonl"));
    assert_ne!(Sibling::channel("a"), Sibling::channel("b"), "what one build says to itself no other hears");
}

/// What a client of a newer build says too much is refused, and what a newer server says too much is passed over.
#[test]
fn a_field_too_many_is_refused_in_a_question_and_passed_over_in_an_answer() {
    assert!(serde_json::from_str::<api::Erase>(r#"{"password":"p","force":true}"#).is_err());
    assert!(serde_json::from_str::<api::DeviceBody>(r#"{"device_id":"d","name":"n","kind":"phone"}"#).is_err());
    assert_eq!(serde_json::from_str::<api::Open>(r#"{"first":false,"colour":"red"}"#).ok(), Some(api::Open { first: false }));
    // An older server says neither token nor secret.
    let account = r#"{"account_id":"a","name":"mia","admin":false,"persons":[],"devices":[]}"#;
    let signed: api::Signed = serde_json::from_str(&format!(r#"{{"account":{account}}}"#)).expect("signed in");
    assert_eq!((signed.token, signed.device_secret), (None, None));
}

#[test]
fn every_code_is_read_as_it_was_written() {
    for code in Code::ALL {
        assert_eq!(serde_json::from_str::<Code>(&json(code)).ok(), Some(*code));
    }
    assert!(serde_json::from_str::<Code>("\"A_NEWER_ONE\"").is_err());
}
