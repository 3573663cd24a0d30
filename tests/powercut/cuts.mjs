// Power cuts while the app saves, in a real browser on a real file system: whatever a storage worker said is saved has to
// be there afterwards, once, and nothing that nobody wrote.
//
//   node tests/powercut/cuts.mjs --cuts N [--from SEED] [--out FILE.json] [--fresh] [--mode NAME]
//
// As root; SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM. Ends with 77 where nothing can be mounted. `--fresh`: each cut comes
// 1 to 25 seconds after the very first start of a new profile; otherwise the app was installed more than a minute before.
// The mode of a cut and everything in it come from its seed alone, so `--cuts 1 --from SEED` does one of them again.
import { isDeepStrictEqual } from "node:util";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { ensure, freePort, pause, until } from "../common.mjs";
import { built, serve } from "../journey/lib.mjs";
import { dice } from "../replication/lib.mjs";
import { finishLoad, heldRows, load, open, packs, problems, reopen, report, unload } from "./app.mjs";
import { count, cutPlain, keepWarm, serveFolder, zero } from "./plain.mjs";
import { listen, makeRig, option, whole, write } from "./rig.mjs";

/**
 * What is going on when the power goes. `session`: after how many single rows a finished workout ends a session, so that
 * the leader seals it; 0: never. `rest`: how long a writer may pause between two bursts, so that some cuts come when the
 * last row is already a while ago. `wait(cut)` returns when the mode's own state is reached; `instant(cut)` when the power
 * goes.
 */
const MODES = {
  commits: {
    session: () => 0,
    rest: (chance) => chance.one([0, 0, 5, chance.between(100, 800)]),
    wait: (cut) => until(() => 10 <= cut.heard.saved.size, { what: "rows are saved" }),
    instant: (cut) => pause(cut.chance.between(0, 2_500)),
  },
  seals: {
    session: (chance) => chance.between(1, 6),
    rest: (chance) => chance.one([0, 0, 5, 40, chance.between(100, 400)]),
    wait: (cut) => until(async () => cut.base.generation + 3 <= (await report(cut.page)).generation, { what: "sessions were sealed", timeout: 60_000 }),
    // Half of them just after a session was made into Parquet, when its file and then the manifest are written.
    instant: async (cut) => {
      if (cut.chance.roll() < 0.5) return pause(cut.chance.between(0, 2_500));
      const nth = cut.heard.encoded + cut.chance.between(1, 4);
      await until(() => nth <= cut.heard.encoded, { what: "another session is made into Parquet" });
      await pause(cut.chance.between(0, 60));
    },
  },
};

/** A shorter log's tables are not packed. */
const PACKED = 500;

const fresh = process.argv.includes("--fresh");
const cuts = whole("cuts", 10);
const from = whole("from", 1);
const only = option("mode");
ensure(!only || MODES[only], `--mode is one of ${Object.keys(MODES)}`);

const rig = makeRig();
const { url } = await serve(await freePort(), { database: join(rig.folder, "spotter.db") });
const result = {
  cuts: 0, seed: from, fresh, build: built.build,
  modes: Object.fromEntries(Object.keys(MODES).map((name) => [name, { cuts: 0, acked: 0, lost: 0, doubled: 0, phantom: 0, seals: 0, split: 0, refused: 0, packed: 0, byFile: 0, byFileAndBirth: 0 }])),
  settling: { acked: 0, lost: 0, doubled: 0, phantom: 0, refused: 0 },
  negative: { unflushed: zero(), newNames: zero() },
  // What the app itself said after a cut, and how often.
  problems: {},
  secondsPerCut: 0,
};

// ---------------------------------------------------------------------------------------------- the load

/** What the page says, in order. */
function hearing() {
  const heard = { saved: new Map(), encoded: 0 };
  heard.listen = (said) => {
    if (said.encoded) heard.encoded += 1;
    for (const event of said.saved ?? []) heard.saved.set(event, { guarantee: said.guarantee, at: Date.now() });
  };
  return heard;
}

const writersOf = (mode, chance) =>
  Array.from({ length: chance.between(1, 3) }, (_, nth) => {
    const rest = mode.rest(chance);
    return {
      own: nth === 0 && chance.roll() < 0.5,
      session: mode.session(chance),
      bursts: Array.from({ length: 8 }, () => chance.one([1, 1, 1, 2, 5, 20])),
      pauses: Array.from({ length: 8 }, () => chance.one([0, rest])),
    };
  });

const key = (kind, body) => `${kind} ${body.set_id ?? body.workout_id ?? body.weighing_id}`;

/** One entry for each fact of these captures: what it said, and in which capture. */
const factsOf = (captures) => captures.flatMap((facts, capture) => facts.map(({ kind, body }) => [key(kind, body), { body, capture }]));

