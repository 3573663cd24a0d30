//! The words of the wire, byte for byte: an old client must understand a new server, and the other way round.

use ledger::{DeviceId, EntityId, EventId, LaneId, Scope};
use wire::{
    Block, Blocks, Chain, ChainKey, ChainSum, Checkpoint, Code, Digest, Frame, Hello, Limits, Page, Problem, Push, PushAnswer,
    Segment, Snapshot, Standing, Status, Verdict, Xor, raw_of,
};

const ROW: &str = r#"{"event_id":"019aa4b6-8e17-7c16-a98f-4b9d785128f1", "spelt":"as it was"}"#;

fn chain() -> ChainKey {
    let person = EntityId::v7(1_763_700_000_000, [1; 10]);
    ChainKey { scope: Scope::Person(person), device_id: DeviceId::from_bytes([0xab; 8]), lane: LaneId::number(0) }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("JSON")
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
    let frozen = include_str!("fixtures/wire-v1.jsonl");
    if std::env::var_os("SPOTTER_BLESS").is_some() {
        std::fs::write("fixtures/wire-v1.jsonl", said.join("\n") + "\n").expect("written");
        return;
    }
    for (at, (said, frozen)) in said.iter().zip(frozen.lines()).enumerate() {
        assert_eq!(said, frozen, "line {}", at + 1);
    }
    assert_eq!(said.len(), frozen.lines().count());
    assert!(said[1].contains(ROW), "a row travels as it was spelt");
    assert!(Code::ALL.iter().all(|code| code.status() != 422), "422 is never used");
}
