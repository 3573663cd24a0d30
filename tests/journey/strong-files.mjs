// Two files as Strong writes them, with the damage that real ones have, and what they have to become, counted while
// they are written.
import { set } from "./lib.mjs";

const DAY = 86_400_000;
const iso = (ms) => new Date(ms).toISOString().slice(0, 10);
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

class File {
  lines = [];
  /** Of the line that is written next; a note with a line break takes two. */
  line = 1;
  rows = 0;
  attached = 0;
  rejected = 0;
  /** `[line, beginning of what is said]` */
  problems = [];
  workouts = [];

  constructor(header, end) {
    this.end = end;
    this.put(header);
    this.rows = 0;
  }

  put(text) {
    this.lines.push(text);
    this.line += 1 + (text.match(/\n/g)?.length ?? 0);
    this.rows += 1;
  }

  bad(reason) {
    this.rejected += 1;
    this.problems.push([this.line, `Left out: ${reason}`]);
  }

  remark(reason) {
    this.problems.push([this.line, reason]);
  }

  get sets() {
    return this.workouts.flatMap((workout) => workout.sets);
  }

  get csv() {
    return this.lines.join(this.end) + this.end;
  }
}

/** 12 columns, CRLF, with notes, rests, an exercise nobody knows, and damage. */
export function twelveColumns(now) {
  const file = new File("Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE", "\r\n");
  const name = 'Upper, "heavy"';
  const odd = 'Sandbag "Bear" Carry, loose';
  for (let nth = 0; nth < 30; nth += 1) {
    const at = now - (700 - nth * 3) * DAY;
    const date = `${iso(at)} 18:04:${String(nth).padStart(2, "0")}`;
    const duration = nth === 4 ? "62h 43m" : "1h 12m";
    const workout = { at: Date.parse(`${iso(at)}T18:04:00Z`), name, file: "twelve", sets: [] };
    file.workouts.push(workout);
    const row = (exercise, order, weight, reps, { seconds = "0.0", note = "", rpe = "", when = date } = {}) =>
      file.put([when, quoted(name), duration, quoted(exercise), order, weight, reps, "0", seconds, quoted(note), quoted(nth % 5 ? "" : 'slept "badly", twice'), rpe].join(","));
    const good = (exercise, order, kind, weight, reps, more = {}) => {
      workout.sets.push(set(exercise, kind, weight, reps, more.rpe ?? null));
      row(exercise, order, `${weight}`, `${reps}.0`, more);
    };
    const rest = (exercise) => {
      file.attached += 1;
      file.put(`${date},${quoted(name)},${duration},${quoted(exercise)},Rest Timer,0,0.0,0,150.0,,,`);
    };
    const bench = 70 + Math.floor(nth / 3) * 2.5;
    if (nth === 4) file.remark("the workout lasts 62h 43m");
    good("Bench Press (Barbell)", "W", "warmup", 40, 8);
    good("Bench Press (Barbell)", 1, "normal", bench, 5, { rpe: 8.5, note: nth === 2 ? 'said "one more", twice\nand meant it' : "" });
    rest("Bench Press (Barbell)");
    if (nth === 3) {
      file.bad("the date “2025-13-45 18:04:11” is not understood");
      row("Bench Press (Barbell)", 2, "80.0", "5.0", { when: "2025-13-45 18:04:11" });
    }
    if (nth === 5) {
      file.bad("“8x.5” is no number");
      row("Bench Press (Barbell)", 2, "8x.5", "5.0");
    }
    good("Bench Press (Barbell)", 2, "normal", bench, 5, { rpe: 9 });
    rest("Bench Press (Barbell)");
    good("Bench Press (Barbell)", "F", "failure", bench - 5, 7);
    good("Squat (Barbell)", "W", "warmup", 60, 5);
    good("Squat (Barbell)", 1, "normal", 90 + nth, 5);
    rest("Squat (Barbell)");
    good("Squat (Barbell)", 2, "normal", 90 + nth, 5);
    good("Lateral Raise (Dumbbell)", 1, "normal", 8.5, 14);
    good("Lateral Raise (Dumbbell)", "D", "drop", 6, 16);
    good("Pull Up", 1, "normal", 0, 8);
    good(odd, 1, "normal", 42.5, 12);
    if (nth === 6) {
      file.attached += 1;
      file.put(`${date},${quoted(name)},${duration},${quoted(odd)},Note,0,0.0,0,0.0,${quoted('grip, "hook"')},,`);
    }
    if (nth === 7) {
      file.bad("5.5 repetitions are not possible");
      row(odd, 2, "42.5", "5.5");
    }
    if (nth === 8) {
      file.remark("RPE 11 is not between 0 and 10");
      workout.sets.push(set(odd, "normal", 45, 10));
      row(odd, 2, "45.0", "10.0", { rpe: "11" });
    }
    if (nth % 2 === 0) {
      workout.sets.push(set("Plank", "normal", null, null));
      row("Plank", 1, "0", "0.0", { seconds: "75.0" });
    }
  }
  // No load is no load, not a load of nothing, where the body is the load.
  for (const one of file.sets.filter((one) => one.exercise === "Pull Up" && one.loadG === 0)) one.loadG = null;
  return { ...described(file), odd };
}

