//! An edit by a clock that is decades ahead, and a correction by a right one that did not know of it: once the two have met,
//! everybody's figures say what the right one says.

use bridge::Draft;
use device::said_again;
use engine::Value;
use ledger::{EntityId, Fact, Patch, Row, SetCorrected, SetKind, SetLogged, Unit, WorkoutStarted};
use tests::Scribe;

const NOW: u64 = 1_763_700_000_000;
const IN_2099: u64 = 4_070_908_800_000;

fn set_id() -> EntityId {
    EntityId::v7(NOW, [7; 10])
}

fn workout_id() -> EntityId {
    EntityId::v7(NOW, [8; 10])
}

fn started() -> Draft {
    let (at_ms, offset_min) = (NOW as i64, 60);
    Draft::mine(Fact::WorkoutStarted(WorkoutStarted { workout_id: workout_id(), at_ms, offset_min, name: None, import_id: None }))
}

fn logged() -> Draft {
    Draft::mine(Fact::SetLogged(SetLogged {
        set_id: set_id(),
        workout_id: workout_id(),
        exercise_id: "bench-press-barbell".to_owned(),
        exercise_no: 1,
        set_no: 1,
        at_ms: NOW as i64,
        offset_min: 60,
        set_kind: SetKind::Normal,
        unit: Unit::Kg,
        load_g: Some(80_000),
        bodyweight_g: None,
        assist_g: None,
        reps: Some(5),
        duration_ms: None,
        distance_mm: None,
        rpe10: None,
        rir: None,
        side: None,
        note: None,
        rest_ms: None,
        import_id: None,
    }))
}

fn corrected(reps: i64, seen: &Row) -> Draft {
    let correction = SetCorrected { reps: Patch::Set(reps), ..SetCorrected::of(set_id(), NOW as i64 + 1, 60) };
    Draft::mine(Fact::SetCorrected(correction)).after(Some(seen.hlc.to_string()))
}

fn reps(rows: &[&[Row]]) -> Value {
    let mut store = tests::store();
    for rows in rows {
        store.add_rows(ledger::clear_rows(*rows));
    }
    store.rebuild().expect("the models run");
    let sets = store.table("fact_sets").expect("built");
    assert_eq!(sets.rows(), 1);
    sets.value("reps", 0)
}

#[test]
fn a_correction_by_a_right_clock_wins_over_an_unseen_one_from_2099() {
    for sent_before in [false, true] {
        let (mut right, mut wrong) = (Scribe::new(1), Scribe::new(2));
        wrong.device.act_for(right.device.identity().person);
        let set = right.write(NOW, vec![started(), logged()]).remove(1);
        let odd = wrong.write(IN_2099, vec![corrected(99, &set)]);
        let sound = right.write(NOW + 60_000, vec![corrected(6, &set)]);
        assert_eq!(reps(&[&right.rows, &wrong.rows]), Value::Int(99), "which is what makes it worth a rule");
        // What was sent before the other device came is told apart by that device, and the rest where it was written.
        if sent_before {
            let own = wrong.device.identity().device_id.clone();
            let again = said_again(NOW + 120_000, &own, odd.iter(), |_| true, &sound);
            wrong.write(IN_2099 + 60_000, again);
        } else {
            let own = right.device.identity().device_id.clone();
            let again = said_again(NOW + 120_000, &own, right.rows.iter(), |_| true, &odd);
            right.write(NOW + 120_000, again);
        }
        assert_eq!(reps(&[&right.rows, &wrong.rows]), Value::Int(6), "sent before: {sent_before}");
        // And whoever corrects it after that, having seen it, has the last word as ever.
        let last = [&right.rows[..], &wrong.rows].concat().into_iter().max_by(|one, other| one.hlc.cmp(&other.hlc)).expect("some");
        right.write(NOW + 180_000, vec![corrected(7, &last)]);
        assert_eq!(reps(&[&wrong.rows, &right.rows]), Value::Int(7));
    }
}
