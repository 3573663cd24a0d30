// The tabs soak: one profile with one to eight tabs that all write, and tabs, workers, the leader and the whole browser die
// at random instants. What was acknowledged is there afterwards, once, and nothing else is.
//
//   node tests/journey/tabs.mjs [--kills 25] [--minutes N] [--from SEED] [--out FILE.json] [--frozen] [--only KIND] [--plant early|lose|add|double]
//                                                                  SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM
//
// A tab is the app itself, looked at (it has figures, and somebody types notes into it) or in the background, or a storage
// worker that is driven from a bare page, the yard. `--frozen` adds a leader that stops answering and still holds its lock.
// `--minutes` ends it earlier. `--plant` makes the test itself wrong in one way, to see that it complains.
import { rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { pause } from "../common.mjs";
import { dice } from "../replication/lib.mjs";
import { look } from "./pool.mjs";
import { Story, browse, built, ensure, freePort, kill, pastServiceWorker, same, serve, temporary, until, workerOf } from "./lib.mjs";
import { inPage } from "./tabs-page.mjs";

const { values } = parseArgs({
  options: { kills: { type: "string", default: "25" }, minutes: { type: "string", default: "Infinity" }, from: { type: "string", default: "1" }, out: { type: "string" }, frozen: { type: "boolean" }, only: { type: "string" }, plant: { type: "string" } },
});
let kills = Number(values.kills);
const minutes = Number(values.minutes);
const seed = Number(values.from);
const random = dice("tabs", seed);
const TABS_MAX = 8;
/** Tables cost a second of a processor: of all tabs, only so many are looked at. */
const LOOKED_AT_MAX = 2;
/** Longer than another tab may take to lead. */
const TAKEOVER_MS = 2_000;
const NOT_SAVED = "a typed note was not saved in ten seconds";
/** How long a stopped leader stays stopped when nobody takes over. */
const FROZEN_MS = 6_000;

function grouped(all, by) {
  const groups = new Map();
  for (const one of all) groups.set(by(one), [...(groups.get(by(one)) ?? []), one]);
  return groups;
}

// ---------------------------------------------------------------------------------------------- what was written

/** Every text is unique. `tried` knows it before it is written, `acked` once somebody was told that it is saved. */
class Book {
  tried = new Map();
  acked = new Map();
  #batches = 0;

  tries(texts) {
    this.#batches += 1;
    for (const text of texts) this.tried.set(text, this.#batches);
  }

  saved(texts, ids) {
    texts.forEach((text, at) => this.acked.set(text, ids[at] ?? this.acked.get(text)));
  }
}

/**
 * `due` is what was acknowledged before somebody looked, `rows` what was found: event id, text, place in its chain, hash;
 * only the text where no more is known. A row that lies in two files is one row.
 */
function judge(book, due, rows) {
  const events = new Map();
  const texts = new Map();
  const places = new Map();
  const doubled = new Set();
  const into = (map, key, value) => map.set(key, (map.get(key) ?? new Set()).add(value));
  rows.forEach(([id, text, place, hash], nth) => {
    if (text !== null) into(texts, text, id ?? nth);
    if (place) into(places, place, id);
    if (id) into(events, id, hash);
  });
  for (const [text, ids] of texts) if (1 < ids.size) doubled.add(text);
  for (const [id, hashes] of events) if (1 < hashes.size) doubled.add(id);
  return {
    lost: [...due].filter(([text, id]) => !texts.has(text) || (id && events.size && !events.has(id))).map(([text]) => text),
    doubled: [...doubled],
    phantom: [...texts.keys()].filter((text) => !book.tried.has(text)),
    /** Two rows in one place of one chain: two tabs wrote in one lane. */
    forked: [...places].filter(([, ids]) => 1 < ids.size)
      .map(([place]) => `${place}: ${[...new Set(rows.filter((row) => row[2] === place).map(([, text]) => text))].sort().join(" and ")}`),
    /** Captures of which only a part is there. Only true of tabs that have stopped writing. */
    torn: [...grouped(book.tried, ([, batch]) => batch).values()]
      .filter((batch) => new Set(batch.map(([text]) => texts.has(text))).size === 2).map((batch) => batch.map(([text]) => text).join()),
  };
}

/** The judge sees what it has to see. */
function tried() {
  const book = new Book();
  book.tries(["a"]);
  book.tries(["b", "c"]);
  book.saved(["a"], ["1"]);
  const good = [["1", "a", "p1", "h1"], ["1", "a", "p1", "h1"], ["2", "b", "p2", "h2"], ["3", "c", "p3", "h3"]];
  const seen = (rows) => Object.entries(judge(book, book.acked, rows)).filter(([, found]) => found.length).map(([name]) => name);
  same(seen(good), [], "complaints about rows that are right");
  same(seen(good.slice(2)), ["lost"], "an acknowledged row that is gone");
  same(seen([["9", "a", "p9", "h9"], ...good.slice(2)]), ["lost"], "an acknowledged text under another id");
  same(seen([...good, ["4", "a", "p4", "h4"]]), ["doubled"], "a text that is there twice");
  same(seen([...good, [null, "a"]]), ["doubled"], "a text that a table has twice");
  same(seen([...good, ["1", "a", "p1", "h4"]]), ["doubled"], "an id with two contents");
  same(seen([...good, ["4", "x", "p4", "h4"]]), ["phantom"], "a row that nobody wrote");
  same(seen([["1", "a", "p2", "h1"], ...good.slice(2)]), ["forked"], "two rows in one place");
  same(seen(good.slice(0, 3)), ["torn"], "half a capture");
}

// ---------------------------------------------------------------------------------------------- the browser and its tabs

const story = new Story();
const folder = temporary("tabs");
const book = new Book();
const bad = { lost: new Set(), doubled: new Set(), phantom: new Set(), forked: new Set(), torn: new Set(), unfiled: new Set(), vanished: new Set(), differ: new Set() };
/** What some start has found in the files, acknowledged or not. */
const everFound = new Map();
const notes = [];
const generations = [];
let context;
let yard;
let room;
let tabs = [];
let tabsMax = 0;
let names = 0;
let server;

/** What nobody lost a row by, and is not as it should be: said once each, and counted without its numbers. */
const note = (text) => {
  if (!notes.includes(text)) console.log(`  ! ${text}`);
  notes.push(text);
};

function hears([word, ...more]) {
  if (word === "tries") more[0].forEach((texts) => book.tries(texts));
  if (word === "saved") {
    const [texts, ids, guarantee] = more;
    book.saved(texts, ids);
    if (guarantee === "MemoryOnly") note(`a tab had no storage: ${texts}`);
  }
  if (word === "refused") note(`a capture was refused: ${more[0]}`);
  if (word === "failed") note(`a writer stopped: ${more[0]}`);
  if (word === "started") return takeSenses(more[0]);
}

async function open() {
  // Playwright starts Chromium without the back/forward cache; people have it.
  ({ context } = await browse(story, folder, { ignoreDefaultArgs: ["--disable-back-forward-cache"] }));
  await context.exposeBinding("soakHears", (_, words) => hears(words));
  await context.addInitScript(inPage, built.build);
  yard = context.pages()[0];
  // The service worker would give the yard the app.
  await pastServiceWorker(yard);
  await yard.goto(`${server.url}/healthz`);
}

/** One that writes. `name` is that of a driven worker; an app's page has one storage worker of its own. */
class Tab {
  gone = false;

  constructor(page, { name = null, lookedAt = false } = {}) {
    Object.assign(this, { page, name, lookedAt });
    const over = () => (tabs = tabs.filter((tab) => tab !== this || !(this.gone = true)));
    page.once("crash", over);
    page.once("close", over);
  }

  get kind() {
    return this.name ? "driven" : this.lookedAt ? "looked at" : "background";
  }

  /** It is writing when this returns. */
  async begin() {
    if (!this.name) await this.page.waitForFunction(() => globalThis.soak?.ready());
    const how = { name: `w${(names += 1)}`, room, seed: random.between(0, 2 ** 31), early: values.plant === "early" };
    if (room) await this.page.evaluate(([name, how]) => soak.write(name, how), [this.name, how]);
    if (!tabs.includes(this)) tabs.push(this);
    tabsMax = Math.max(tabsMax, tabs.length);
    return this;
  }

  storm = (on = true) => this.page.evaluate(([name, on]) => soak.storm(name, on), [this.name, on]);
  report = () => this.page.evaluate((name) => soak.report(name), this.name);

  over() {
    this.gone = true;
    tabs = tabs.filter((tab) => tab !== this);
  }

  /** As quickly as can be, in the middle of whatever it does. */
  async end(how = "close") {
    this.over();
    if (this.name) return yard.evaluate((name) => soak.drop(name), this.name);
    if (how === "crash") {
      const crashed = this.page.waitForEvent("crash");
      // Neither has an answer: there is nobody left to give it.
      if (random.roll() < 0.5) (await context.newCDPSession(this.page)).send("Page.crash").catch(() => {});
      else this.page.goto("chrome://crash").catch(() => {});
      await crashed;
    }
    const closed = this.page.waitForEvent("close");
    await this.page.close({ runBeforeUnload: how === "unload" });
    await closed;
  }

  /** Somebody types notes: into the real box, with the real button. The box is emptied once the note is saved. */
  async type() {
    const box = this.page.getByTestId("message");
    for (let nth = 1; !this.gone; nth += 1) {
      const text = `${this.typist ??= `t${(names += 1)}`}-${nth}`;
      try {
        await box.fill(text, { timeout: 10_000 });
        // This very box: after a reload another one stands there, as empty as if the note had been saved.
        const own = await box.elementHandle({ timeout: 10_000 });
        same(await own.inputValue(), text, "what was typed");
        book.tries([text]);
        await this.page.getByTestId("send").click({ timeout: 10_000 });
        for (const end = Date.now() + 10_000; (await own.inputValue()) !== ""; await pause(20)) ensure(Date.now() < end, NOT_SAVED);
        book.saved([text], []);
      } catch (err) {
        // Mostly a page that is being reloaded, crashed or frozen; the note counts as not acknowledged.
        if (!this.gone && !this.disturbed && err.message === NOT_SAVED) note(NOT_SAVED);
        await pause(50);
      }
    }
  }
}

async function drive() {
  const name = `d${(names += 1)}`;
  await yard.evaluate((name) => soak.drive(name), name);
  return new Tab(yard, { name }).begin();
}

async function openTab(lookedAt) {
  const page = await context.newPage();
  // A tab behind others builds no tables. Headless, every page counts as looked at.
  if (!lookedAt) await page.addInitScript(() => Object.defineProperty(document, "visibilityState", { get: () => globalThis.lookedAt ? "visible" : "hidden", configurable: true }));
  await page.goto(`${server.url}${lookedAt ? "/crew" : "/"}`);
  const tab = await new Tab(page, { lookedAt }).begin();
  if (lookedAt) void tab.type();
  return tab;
}

const isApp = (tab) => !tab.name;
const anyTab = () => {
  const room = tabs.filter((tab) => tab.lookedAt).length < LOOKED_AT_MAX;
  return random.roll() < 0.45 ? drive() : openTab(room && random.roll() < 0.4);
};
const seat = async () => {
  while (TABS_MAX <= tabs.length) await random.one(tabs).end();
};
const oneOf = async (wanted, make) => random.one(tabs.filter(wanted)) ?? (await seat(), make());

/** Another number of tabs than before. */
async function fill() {
  const wanted = random.between(1, TABS_MAX);
  while (wanted < tabs.length) await random.one(tabs).end();
  while (tabs.length < wanted) await anyTab();
}

/** Tabs that start while another one dies. */
const arriving = () => Promise.all(Array.from({ length: Math.max(0, Math.min(random.between(0, 2), TABS_MAX - 1 - tabs.length)) }, async () => {
  await pause(random.between(0, 200));
  await drive();
}));

async function leader() {
  return until(async () => {
    const asked = await Promise.all(tabs.map(async (tab) => ((await tab.report()).leader ? tab : null)));
    return asked.find(Boolean);
  }, { what: "one tab leads" });
}

/** Milliseconds from `strike` until another tab says that it leads; `null` when none does while somebody waits. What `strike`
 * answers is called afterwards and says when the leader really stopped. */
async function takeover(victim, strike, patience = 15_000) {
  const { lane } = await victim.report();
  const first = yard.evaluate((lane) => soak.leads(lane), lane);
  const from = performance.timeOrigin + performance.now();
  const stopped = (await strike()) ?? (() => from);
  const at = await Promise.race([first, pause(patience).then(() => null)]);
  await yard.evaluate(() => soak.enough());
  return at && at - (await stopped());
}

// ---------------------------------------------------------------------------------------------- what happens to them

const midway = () => pause(random.between(0, 150));

/** The tab that leads, and there is at least one other. */
async function someLeader() {
  while (tabs.length < 2) await anyTab();
  return leader();
}

/** Afterwards the page has another worker, which has to be told to write. */
async function again(tab, go) {
  tab.disturbed = true;
  await go();
  await tab.begin();
  tab.disturbed = false;
}

const events = {
  "worker terminated": async () => {
    const tab = await oneOf((tab) => tab.name, drive);
    await tab.storm();
    await midway();
    await tab.end();
  },
  "tab closed": async () => {
    const tab = await oneOf(isApp, () => openTab(false));
    await tab.storm();
    await midway();
    await tab.end(random.one(["close", "unload"]));
  },
  "renderer crashed": async () => {
    const tab = await oneOf(isApp, () => openTab(false));
    await tab.storm();
    await midway();
    await tab.end("crash");
  },
  "browser killed": async () => {
    const all = [...tabs];
    await Promise.all(all.map((tab) => tab.storm().catch(() => {})));
    await midway();
    all.forEach((tab) => tab.over());
    await kill(folder);
    await open();
  },
  "leader killed": async () => {
    const tab = await someLeader();
    await tab.storm();
    await midway();
    const how = random.one(["close", "unload", "crash"]);
    return { takeover: await takeover(tab, () => tab.end(how)), how: `${tab.kind}, ${tab.name ? "terminated" : how}` };
  },
  "tab reloaded": async () => {
    const tab = await oneOf(isApp, () => openTab(false));
    await tab.storm();
    await midway();
    await again(tab, () => tab.page.reload({ waitUntil: "commit" }));
  },
  "tab duplicated": async () => {
    await seat();
    const tab = await oneOf(isApp, () => openTab(false));
    await tab.page.evaluate(() => sessionStorage.setItem("copied", "yes"));
    const opened = context.waitForEvent("page");
    await tab.page.evaluate(() => void window.open(location.href));
    const page = await opened;
    const other = await new Tab(page, { lookedAt: true }).begin();
    ensure((await page.evaluate(() => sessionStorage.getItem("copied"))) === "yes", "a duplicate without the session's storage");
    await Promise.all([tab.storm(), other.storm()]);
    await midway();
    // One of the two stays.
    await (random.roll() < 0.5 ? tab : other).end(random.one(["close", "unload"]));
  },
  "back and forward": async () => {
    const tab = await oneOf(isApp, () => openTab(false));
    await tab.storm();
    await midway();
    const before = await tab.page.evaluate(() => soak.restored);
    tab.disturbed = true;
    await tab.page.goto(`${server.url.replace("localhost", "127.0.0.1")}/healthz`);
    await midway();
    // The page may be gone before it has answered.
    await tab.page.evaluate(() => void history.back()).catch(() => {});
    await until(() => tab.page.evaluate((home) => location.origin === home && Boolean(globalThis.soak), server.url), { what: "the page is back" });
    const kept = before < (await tab.page.evaluate(() => soak.restored));
    // One that comes out of the cache goes on where it was.
    if (!kept) await tab.begin();
    else await tab.storm(false);
    tab.disturbed = false;
    return { how: kept ? "from the cache" : "loaded anew" };
  },
};

/** The leader stops answering and still holds its lock, as a tab does that the browser froze. */
const frozen = async () => {
  let tab = await someLeader();
  // Driven workers start sooner, so they would lead mostly.
  if (random.roll() < 0.5) {
    if (!tabs.some(isApp)) await openTab(false);
    for (; !isApp(tab); tab = await someLeader()) await tab.end();
  }
  await tab.storm();
  await midway();
  const before = (await read()).generation;
  tab.disturbed = true;
  // A worker that waits for memory that nobody changes: it answers nothing, keeps its locks, and cannot be woken before its
  // time. A page frozen by the debugger alone would leave its worker running; a phone stops both.
  const mark = tab.name ? `storage.js?${tab.name}` : "storage.js";
  const worker = tab.page.workers().find((worker) => worker.url().endsWith(mark));
  // The debugger loses sight of the workers of a page that came back from the cache.
  if (!worker) return null;
  const session = isApp(tab) && random.roll() < 0.5 ? await context.newCDPSession(tab.page) : null;
  const how = session ? "worker stopped, page frozen" : "worker stopped";
  let over;
  const strike = async () => {
    over = worker.evaluate((ms) => {
      const stopped = performance.timeOrigin + performance.now();
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
      Atomics.wait(new Int32Array(memory.buffer), 0, 0, ms);
      return stopped;
    }, FROZEN_MS);
    await session?.send("Page.setWebLifecycleState", { state: "frozen" });
    return async () => {
      await session?.send("Page.setWebLifecycleState", { state: "active" });
      return over;
    };
  };
  const took = await takeover(tab, strike, FROZEN_MS);
  await until(() => tab.report(), { what: "the former leader answers again" });
  tab.disturbed = false;
  await tab.storm(false);
  // Whoever leads now goes on with the index: a session that is over is sealed, which only happens with tables.
  const late = await drive();
  await until(() => [...book.tried.keys()].length && late.report().then((report) => 0 < Number(report.open_rows)), { what: "the late tab has written" });
  await late.end();
  const now = await leader();
  if (isApp(now) && !now.lookedAt) await now.page.evaluate(() => {
    globalThis.lookedAt = true;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await yard.evaluate((build) => new BroadcastChannel(`spotter-${build}`).postMessage([JSON.stringify("SessionOver")]), built.build);
  await until(async () => before < (await read()).generation, { what: "the index goes on", timeout: 40_000 }).catch((err) => note(`after a frozen leader: ${err.message}`));
  const leaders = (await Promise.all(tabs.map((tab) => tab.report()))).filter((report) => report.leader).length;
  if (leaders !== 1) note(`after a frozen leader ${leaders} tabs say that they lead`);
  return { takeover: took, how: `${tab.kind}, ${how}` };
};
if (values.frozen || values.only === "leader frozen") events["leader frozen"] = frozen;
ensure(!values.only || events[values.only], `--only takes one of: ${Object.keys(events).join(", ")}`);

// ---------------------------------------------------------------------------------------------- what is there

/** A reader does not hear the other tabs: what they still have in memory is not on the disk. Nor, if it is to see the files
 * alone, the second place that young rows are kept in. */
async function takeSenses(name) {
  const worker = await workerOf(yard, `storage.js?${name}`);
  await worker.evaluate((filesOnly) => {
    globalThis.BroadcastChannel = undefined;
    if (!filesOnly) return;
    for (const name of ["getAll", "getAllKeys"]) {
      const plain = IDBObjectStore.prototype[name];
      IDBObjectStore.prototype[name] = function (...which) {
        return this.name === "births" ? plain.call(this, IDBKeyRange.only("nobody")) : plain.apply(this, which);
      };
    }
  }, name.startsWith("files"));
}

/**
 * Everything that is on the disk, by the storage worker's own reading: a fresh one that starts in the yard, deaf to the
 * other tabs, and hands its rows to what it takes for its projector. Nothing here knows how a file looks.
 */
async function read({ filesOnly = false } = {}) {
  const found = await yard.evaluate((name) => soak.read(name), `${filesOnly ? "files" : "deaf"}${(names += 1)}`);
  generations.push(found.generation);
  for (const problem of found.problems) if (!/was cut off/.test(problem)) note(`a start found: ${problem}`);
  return found;
}

function complain(found, where, atRest) {
  for (const [name, list] of Object.entries(found)) {
    if (name === "torn" && !atRest) continue;
    // A place counts once, however many rows come to stand in it.
    const key = (one) => (name === "forked" ? one.split(" ")[0] : one);
    const fresh = list.filter((one) => !bad[name].has(key(one)));
    fresh.forEach((one) => bad[name].add(key(one)));
    if (fresh.length) console.log(`  ${fresh.length} ${name} ${where}: ${fresh.slice(0, 3).join("; ")}`);
  }
}

function planted(rows) {
  if (values.plant === "lose") rows.splice(rows.findIndex(([, text]) => text === [...book.acked.keys()][0]), 1);
  const id = rows[0]?.[0] && "planted";
  if (values.plant === "add") rows.push([id, "nobody's", null, "-"]);
  if (values.plant === "double") rows.push([id, rows.find(([, text]) => text)[1], null, "-"]);
  return rows;
}

/** Row by row, after every event. */
/** For whoever has to find out: in which files a row lies that nobody finds, and what the index says of them. */
async function whereabouts(needle) {
  const pool = await look(yard, `"${needle}"`);
  const index = pool.filter((file) => file.manifest).map((file) => file.manifest).sort((a, b) => b.generation - a.generation)[0];
  const about = ({ name, role, useId, size }) => {
    const says = [["sealed", index.sealed], ["retired", index.retired], ["quarantined", index.quarantined]];
    const listed = says.flatMap(([how, files]) => files.filter((file) => file.use_id === useId).map((file) => `${how} ${file.successor ?? ""}`));
    return `${name} (${role}, ${size} bytes, use ${useId}, ${listed.join(", ") || "not listed"})`;
  };
  console.log(`  ${needle} lies in: ${pool.filter((file) => file.found).map(about).join("; ") || "no file"}`);
}

async function check(where, { atRest = false } = {}) {
  const due = new Map(book.acked);
  const before = generations.at(-1) ?? 0;
  // The files first, without the second place that young rows are kept in: whoever reads that puts its rows into a file,
  // and would repair what is to be found. Nothing here cuts the power, so what was acknowledged lies in a file.
  let found = await read({ filesOnly: true });
  const missing = judge(book, due, found.rows).lost;
  if (missing.length) {
    found = await read();
    const lost = new Set(judge(book, due, found.rows).lost);
    complain({ unfiled: missing.filter((text) => !lost.has(text)) }, where, true);
    for (const text of lost) await whereabouts(text);
  }
  if (found.generation < before) note(`the index went back from generation ${before} to ${found.generation} ${where}`);
  complain(judge(book, due, planted(found.rows)), where, atRest);
  // A row that one start has found is not gone at the next, whether or not somebody was told of it.
  const ids = new Set(found.rows.map(([id]) => id));
  complain({ vanished: [...everFound].filter(([id]) => !ids.has(id)).map(([, text]) => text) }, where, true);
  for (const [id, text] of found.rows) everFound.set(id, text);
  return found;
}

/** By the app's own tables, as its screens ask them: slower, so now and then, and at the end. */
async function checkTables(where, found) {
  const due = new Map(book.acked);
  const said = await yard.evaluate(() => soak.asks());
  complain(judge(book, due, planted(said.texts.map((text) => [null, text]))), where, false);
  if (!found) return;
  const files = new Map(found.rows.map(([id, text]) => [id, text]));
  const [texts, tables] = [new Set(files.values()), new Set(said.texts)];
  const differ = [...[...tables].filter((text) => !texts.has(text)), ...[...texts].filter((text) => text !== null && !tables.has(text))];
  if (said.events !== files.size || differ.length) complain({ differ: [`${said.events} events in the tables, ${files.size} in the files: ${differ}`] }, where, true);
}

// ---------------------------------------------------------------------------------------------- the story

const seen = Object.fromEntries([...Object.keys(events)].map((name) => [name, { n: 0, takeovers: [], hows: {} }]));
const began = Date.now();
tried();
try {
  server = await serve(await freePort());
  await open();
  // The first note makes the room that everybody writes to.
  const first = await openTab(true);
  await until(async () => (room = (await yard.evaluate(() => soak.asks())).rooms[0]), { what: "the first note's room" });
  await first.begin();

  let deck = [];
  for (let nth = 1; nth <= kills; nth += 1) {
    const last = Date.now();
    if (began + minutes * 60_000 < last) {
      kills = nth - 1;
      break;
    }
    await fill();
    // Every kind comes round before one comes again.
    if (!deck.length) deck = Object.keys(events).filter((name) => (values.only ?? name) === name).map((name) => [random.roll(), name]).sort(([a], [b]) => a - b).map(([, name]) => name);
    const name = deck.pop();
    const at = Date.now();
    const filled = at - last;
    let missed;
    // Whoever comes to lead is to be among those that are asked: nobody arrives while a leader goes.
    const others = name.startsWith("leader") ? null : arriving().catch((err) => (missed = err));
    const count = tabs.length;
    const happened = await events[name]();
    await others;
    if (happened === null) {
      nth -= 1;
      continue;
    }
    const { takeover = undefined, how = "" } = happened ?? {};
    if (missed && name !== "browser killed") throw missed;
    await Promise.all(tabs.map((tab) => tab.storm(false).catch(() => {})));
    const one = seen[name];
    one.n += 1;
    if (how) one.hows[how] = (one.hows[how] ?? 0) + 1;
    if (takeover !== undefined) one.takeovers.push(takeover);
    const where = `at ${nth} of seed ${seed} (${name}${how && `, ${how}`})`;
    const acted = Date.now() - at;
    const found = await check(where, { atRest: false });
    if (nth % 10 === 0) await checkTables(where);
    const took = takeover === undefined ? "" : takeover === null ? ", nobody took over" : `, taken over in ${takeover.toFixed(0)} ms`;
    console.log(`${nth}. ${name}${how && ` (${how})`}, ${count} tabs${took}; ${book.acked.size} acknowledged, generation ${found.generation}, ${found.sealed_files} sealed of ${found.pool_files} files; ${filled} + ${acted} + ${Date.now() - at - acted} ms`);
  }

  // Nobody is left who remembers anything.
  for (const tab of [...tabs]) await tab.end();
  await context.close();
  await open();
  const found = await check(`at the end of seed ${seed}`, { atRest: true });
  await checkTables(`in the tables at the end of seed ${seed}`, found);
} finally {
  tabs.forEach((tab) => tab.over());
  await story.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}

// ---------------------------------------------------------------------------------------------- what came of it

/** Nearest rank. A take-over that never came counts as the longest. */
function quantiles(all) {
  const sorted = all.map((ms) => ms ?? Infinity).sort((a, b) => a - b);
  const at = (q) => Math.round(sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

const slow = Object.values(seen).flatMap((one) => one.takeovers).filter((ms) => ms === null || TAKEOVER_MS < ms).length;
const kinds = Object.fromEntries(Object.entries(seen).map(([name, { n, takeovers, hows }]) => {
  const never = takeovers.filter((ms) => ms === null).length;
  return [name, { n, ...(Object.keys(hows).length && { hows }), ...(takeovers.length && { takeover_ms: quantiles(takeovers), never }) }];
}));
const counts = Object.fromEntries(Object.entries(bad).map(([name, found]) => [name, found.size]));
const result = {
  kills, tabs_max: tabsMax, seconds: Math.round((Date.now() - began) / 1000), by_kind: kinds, acked: book.acked.size, written: book.tried.size, ...counts,
  slow_takeovers: slow, generation: generations.at(-1), notes: Object.fromEntries([...grouped(notes, (text) => text.replace(/\d+/g, "N"))].map(([text, all]) => [text, all.length])), seed,
};
for (const [line, all] of grouped(story.errors.filter((line) => !line.startsWith("crash")), (line) => line)) console.log(`heard ${all.length} times: ${line}`);
console.log(JSON.stringify(result, null, 1));
if (values.out) writeFileSync(values.out, `${JSON.stringify(result, null, 2)}\n`);
// How long it took is a figure; that nobody took over is a fault.
const never = Object.values(seen).some((one) => one.takeovers.includes(null));
process.exitCode = Object.values(counts).some(Boolean) || never ? 1 : 0;
