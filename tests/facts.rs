//! Every field of every fact arrives: in the row, in a column of the events table, in the staging model of its kind. What a
//! new kind or a new field lacks is named here, before its figures are missing on a screen.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Params, Table, Value, segment_to_parquet, table_from_parquet};
use ledger::{DeviceId, EntityId, EventId, Head, Hlc, LaneId, Row, Scope};
use models::Layer;
use serde_json::Value as Json;
use tests::every_fact;

const AT: u64 = 1_763_700_000_000;

/// Envelope columns that are no field of a fact.
const ENVELOPE: [&str; 10] = ["event_id", "device_id", "lane", "dseq", "scope", "session_id", "kind", "v", "hlc", "enc"];

/// Fields that staging has under another name, or under none, and why.
const ELSEWHERE: [(&str, &str, Option<&str>); 8] = [
    // An exercise has no day.
    ("exercise.defined", "offset_min", None),
    ("exercise.named", "offset_min", None),
    ("exercise.changed", "offset_min", None),
    // Two persons are one, whenever that was said.
    ("person.linked", "at_ms", None),
    ("person.linked", "offset_min", None),
    // A room's rows say by their scope which one it is.
    ("room.created", "room_id", None),
    // Whatever is said about a message stands beside it.
    ("message.edited", "target", Some("message_id")),
    ("message.removed", "target", Some("message_id")),
];

/// One row of every kind, with a value of its own in every field that the kind can have.
fn rows() -> Vec<(Row, Vec<&'static str>)> {
    let (device, lane) = (DeviceId::from_bytes([0xa5; 8]), LaneId::number(0));
    let person = EntityId::v7(AT, [1; 10]);
    let facts = every_fact().into_iter().enumerate();
    let rows = facts.map(|(at, (fact, fields))| {
        let scope = if fact.is_chat() { Scope::Room(person) } else { Scope::Person(person) };
        let (id, hlc) = (EventId::v7(AT, [at as u8; 10]), Hlc::tick(AT, None, &device));
        (Row::write(id, &device, &lane, &Head::default(), scope, person, &hlc, fact).expect("a row"), fields)
    });
    rows.collect()
}

fn events(rows: &[(Row, Vec<&'static str>)]) -> Table {
    let rows: Vec<Row> = rows.iter().map(|(row, _)| row.clone()).collect();
    table_from_parquet(&segment_to_parquet(&rows).expect("written")).expect("read")
}

/// What a row says in a field.
fn said<'a>(row: &'a Row, field: &str) -> Option<&'a Json> {
    row.clear()?.said(field)
}

/// What a column holds of that.
fn held(json: &Json) -> Value {
    match json {
        Json::Bool(yes) => Value::Int(i64::from(*yes)),
        Json::Number(number) => Value::Int(number.as_i64().expect("a whole number")),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(muscles) => {
            let each = muscles.iter().map(|it| format!("{}:{}|", it["muscle"].as_str().expect("a name"), it["weight_tenths"]));
            Value::Text(format!("|{}", each.collect::<String>()))
        }
        other => panic!("{other} is nothing that a column holds"),
    }
}

fn none_of(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_kind_is_written_and_read_whole() {
    let mut kinds = BTreeSet::new();
    for ((row, fields), (fact, _)) in rows().into_iter().zip(every_fact()) {
        let there: BTreeSet<&str> = [&row.hdr, row.clear().expect("in the clear").body()]
            .into_iter()
            .flat_map(|it| it.as_object().expect("an object").keys())
            .map(String::as_str)
            .collect();
        assert_eq!(there, fields.into_iter().collect(), "{}", row.kind);
        assert_eq!(row.hdr.as_object().is_some_and(|it| !it.is_empty()), fact.is_chat(), "{}: what a room's server sees", row.kind);
        assert_eq!(row.fact(), Some(fact), "{}", row.kind);
        assert!(kinds.insert(row.kind.clone()), "{} is there twice", row.kind);
    }
    let frozen = include_str!("fixtures/rows-v1.jsonl").lines();
    let frozen: BTreeSet<String> = frozen.map(|line| Row::read(line.as_bytes()).expect("a frozen row").kind).collect();
    let not_frozen: Vec<String> =
        kinds.difference(&frozen).map(|kind| format!("{kind}: no row of this kind is frozen in fixtures/rows-v1.jsonl")).collect();
    none_of(&not_frozen);
}

#[test]
fn every_field_is_a_column_of_the_events() {
    let rows = rows();
    let table = events(&rows);
    let names: BTreeSet<&str> = table.names().into_iter().collect();
    let mut wrong = Vec::new();
    for (at, (row, fields)) in rows.iter().enumerate() {
        for field in fields {
            let (want, got) = (held(said(row, field).expect("said")), table.value(field, at));
            if !names.contains(field) {
                wrong.push(format!("{}: {field} is no column of the events (engine/columns.rs)", row.kind));
            } else if got != want {
                wrong.push(format!("{}: the column {field} holds {got:?} and not {want:?} (engine/columns.rs)", row.kind));
            }
        }
    }
    let fields: BTreeSet<&str> = rows.iter().flat_map(|(_, fields)| fields.iter().copied()).chain(ENVELOPE).collect();
    wrong.extend(names.difference(&fields).map(|name| format!("{name} is a column of the events and no field of any fact")));
    none_of(&wrong);
}

#[test]
fn every_field_is_a_column_of_its_staging_model() {
    let rows = rows();
    let table = events(&rows);
    let catalog = models::catalog().expect("the models are sound");
    // What each event became: a model, its rows, and which of them it is.
    let mut staged: BTreeMap<String, Vec<(String, Table, usize)>> = BTreeMap::new();
    for model in catalog.models.into_iter().filter(|model| model.layer == Layer::Staging) {
        let lookup = |name: &str| (name == "events").then(|| table.clone());
        let out = engine::query(&model.sql, &Params::default(), &lookup).expect("the model runs");
        for at in 0..out.rows() {
            let Value::Text(event_id) = out.value("event_id", at) else { panic!("{} has no event_id", model.name) };
            staged.entry(event_id).or_default().push((model.name.clone(), out.clone(), at));
        }
    }
    let mut wrong = Vec::new();
    let mut unused: BTreeSet<(&str, &str)> = ELSEWHERE.iter().map(|(kind, field, _)| (*kind, *field)).collect();
    for (row, fields) in &rows {
        let kind = &row.kind[..];
        let Some([(model, out, at)]) = staged.get(&row.event_id.to_string()).map(Vec::as_slice) else {
            wrong.push(format!("{kind}: one staging model has this kind, not none and not two (sql/models/staging)"));
            continue;
        };
        for field in fields {
            let want = held(said(row, field).expect("said"));
            let column = match ELSEWHERE.iter().find(|(of, name, _)| (of, name) == (&kind, field)) {
                Some((_, _, to)) => {
                    if out.value(field, *at) != want {
                        unused.remove(&(kind, *field));
                    }
                    *to
                }
                None => Some(*field),
            };
            if let Some(column) = column.filter(|column| out.value(column, *at) != want) {
                wrong.push(format!("{kind}: {field} is {want:?}, and {model}.{column} has {:?}", out.value(column, *at)));
            }
        }
    }
    wrong.extend(unused.iter().map(|(kind, field)| format!("{kind}: {field} is said to be elsewhere, and is not")));
    none_of(&wrong);
}
