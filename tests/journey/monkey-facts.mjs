// What facts come to, written down a second time, from outside the app: which sets, workouts and notes there are.

import { ensure, same } from "../common.mjs";

/** Facts in the order in which they were written. */
export function fold(facts) {
  const sets = new Map();
  const workouts = new Map();
  const notes = new Map();
  const undone = new Set();
  const workout = (id) => workouts.get(id) ?? workouts.set(id, {}).get(id);
  for (const { kind, body } of [...facts].sort((a, b) => (a.hlc < b.hlc ? -1 : a.hlc > b.hlc ? 1 : 0))) {
    switch (kind) {
      case "workout.started": Object.assign(workout(body.workout_id), { import_id: body.import_id }); break;
      case "workout.discarded": case "workout.removed": workout(body.workout_id).gone = true; break;
      case "workout.restored": workout(body.workout_id).gone = false; break;
      case "set.logged": sets.set(body.set_id, { ...body }); break;
      case "set.corrected": {
        const { at_ms, offset_min, ...changed } = body;
        Object.assign(sets.get(body.set_id) ?? {}, changed);
        break;
      }
      case "set.removed": (sets.get(body.set_id) ?? {}).gone = true; break;
      case "set.restored": (sets.get(body.set_id) ?? {}).gone = false; break;
      case "import.undone": undone.add(body.import_id); break;
      case "message.posted": notes.set(body.message_id, body.text); break;
      // One that was removed meanwhile stays removed.
      case "message.edited": if (notes.has(body.target)) notes.set(body.target, body.text); break;
      case "message.removed": notes.delete(body.target); break;
      default: break;
    }
  }
  const stands = (set) => !set.gone && !workouts.get(set.workout_id)?.gone && !undone.has(set.import_id) && !undone.has(workouts.get(set.workout_id)?.import_id);
  const live = () => [...sets.values()].filter(stands)
    .map(({ set_id, workout_id, exercise_id, set_kind, load_g, assist_g, reps, rpe10, duration_ms, distance_mm }) => ({ set_id, workout_id, exercise_id, set_kind, load_g, assist_g, reps, rpe10, duration_ms, distance_mm }))
    .sort((a, b) => (a.set_id < b.set_id ? -1 : 1));
  return {
    live,
    totals: () => ({ workouts: new Set(live().map((set) => set.workout_id)).size, sets: live().filter((set) => set.set_kind !== "warmup").length }),
    notes: () => [...notes.values()],
  };
}

/** A stored row as the page wrote it: what is said of notes lies in its clear part too. */
export const factOf = (row) => ({ ...row, body: { ...row.hdr, ...row.body } });
/** A body without what is empty: a field that is not there and one that is null say the same. */
const whole = (body) => Object.fromEntries(Object.entries(body ?? {}).filter(([, value]) => value !== null && value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)));
const said = ({ kind, body }) => JSON.stringify([kind, whole(body)]);
/** An import writes its rows itself, and the worker those of an account. */
const ofNobody = ({ kind, body }) => Boolean(body.import_id) || kind.startsWith("import.") || kind.startsWith("person.");

/**
 * What is stored beside what was acknowledged, and what was written with nobody left to hear whether it was saved: that may be
 * there (`unheard`) or not.
 */
export function beside(acked, written, rows) {
  const stored = new Map(rows.map((row) => [row.event_id, factOf(row)]));
  const complaints = [];
  for (const fact of acked) {
    const row = stored.get(fact.event_id);
    if (!row) complaints.push(`shown as saved and not stored: ${said(fact)}`);
    else if (said(row) !== said(fact)) complaints.push(`shown as saved ${said(fact)}, stored ${said(row)}`);
  }
  const known = new Set(acked.map((fact) => fact.event_id));
  const unheard = [...stored.values()].filter((row) => !known.has(row.event_id) && !ofNobody(row));
  const possible = new Set(written.map(said));
  for (const row of unheard) if (!possible.has(said(row))) complaints.push(`stored, and nobody wrote it: ${said(row)}`);
  return { complaints, unheard };
}

const LB = 453.59237;
/** Does a cell with this text show so many grams? To a hundredth of its unit, as cells do. */
function showsLoad(text, unit, grams) {
  const of = unit === "lb" ? LB : 1000;
  return Math.abs(Number(text.replace(",", ".") || 0) * of - (grams ?? 0)) <= 0.0051 * of + 1;
}

/** Does a ticked row of the sheet say what is stored, as far as it has cells for it? */
export function shows(row, set) {
  const same = (text, scale, value) => Math.round(Number(text.replace(",", ".") || 0) * scale) === (value ?? 0);
  return showsLoad(row.load, row.unit, set.load_g ?? set.assist_g) && same(row.reps, 1, set.reps) && same(row.rpe, 10, set.rpe10) && row.kind === set.set_kind;
}

/** The judges see what they have to see. */
export function tried() {
  const logged = { event_id: "1", hlc: "1", kind: "set.logged", body: { set_id: "s", workout_id: "w", set_kind: "normal", reps: 5, load_g: 80_000 } };
  const removed = { event_id: "2", hlc: "2", kind: "set.removed", body: { set_id: "s" } };
  const complains = (acked, written, rows) => 0 < beside(acked, written, rows).complaints.length;
  ensure(!complains([logged], [removed], [logged]) && !complains([logged], [removed], [logged, removed]), "a complaint about rows that are right");
  ensure(complains([logged], [], []), "a row that is gone is not seen");
  ensure(complains([logged], [], [{ ...logged, body: { ...logged.body, reps: 6 } }]), "a row that says something else is not seen");
  ensure(complains([], [], [logged]), "a row that nobody wrote is not seen");
  same(fold([logged]).totals(), { workouts: 1, sets: 1 }, "what one set comes to");
  same(fold([logged, removed]).totals(), { workouts: 0, sets: 0 }, "what a removed set comes to");
  same(fold([logged, removed, { event_id: "3", hlc: "3", kind: "set.restored", body: { set_id: "s" } }]).totals(), { workouts: 1, sets: 1 }, "what a set comes to that was brought back");
  const note = { event_id: "4", hlc: "4", kind: "message.posted", body: { message_id: "n", text: "grip" } };
  const edited = { event_id: "5", hlc: "5", kind: "message.edited", body: { target: "n", text: "wider grip" } };
  const gone = { event_id: "6", hlc: "6", kind: "message.removed", body: { target: "n" } };
  same(fold([note, edited]).notes(), ["wider grip"], "a note that was edited");
  same(fold([note, gone, edited]).notes(), [], "a note that was removed");
  const row = { load: "80", reps: "5", rpe: "", unit: "kg", kind: "normal" };
  ensure(shows(row, logged.body) && shows({ ...row, load: "176.37", unit: "lb" }, logged.body), "a row that shows what is stored is complained about");
  for (const other of [{ load: "82.5" }, { load: "" }, { reps: "6" }, { rpe: "8" }, { kind: "warmup" }]) ensure(!shows({ ...row, ...other }, logged.body), `a row that shows something else is not seen: ${JSON.stringify(other)}`);
}