/** The app more than a minute after it was installed: nothing is kept twice, and sealed sessions have been freed. */
async function keepSettled() {
  rig.plug();
  const { context, page } = await rig.browser(rig.disk);
  const heard = hearing();
  await listen(page, heard.listen);
  await open(page, url, { keep: true });
  const one = { bursts: [1, 3], pauses: [0] };
  await load(page, built.build, [{ ...one, own: true, session: 2 }, { ...one, own: false, session: 2 }]);
  // As many old files as the first seconds of a later cut need, so that it does not have to make new ones at once.
  await until(async () => 20 <= (await report(page)).sealed_files, { what: "sessions are sealed", timeout: 120_000 });
  const { tried, refused } = await finishLoad(page);
  const facts = factsOf(tried);
  await until(async () => {
    const { births, sealed_files, free_files, pool_files } = await report(page);
    return births === 0 && pool_files <= sealed_files + free_files + 2;
  }, { what: "the app has settled", timeout: 240_000 });
  // Nothing was cut yet, and a minute is over: what is missing now is lost for good.
  await reopen(page);
  const held = await heldRows(page);
  const found = judge({ acked: heard.saved, facts: new Map(facts), held });
  result.settling = { acked: heard.saved.size, lost: found.lost.length, doubled: found.doubled, phantom: found.phantom.length, refused: refused.length };
  console.log(`${bad(result.settling) ? "BAD" : "ok"} - a minute without any cut: ${Object.entries(result.settling).map(([what, n]) => `${what} ${n}`).join(", ")}`);
  for (const text of new Set(refused)) console.log(`  ${text}`);
  const there = new Set(held.rows.map((row) => row.event));
  const { sealed_files, generation } = await report(page);
  await context.close();
  await rig.keep("settled");
  return { facts, saved: [...heard.saved].filter(([event]) => there.has(event)), sealed_files, generation };
}

// ---------------------------------------------------------------------------------------------- one cut

// Nothing is full and nobody else writes here: a refusal loses nothing, and has no reason.
const bad = ({ lost, doubled, phantom, refused }) => lost + doubled + phantom + refused;

/** What is wrong with the rows that are held, when these were acknowledged and those were tried. */
function judge({ acked, facts, held }) {
  const ids = new Map(held.rows.map((row) => [row.event, row]));
  const lost = [...acked].filter(([event]) => !ids.has(event));
  const seen = new Map();
  for (const row of held.rows) seen.set(key(row.kind, row.body), [...(seen.get(key(row.kind, row.body)) ?? []), row]);
  const phantom = [...seen].filter(([name, rows]) => rows.some((row) => !isDeepStrictEqual(row.body, facts.get(name)?.body)));
  // The same thing as two rows, two rows of one id, or one row counted twice by the tables.
  const twice = [...seen].filter(([, rows]) => 1 < rows.length);
  const doubled = twice.length + (held.rows.length - ids.size) + Math.abs(held.events - ids.size);
  // All of a capture or none: what was acknowledged is whole anyway, this is about the last one before the cut.
  const parts = new Map();
  for (const [name, { capture }] of facts) parts.set(capture, [...(parts.get(capture) ?? []), seen.has(name)]);
  const split = [...parts.values()].filter((there) => new Set(there).size === 2).length;
  return { lost, phantom, doubled, split, twice, packed: held.packed };
}

/** Disks of bad cuts that lie in the temporary folder: a few are enough to find out why. */
let preserved = 0;

