// What runs inside the app's page: a tap on the wire between its two workers, and writers that speak to storage workers
// as the page does (`ToStorage` and `FromStorage`, src/bridge).
import { ensure, until } from "../common.mjs";

// ---------------------------------------------------------------------------------------------- the tap

/** An init script: keeps the page's workers at hand and listens to what storage and projector say to each other. */
function tap() {
  const wire = { next: 2_000_000_000, rows: [], sealed: [], loaded: false, packed: undefined, answers: new Map(), encoding: new Set(), packing: new Set(), packs: 0 };
  globalThis.wire = wire;
  const answer = (id, value) => {
    wire.answers.get(id)?.(value);
    wire.answers.delete(id);
  };
  /** Posts what `message` makes of a fresh id, and waits for the answer to it. The page's own ids are small ones. */
  wire.ask = (post) => new Promise((resolve) => {
    const id = (wire.next += 1);
    wire.answers.set(id, resolve);
    post(id);
  });
  const unpack = (packed) => {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    const text = new TextDecoder();
    const items = [];
    for (let at = 0; at < packed.byteLength; at += 4 + view.getUint32(at, true)) {
      items.push(text.decode(packed.subarray(at + 4, at + 4 + view.getUint32(at, true))));
    }
    return items;
  };

  const PlainWorker = globalThis.Worker;
  globalThis.Worker = class extends PlainWorker {
    constructor(url, ...more) {
      super(url, ...more);
      const storage = String(url).endsWith("/storage.js");
      wire[storage ? "storage" : "projector"] ??= this;
      this.addEventListener("message", ({ data }) => {
        if (storage && this === wire.storage && data.Ready) wire.ready = data.Ready;
        if (data.Report) answer(data.Report.id, data.Report.report);
        if (!storage && Array.isArray(data) && data[0].Ready) wire.tables = data[0].Ready;
        if (!storage && Array.isArray(data) && data[0].Measured) answer(data[0].Measured.id, data[0].Measured);
      });
    }
  };

  const PlainChannel = globalThis.MessageChannel;
  globalThis.MessageChannel = function () {
    const [storage, projector] = [new PlainChannel(), new PlainChannel()];
    const read = ([json, bytes]) => {
      const word = JSON.parse(json);
      const [name, { id } = {}] = typeof word === "string" ? [word] : Object.entries(word)[0];
      return { name, id, bytes, why: word.NotDone?.why };
    };
    storage.port2.onmessage = ({ data }) => {
      const { name, id, bytes } = read(data);
      if (globalThis.keepRows && /^(Check)?Rows$/.test(name)) wire.rows.push(...unpack(bytes));
      if (globalThis.keepRows && /^(Check)?Sealed$/.test(name)) wire.sealed.push(bytes.slice());
      // Packed tables stand for rows that are only handed over afterwards, when the tables are checked.
      if (name === "GoOnFrom") [wire.packed, wire.wasPacked] = [id, true];
      if (name === "Anew" || name === "Check") wire.packed = undefined;
      if (name === "Encode") wire.encoding.add(id);
      if (name === "Pack") wire.packing.add(id);
      projector.port1.postMessage(data);
      if (name === "Loaded") wire.loaded = true;
    };
    projector.port1.onmessage = ({ data }) => {
      const { name, id, bytes, why } = read(data);
      if (wire.answers.has(id)) return answer(id, name === "Done" ? unpack(bytes) : why);
      storage.port2.postMessage(data);
      if (name === "NotDone" && id === wire.packed) wire.packed = undefined;
      if (wire.packing.delete(id) && name === "Done") wire.packs += 1;
      if (wire.encoding.delete(id) && name === "Done") globalThis.tell?.(JSON.stringify({ encoded: true }));
    };
    wire.decode = (bytes) => wire.ask((id) => projector.port1.postMessage([JSON.stringify({ Decode: { id } }), bytes]));
    return { port1: storage.port1, port2: projector.port2 };
  };
}

/** Opens the app with the tap on. `keep`: every row that goes to the projector is kept, for `heldRows`. */
export async function open(page, url, { keep = false } = {}) {
  if (keep) await page.addInitScript(() => (globalThis.keepRows = true));
  await page.addInitScript(tap);
  await page.goto(url);
  await stands(page);
}

/** Storage has its files, and the projector its tables. */
async function stands(page) {
  await until(() => page.evaluate(() => Boolean(wire.ready && wire.loaded && wire.tables)), { what: "the app stands", timeout: 90_000 });
  ensure(!(await page.evaluate(() => wire.ready.memory_only)), "this browser gave the storage worker no files");
}

/** The tables lie packed on the disk, as the leader does with a long log when nobody writes. */
export const packs = (page) => until(() => page.evaluate(() => 0 < wire.packs), { what: "the tables are packed", timeout: 60_000 });

export async function reopen(page) {
  await page.reload();
  await stands(page);
}

/** The leader's StorageReport. */
export const report = (page) => page.evaluate(() => wire.ask((id) => wire.storage.postMessage([{ Report: { id } }])));

/** What storage found to complain about when it started. */
export const problems = (page) => page.evaluate(() => wire.ready.problems.map(({ kind, happened }) => `${kind}: ${happened}`));

/**
 * Every row the app holds, as its own workers read it: what the storage worker hands to the projector at the start, sealed
 * files through the projector's own decoder, so nothing here knows how a file looks. Also how many events the tables are
 * made of. This is the one place to change when rows are handed over in another way; it answers
 * `{ rows: [{ event, kind, body, raw }], events, packed }`, the same row twice only if two different ones have its id;
 * `packed`: the tables went on from packed ones.
 */
