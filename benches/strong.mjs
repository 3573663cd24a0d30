// Seeded files as Strong exports them (12 columns, commas, no unit): a believable lifter who gets stronger, stalls, goes
// on holiday and takes it easy every sixth week. Same seed and same day, same bytes.
import { readFileSync } from "node:fs";

const DAY = 86_400_000;
const HEADER = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE";

// The flags that say what a set's volume is.
const catalogue = new Map(
  readFileSync(new URL("../sql/seeds/exercises.csv", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [, name, , , , mode, tracking, , two] = line.match(/("[^"]*"|[^,]*)(,|$)/g).map((cell) => cell.replace(/,$/, "").replaceAll('"', ""));
      return [name, { mode, tracking, factor: two === "1" ? 2 : 1 }];
    }),
);

// name, estimated maximum at the start in kg (null: no load), step, sets, repetitions, warm-ups, rest in seconds
const PLAN = {
  "Push A": [
    ["Bench Press (Barbell)", 82, 2.5, 4, 5, 3, 180],
    ["Overhead Press (Barbell)", 52, 2.5, 3, 8, 1, 150],
    ["Incline Bench Press (Dumbbell)", 34, 2, 3, 10, 0, 120],
    ["Lateral Raise (Dumbbell)", 13, 1, 3, 14, 0, 75],
    ["Triceps Pushdown (Cable - Rope)", 42, 2.5, 3, 12, 0, 75],
  ],
  "Pull A": [
    ["Deadlift (Barbell)", 140, 5, 3, 5, 3, 210],
    ["Pull Up", null, 0, 3, 8, 0, 150],
    ["Bent Over Row (Barbell)", 78, 2.5, 3, 8, 1, 150],
    ["Face Pull (Cable)", 32, 2.5, 3, 15, 0, 75],
    ["Bicep Curl (Dumbbell)", 22, 1, 3, 11, 0, 75],
  ],
  "Legs A": [
    ["Squat (Barbell)", 112, 2.5, 4, 5, 3, 210],
    ["Romanian Deadlift (Barbell)", 108, 2.5, 3, 8, 1, 150],
    ["Leg Press", 210, 5, 3, 12, 0, 120],
    ["Seated Leg Curl (Machine)", 62, 2.5, 3, 12, 0, 90],
    ["Standing Calf Raise (Machine)", 105, 5, 4, 12, 0, 60],
  ],
  "Push B": [
    ["Overhead Press (Barbell)", 54, 2.5, 4, 5, 2, 180],
    ["Bench Press (Barbell)", 82, 2.5, 3, 8, 2, 150],
    ["Chest Fly (Cable)", 26, 2.5, 3, 13, 0, 75],
    ["Lateral Raise (Cable)", 12, 1, 3, 14, 0, 60],
    ["Skullcrusher (EZ Bar)", 38, 2.5, 3, 11, 0, 90],
  ],
  "Pull B": [
    ["Pendlay Row (Barbell)", 84, 2.5, 4, 6, 2, 150],
    ["Lat Pulldown (Cable)", 82, 2.5, 3, 10, 0, 120],
    ["Seated Row (Cable)", 78, 2.5, 3, 11, 0, 90],
    ["Hammer Curl (Dumbbell)", 24, 1, 3, 11, 0, 75],
    ["Hanging Leg Raise", null, 0, 3, 12, 0, 75],
  ],
  "Legs B": [
    ["Front Squat (Barbell)", 86, 2.5, 4, 6, 2, 180],
    ["Hip Thrust (Barbell)", 132, 5, 3, 9, 1, 150],
    ["Bulgarian Split Squat (Dumbbell)", 30, 2, 3, 10, 0, 120],
    ["Leg Extension (Machine)", 74, 2.5, 3, 13, 0, 75],
    ["Plank", null, 0, 3, 0, 0, 60],
  ],
};
const ROTATION = ["Pull A", "Legs A", "Push B", "Pull B", "Legs B", "Push A"];
// Days between one session and the next, going back from yesterday.
const GAPS = { 2: [3, 4], 3: [2, 2, 3], 4: [1, 2, 1, 3], 5: [1, 1, 2, 1, 2], 6: [1, 1, 1, 1, 1, 2] };
const SET_NOTES = ["grip one finger wider", "pause one second", "left knee in", "belt from here", "slow down", "bar path good", "stopped one early", "straps"];
const DAY_NOTES = ["slept badly", "short on time, skipped the last set", "gym was packed", "best session in weeks", "shoulder a bit stiff, longer warm-up", "back from holiday", "home gym", "with Mia"];

for (const [name] of [...Object.values(PLAN).flat(), ["Running"], ["Rowing (Machine)"]]) {
  if (!catalogue.has(name)) throw new Error(`no such exercise: ${name}`);
}

/** mulberry32 */
function dice(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, chance: (p) => next() < p, pick: (list) => list[Math.floor(next() * list.length)], about: (middle, spread) => middle + (next() + next() - 1) * spread };
}