/** 10 columns, LF, one workout with a 12-hour clock and its narrow space. */
export function tenColumns(now) {
  const file = new File("Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE", "\n");
  const odd = "Kettle Thrower, odd";
  for (let nth = 0; nth < 30; nth += 1) {
    const at = now - (400 - nth * 4) * DAY;
    const name = `Legs, day ${nth + 1}`;
    const date = nth === 9 ? `${iso(at)} 5:20:05\u202fPM` : `${iso(at)} 17:20:05`;
    const workout = { at: Date.parse(`${iso(at)}T17:20:05Z`), name, file: "ten", sets: [] };
    file.workouts.push(workout);
    const row = (exercise, order, weight, reps, { seconds = "0.0", rpe = "", when = date } = {}) =>
      file.put([when, quoted(name), "55m", quoted(exercise), order, weight, reps, "0", seconds, rpe].join(","));
    const good = (exercise, order, kind, weight, reps, more = {}) => {
      workout.sets.push(set(exercise, kind, weight, reps, more.rpe ?? null));
      row(exercise, order, `${weight}`, `${reps}.0`, more);
    };
    const rest = (exercise) => {
      file.attached += 1;
      row(exercise, "Rest Timer", "0", "0.0", { seconds: "180.0" });
    };
    good("Squat (Barbell)", "W", "warmup", 60, 5);
    good("Squat (Barbell)", 1, "normal", 100 + Math.floor(nth / 2) * 2.5, 5, { rpe: 8 });
    rest("Squat (Barbell)");
    good("Squat (Barbell)", 2, "normal", 102.5 + Math.floor(nth / 2) * 2.5, 4, { rpe: 9 });
    rest("Squat (Barbell)");
    good("Squat (Barbell)", "F", "failure", 90, 9);
    if (nth === 11) {
      file.bad("the date “yesterday” is not understood");
      row("Deadlift (Barbell)", 1, "100.0", "5.0", { when: "yesterday" });
    }
    good("Deadlift (Barbell)", 1, "normal", 140 + nth, 3, { rpe: 7.5 });
    rest("Deadlift (Barbell)");
    good("Deadlift (Barbell)", 2, "normal", 140 + nth, 3);
    good("Deadlift (Barbell)", "D", "drop", 110, 8);
    if (nth === 12) {
      file.bad("“--” is no number");
      row("Deadlift (Barbell)", 3, "100.0", "--");
    }
    good("Bench Press (Barbell)", 1, "normal", 85 + Math.floor(nth / 4) * 1.25, 6);
    good("Bench Press (Barbell)", 2, "normal", 87.5, 1, { rpe: 10 });
    good(odd, 1, "normal", 24, 10);
    // What a machine takes off is no load: neither volume nor record.
    workout.sets.push(set("Pull Up (Assisted)", "normal", 25, 8));
    row("Pull Up (Assisted)", 1, "25.0", "8.0");
    good("Pull Up", 1, "normal", 5 + Math.floor(nth / 10) * 2.5, 6);
  }
  return { ...described(file), odd };
}

function described(file) {
  const days = file.workouts.map((workout) => iso(workout.at));
  return {
    csv: file.csv,
    rows: file.rows,
    attached: file.attached,
    rejected: file.rejected,
    problems: file.problems,
    workouts: file.workouts,
    sets: file.sets.length,
    first: days[0],
    last: days.at(-1),
  };
}