export async function heldRows(page) {
  await until(() => page.evaluate(() => wire.packed === undefined), { what: "packed tables are checked against every row", timeout: 60_000 });
  const raw = await page.evaluate(async () => {
    const files = [];
    for (const bytes of wire.sealed) files.push(await wire.decode(bytes));
    const unreadable = files.find((rows) => typeof rows === "string");
    if (unreadable) throw new Error(`a sealed file cannot be decoded: ${unreadable}`);
    return [...new Set([...wire.rows, ...files.flat()])];
  });
  const rows = raw.map((text) => {
    const row = JSON.parse(text);
    return { event: row.event_id, kind: row.kind, body: row.body, raw: text };
  });
  // Rows on their way to the tables are waited for; a number that stays another one is the caller's to judge.
  const wanted = new Set(rows.map((row) => row.event)).size;
  const counted = () => page.evaluate(() => wire.ask((id) => wire.projector.postMessage([{ Measure: { id, hashes: false } }, undefined])).then(({ events }) => Number(events)));
  await until(async () => (await counted()) === wanted, { timeout: 5_000 }).catch(() => {});
  return { rows, events: await counted(), packed: await page.evaluate(() => Boolean(wire.wasPacked)) };
}

// ---------------------------------------------------------------------------------------------- the load

/**
 * Starts writers in the page. Each is `{ own, session, bursts, pauses }`: `own` speaks to the page's own storage worker, any
 * other starts one of its own, as another tab would; after `session` single rows a finished workout ends the session (0:
 * never); `bursts` are how many captures are under way at once and `pauses` how long nothing happens between two bursts,
 * both taken in turn. Says `{ saved: [event...], guarantee, kinds }` for every answer of a storage worker.
 */
export const load = (page, build, writers) =>
  page.evaluate(
    ([build, writers]) => {
      // By key: what was asked to be written, and with what else it was to be written or not at all.
      const state = (globalThis.load = { tried: [], stop: false, refused: [], broken: [], done: [] });
      const offset_min = 0;
      const weighing = () => ({ kind: "body_weight.logged", body: { weighing_id: crypto.randomUUID(), weight_g: 20_000 + state.tried.length, unit: "kg", at_ms: Date.now(), offset_min } });
      const workout = () => {
        const [workout_id, at_ms] = [crypto.randomUUID(), Date.now()];
        const done = { set_id: crypto.randomUUID(), workout_id, exercise_id: "bench-press-barbell", exercise_no: 1, set_no: 1, at_ms, offset_min, set_kind: "normal", unit: "kg", load_g: 60_000 + state.tried.length, reps: 5 };
        return [
          { kind: "workout.started", body: { workout_id, at_ms, offset_min } },
          { kind: "set.logged", body: done },
          { kind: "workout.finished", body: { workout_id, at_ms, offset_min } },
        ];
      };

      const another = async () => {
        const worker = new Worker(`/b/${build}/storage.js`, { type: "module" });
        const next = (wanted) => new Promise((resolve, reject) => {
          worker.onmessage = ({ data }) => wanted(data) && resolve(data);
          worker.onerror = (event) => reject(new Error(event.message));
        });
        await next((data) => data === "up");
        const hello = next((data) => data.Ready ?? data.OtherBuild);
        worker.postMessage([{ Hello: { build } }]);
        const { Ready } = await hello;
        if (!Ready || Ready.memory_only) throw new Error("a storage worker did not start");
        return worker;
      };

      const write = async ({ own, session, bursts, pauses }) => {
        const worker = own ? wire.storage : await another();
        const open = new Map();
        worker.addEventListener("message", ({ data }) => {
          const answer = data.Saved ?? data.Failed;
          if (!open.has(answer?.id)) return;
          if (data.Saved) tell(JSON.stringify({ saved: data.Saved.rows.map((row) => row.event_id), guarantee: data.Saved.guarantee }));
          // Nobody is misled; the writer goes on, as a person would.
          else state.refused.push(data.Failed.problem.happened);
          open.get(answer.id)();
          open.delete(answer.id);
        });
        const capture = (facts) => new Promise((resolve) => {
          const id = (wire.next += 1);
          open.set(id, resolve);
          state.tried.push(facts);
          worker.postMessage([{ Capture: { id, drafts: facts.map((fact) => ({ scope: "Me", fact, seen: null })) } }]);
        });
        let captures = 0;
        for (let turn = 0; !state.stop; turn++) {
          const burst = Array.from({ length: bursts[turn % bursts.length] }, () => {
            captures += 1;
            return capture(session && captures % (session + 1) === 0 ? workout() : [weighing()]);
          });
          await Promise.all(burst);
          const rest = pauses[turn % pauses.length];
          if (rest) await new Promise((next) => setTimeout(next, rest));
        }
      };
      state.done = writers.map((writer) => write(writer).catch((err) => state.broken.push(err.message)));
    },
    [build, writers],
  );

/** Ends the load; answers `{ tried, refused }`: every capture that was begun, as a list of facts, and what was refused. */
export async function unload(page) {
  const { tried, refused, broken } = await page.evaluate(() => {
    load.stop = true;
    return { tried: load.tried, refused: load.refused, broken: load.broken };
  });
  ensure(!broken.length, `a writer stopped: ${broken[0]}`);
  return { tried, refused };
}

/** Ends the load when everything is answered. */
export async function finishLoad(page) {
  await page.evaluate(() => {
    load.stop = true;
    return Promise.all(load.done);
  });
  return unload(page);
}