const iso = (day) => new Date(day).toISOString().slice(0, 10);
const two = (n) => String(Math.floor(n)).padStart(2, "0");
const quoted = (text) => (text ? `"${text.replaceAll('"', '""')}"` : "");
const decimal = (n) => (Number.isInteger(n) ? `${n}.0` : String(Math.round(n * 1000) / 1000));
/** Midnight of yesterday where this runs, as if it were UTC: Strong writes local times. */
function yesterday() {
  const now = new Date();
  return Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()) - DAY;
}

/** How much stronger than at the start: quick at first, then slower, with two plateaus. */
function strength(share, years) {
  const x = share - 0.1 * Math.max(0, Math.min(1, (share - 0.35) / 0.12)) * 1.2 - 0.08 * Math.max(0, Math.min(1, (share - 0.7) / 0.1));
  return 1 + 0.24 * years ** 0.55 * (1 - Math.exp(-2.6 * Math.max(0, x)));
}

/** One session: its rows without the notes of the day, and what it comes to. */
function session(random, name, share, years, deload) {
  const rows = [];
  let sets = 0;
  let volume = 0;
  let seconds = 240;
  const row = (exercise, order, weight, reps, distance, time, note, rpe) => rows.push({ exercise, order, weight, reps, distance, time, note, rpe });
  if (name === "Easy run") {
    const km = Math.round(random.about(6, 2.5) * 100) / 100;
    const time = Math.round(km * random.about(345, 25));
    row("Running", 1, 0, 0, km, time, random.chance(0.2) ? "along the river" : "");
    return { rows, sets: 1, volume: 0, seconds: time + 60 };
  }
  if (name.startsWith("Legs") && random.chance(0.4)) {
    row("Rowing (Machine)", 1, 0, 0, 1.5, Math.round(random.about(400, 20)), "");
    sets += 1;
    seconds += 460;
  }
  for (const [exercise, start, step, planned, target, warmups, rest] of PLAN[name]) {
    const { tracking, mode, factor } = catalogue.get(exercise);
    if (random.chance(0.03)) continue;
    const count = Math.max(2, planned - (deload ? 1 : 0));
    if (tracking === "duration") {
      for (let nth = 1; nth <= count; nth++) {
        row(exercise, nth, 0, 0, 0, 5 * Math.round(random.about(50 + 40 * share, 10) / 5), "");
        sets += 1;
        seconds += 60 + rest;
      }
      continue;
    }
    // Within a year the same lift differs a little from session to session; each lift has its own pace.
    const pace = 0.75 + ((exercise.length * 37) % 50) / 100;
    const max = start === null ? 0 : start * (1 + (strength(share, years) - 1) * pace) * random.about(1, 0.012);
    const load = start === null ? 0 : Math.max(step, Math.round(((max / (1 + (target + 2) / 30)) * (deload ? 0.85 : 1)) / step) * step);
    if (start !== null) {
      for (let nth = 1; nth <= warmups; nth++) {
        const part = [[0.6], [0.5, 0.75], [0.4, 0.6, 0.8]][warmups - 1][nth - 1];
        const light = Math.max(exercise.includes("Barbell") ? 20 : step, Math.round((load * part) / 5) * 5);
        if (load <= light) continue;
        row(exercise, "W", light, Math.max(3, 10 - 2 * nth), 0, 0, "");
        sets += 1;
        seconds += 80;
      }
    }
    for (let nth = 1; nth <= count; nth++) {
      const tired = nth / count;
      const top = start === null ? target + Math.round(5 * share) : target;
      const miss = deload ? 0 : Math.round(Math.max(0, random.about(tired * 1.2 - 0.5, 0.9)));
      const reps = Math.max(1, top - miss);
      const rpe = target <= 8 && random.chance(0.85) ? Math.min(10, Math.max(6, Math.round(2 * (deload ? 6 : random.about(7.3 + 1.6 * tired, 0.6))) / 2)) : null;
      const last = nth === count;
      const order = last && !deload && start !== null && target >= 12 && random.chance(0.12) ? "D" : last && !deload && random.chance(0.03) ? "F" : nth;
      const kilos = order === "D" ? Math.max(step, Math.round((load * 0.75) / step) * step) : load;
      row(exercise, order, kilos, reps, 0, 0, random.chance(0.035) ? random.pick(SET_NOTES) : "", rpe);
      sets += 1;
      // What is hung on counts by itself where nobody has said what the body weighs.
      if (mode !== "assisted") volume += kilos * reps * factor;
      seconds += 40 + rest;
      if (!last && target <= 8 && random.chance(0.25)) row(exercise, "Rest Timer", 0, 0, 0, rest, "", null);
    }
  }
  return { rows, sets, volume, seconds };
}