async function cutOnce(seed, settled) {
  const chance = dice(seed, "cut", fresh);
  const name = only ?? Object.keys(MODES)[seed % Object.keys(MODES).length];
  const mode = MODES[name];
  const began = Date.now();
  rig.plug(fresh ? "empty" : "settled");
  try {
    const before = await rig.browser(rig.disk);
    const cut = { chance, page: before.page, base: settled, heard: hearing() };
    await listen(cut.page, cut.heard.listen);
    await open(cut.page, url);
    const started = Date.now();
    await load(cut.page, built.build, writersOf(mode, chance));
    if (fresh) {
      await pause(chance.between(1_000, 25_000) - (Date.now() - started));
    } else {
      await mode.wait(cut);
      await mode.instant(cut);
    }
    const sealed = cut.heard.encoded;
    const acked = new Map([...settled.saved, ...cut.heard.saved]);
    rig.cut();
    const at = Date.now();
    const { tried, refused } = await unload(cut.page);
    await rig.kill(rig.disk);

    await rig.replug();
    const after = await rig.browser(rig.after);
    await open(after.page, url, { keep: true });
    const said = await problems(after.page);
    const facts = new Map([...factsOf(tried), ...settled.facts.map(([name, { body }]) => [name, { body, capture: `settled ${name}` }])]);
    const held = await heldRows(after.page);
    const first = judge({ acked, facts, held });
    // Life goes on: two sessions more, and another start. What was taken from its second place has to stand in one file
    // now, and what is new must not have gone where something old still counts.
    const later = hearing();
    await listen(after.page, later.listen);
    await load(after.page, built.build, [{ own: true, session: 2, bursts: [1], pauses: [0] }]);
    await until(() => 10 <= later.saved.size, { what: "rows are saved after the cut" });
    const more = await finishLoad(after.page);
    await until(() => factsOf(more.tried).length <= later.saved.size || more.refused.length, { what: "every answer was heard" });
    for (const [what, fact] of factsOf(more.tried)) facts.set(what, { ...fact, capture: `later ${fact.capture}` });
    if (PACKED < held.rows.length && chance.roll() < 0.5) await packs(after.page);
    await reopen(after.page);
    const second = judge({ acked: new Map([...acked, ...later.saved]), facts, held: await heldRows(after.page) });
    await rig.kill(rig.after);

    const worse = first.lost.length + first.doubled + first.phantom.length ? first : second;
    const mine = cut.heard.saved;
    const guarantees = [...acked].filter(([event]) => mine.has(event)).map(([, { guarantee }]) => guarantee);
    const outcome = {
      acked: guarantees.length, lost: worse.lost.length, doubled: worse.doubled, phantom: worse.phantom.length, seals: sealed, split: first.split, refused: refused.length,
      packed: Number(first.packed) + Number(second.packed),
      byFile: guarantees.filter((one) => one === "File").length, byFileAndBirth: guarantees.filter((one) => one === "FileAndBirth").length,
    };
    for (const problem of said) {
      const kind = problem.split(":")[0];
      result.problems[kind] = (result.problems[kind] ?? 0) + 1;
    }
    console.log(`${bad(outcome) ? "BAD" : "ok"} - cut ${seed} ${name}: ${Object.entries(outcome).map(([what, n]) => `${what} ${n}`).join(", ")} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    for (const text of [...said, ...new Set(refused), ...rig.complaints]) console.log(`  ${text}`);
    if (bad(outcome)) {
      for (const [event, { guarantee, at: when }] of worse.lost.slice(0, 10)) console.log(`  lost: ${event}, ${guarantee}, ${when ? `heard ${at - when} ms before the cut` : "of the settled profile"}`);
      for (const [what, rows] of [...worse.twice, ...worse.phantom].slice(0, 10)) console.log(`  ${what}: ${rows.map((row) => row.raw).join(" and ")}`);
      console.log(`  at the ${worse === first ? "first" : "second"} start after the cut${preserved < 3 ? `; the disk as the cut left it: ${rig.preserve(`powercut-${seed}.img`)}` : ""}`);
      preserved += 1;
    }
    return { name, outcome };
  } finally {
    await rig.unplug();
  }
}

// ---------------------------------------------------------------------------------------------- the run

/** Must lose something, or nothing that follows means anything. */
async function negative() {
  const here = await serveFolder(fileURLToPath(new URL("stores", import.meta.url)));
  const kinds = Object.keys(result.negative);
  await keepWarm(rig, "negative", here, "/negative.js", kinds);
  for (const kind of kinds) {
    for (let nth = 0; nth < 2; nth++) {
      const outcome = await cutPlain(rig, "negative", here, "/negative.js", kind, dice(from, "negative", kind, nth));
      count(result.negative[kind], outcome);
      console.log(`negative ${kind}: acked ${outcome.acked}, lost ${outcome.lost}${outcome.broken ? `, ${outcome.broken}` : ""}`);
    }
    ensure(0 < result.negative[kind].lost, `${kind} lost nothing: this rig does not notice a loss`);
  }
}

try {
  await negative();
  const settled = fresh ? { facts: [], saved: [], sealed_files: 0, generation: 0 } : await keepSettled();
  console.log(fresh ? "every cut is of a fresh profile" : `settled: ${settled.saved.length} rows, ${settled.sealed_files} sealed files`);
  const began = Date.now();
  for (let seed = from; seed < from + cuts; seed++) {
    const { name, outcome } = await cutOnce(seed, settled);
    const mode = result.modes[name];
    mode.cuts += 1;
    for (const [what, n] of Object.entries(outcome)) mode[what] += n;
    result.cuts += 1;
    result.secondsPerCut = Math.round((Date.now() - began) / 100 / result.cuts) / 10;
    write(result);
  }
  const wrong = [...Object.values(result.modes), result.settling].reduce((sum, one) => sum + bad(one), 0);
  console.log(JSON.stringify(result, null, 2));
  console.log(wrong ? "rows were lost, doubled, made up or refused" : `${result.cuts} cuts, nothing lost`);
  process.exitCode = wrong ? 1 : 0;
} catch (err) {
  console.log(`not ok: ${err.stack ?? err}`);
  process.exitCode = 1;
} finally {
  write(result);
  // The server and the mounts go with this process.
  process.exit();
}
