// What facts come to, written down a second time, from outside the app: which sets, workouts and notes there are.

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
      case "message.edited": notes.set(body.message_id, body.text); break;
      case "message.removed": notes.delete(body.message_id); break;
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

const LB = 453.59237;
/** Does a cell with this text show so many grams? To a hundredth of its unit, as cells do. */
export function shownLoad(text, unit, grams) {
  if (text === "" || grams === null) return text === "" || Number(text.replace(",", ".")) === 0 || grams !== null;
  const shown = Number(text.replace(",", ".")) * (unit === "lb" ? LB : 1000);
  return Math.abs(shown - grams) <= 0.0051 * (unit === "lb" ? LB : 1000) + 1;
}