function write(day, hour, random, name, done) {
  const date = `${iso(day)} ${two(hour)}:${two((hour % 1) * 60)}:${two(random.next() * 60)}`;
  const minutes = Math.round(done.seconds / 60);
  const duration = minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
  const note = random.chance(0.1) ? random.pick(DAY_NOTES) : "";
  return done.rows.map((row) => [
    date, quoted(name), duration, quoted(row.exercise), row.order, decimal(row.weight), decimal(row.reps), decimal(row.distance), decimal(row.time),
    quoted(row.note), quoted(row.order === "Rest Timer" ? "" : note), row.rpe ?? "",
  ].join(","));
}

function make(seed, days, years) {
  const random = dice(seed);
  const lines = [];
  let [sets, workouts, last] = [0, 0, null];
  days.forEach(({ day, evening, run }, index) => {
    const share = days.length < 2 ? 0 : index / (days.length - 1);
    const week = Math.floor((day - days[0].day) / (7 * DAY));
    const name = run ? "Easy run" : ROTATION[(((index - days.length + 1) % 6) + 11) % 6];
    const done = session(random, name, share, years, week % 6 === 5);
    const hour = evening ? random.about(18.2, 0.8) : random.about(7, 0.6);
    const made = write(day, hour, random, name, done);
    lines.push({ made });
    sets += done.sets;
    workouts += 1;
    last = { name, sets: done.sets, volume: Math.round(done.volume * 1000) / 1000, date: iso(day) };
  });
  return { lines, sets, workouts, last };
}

const result = (made) => {
  const lines = made.lines.flatMap((one) => one.made);
  return { csv: `${HEADER}\n${lines.join("\n")}\n`, rows: lines.length, sets: made.sets, workouts: made.workouts, last: made.last };
};

/** `weeks` of training, `perWeek` times a week, that end yesterday (or begin `from`, a day as 2026-01-31). */
export function year(seed = 1, { from, weeks = 52, perWeek = 4 } = {}) {
  const random = dice(seed ^ 0x5eed);
  const gaps = GAPS[perWeek] ?? GAPS[4];
  const end = from ? Date.parse(`${from}T00:00:00Z`) + weeks * 7 * DAY - DAY : yesterday();
  const days = [];
  for (let day = end, nth = 0; end - day < weeks * 7 * DAY; day -= gaps[nth++ % gaps.length] * DAY) {
    const ago = Math.floor((end - day) / DAY);
    const holiday = 118 <= ago % 365 && ago % 365 < 131;
    if (holiday || (0 < nth && random.chance(0.05))) continue;
    days.unshift({ day, evening: !random.chance(0.25) });
    if (0 < nth && random.chance(0.09)) days.unshift({ day: day - DAY, evening: false, run: true });
  }
  days.sort((a, b) => a.day - b.day);
  return result(make(seed, days.filter((one, index) => !index || one.day !== days[index - 1].day), weeks / 52));
}

/** Exactly `n` rows over ten years up to yesterday. What is over goes from the oldest end, and an easy session fills up. */
export function rows(n, seed = 1) {
  const [end, span] = [yesterday(), 3650];
  let count = Math.max(1, Math.ceil(n / 18));
  for (;;) {
    const days = Array.from({ length: count }, (_, index) => {
      const half = Math.round(((count - 1 - index) * span * 2) / Math.max(1, count)) / 2;
      return { day: end - Math.ceil(half) * DAY, evening: Number.isInteger(half), run: false };
    });
    const made = make(seed, days, 10);
    let total = made.lines.reduce((sum, one) => sum + one.made.length, 0);
    if (total < n) {
      count = Math.ceil(count * (n / total)) + 2;
      continue;
    }
    while (n < total) total -= made.lines.shift().made.length;
    const missing = n - total;
    const date = `${iso(end - (span + 1) * DAY)} 07:00:00`;
    const filler = Array.from({ length: missing }, (_, nth) => `${date},"Core",20m,"Plank",${nth + 1},0.0,0.0,0.0,45.0,,,`);
    made.lines.unshift({ made: filler });
    const out = result(made);
    const data = out.csv.trimEnd().split("\n").slice(1);
    const rests = data.filter((line) => line.includes(",Rest Timer,")).length;
    const sessions = new Set(data.map((line) => line.slice(0, 19))).size;
    return { ...out, sets: data.length - rests, workouts: sessions };
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const [kind = "year", n = "52", seed = "1"] = process.argv.slice(2);
  process.stdout.write((kind === "rows" ? rows(Number(n), Number(seed)) : year(Number(seed), { weeks: Number(n) })).csv);
}
