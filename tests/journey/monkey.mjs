// A monkey: whatever a hand may do, on every screen, on a phone and on a desktop, from a seed. No panic, no complaint in the
// console, no dead end, an undo that brings back what was there, and what is stored is exactly what was shown as saved.
//
//   node tests/journey/monkey.mjs [--minutes 2] [--from SEED] [--chapters N] [--actions 120] [--out FILE.json]
//                                                                  SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM
//
// A chapter is a profile of its own with a seed of its own, by turns a phone and a desktop. A failure tells the seed and what
// was done last; `--from SEED --chapters 1` does it again.
import { rmSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { dice } from "../replication/lib.mjs";
import { Story, browse, built, ensure, freePort, openApp, pastServiceWorker, progress, same, serve, temporary, text, thousands, tiles, until } from "./lib.mjs";
import { inPage as listening } from "./monkey-page.mjs";
import { fold, shownLoad } from "./monkey-facts.mjs";
import { inPage as reading } from "./tabs-page.mjs";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "2" }, from: { type: "string", default: "1" }, chapters: { type: "string", default: "Infinity" }, actions: { type: "string", default: "120" }, out: { type: "string" } },
});
const end = Date.now() + Number(values.minutes) * 60_000;
const ACTIONS = Number(values.actions);
const first = Number(values.from);
/** Between two looks at everything that is stored. */
const LOOK_EVERY = 40;
const PATIENCE_MS = 10_000;

/** All that a page says of a server that was stopped; nothing else may be in the console. */
const OFFLINE = /^console error: Failed to load resource: net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING)\b/;
/** What leaves the story: a phone that is locked or emptied has nothing to compare, and an account makes it another story. */
const LEAVE_ALONE = new Set(["remove-everything", "lock-now", "app-lock-on", "app-lock-off", "app-lock-passphrase"]);
const KEYS = ["Tab", "Shift+Tab", "Enter", "Escape", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Delete", "Backspace", "Space", "n", "?", "1", "5", ".", ",", "t", "h"];
const TEXTS = ["bench", "squat barb", "row", "82.5", "0", "-3", "1e9", "999999999", "a note", "x".repeat(300), "=1+1", "\u202egnirts", "💪🏽 ſ", "  ", "'; drop", "5,5", "ohp"];
/** How much each kind of offer draws a hand; whatever is not named counts 2. */
const WEIGHTS = { tick: 12, cell: 7, key: 6, "keypad-close": 5, "keypad-next": 5, "add-exercise": 6, "add-set": 3, exercises: 10, undo: 30, "start-workout": 8, "workout-bar": 8, finish: 1, fold: 2, more: 4, tabs: 5, "set-row": 6, "edit-save": 8, danger: 3, text: 6 };

const FILE = `Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE
2025-03-03 18:00:00,"Push",1h 2m,"Bench Press (Barbell)",1,80.0,5.0,0,0.0,"","",8
2025-03-03 18:00:00,"Push",1h 2m,"Bench Press (Barbell)",2,82.5,5.0,0,0.0,"","",
2025-03-05 18:00:00,"Legs",55m,"Squat (Barbell)",1,100.0,5.0,0,0.0,"","",
`;

const story = new Story();
const totals = { chapters: 0, actions: 0, kinds: {}, screens: {}, reloads: 0, offline: 0, undos: 0, undosCompared: 0, rowsCompared: 0, looks: 0, shown: {} };
const count = (of, name) => (of[name] = (of[name] ?? 0) + 1);

// ---------------------------------------------------------------------------------------------- one chapter

class Chapter {
  trace = [];
  /** Captures by their number in their page: tried, until somebody is told that they are saved or not. */
  #tried = new Map();
  #pages = 0;
  /** `{ event_id, hlc, kind, body }` as the page was told that they are saved. */
  acked = [];
  /** Removed with an offer to undo it: what there was before and after. */
  undoable = null;
  online = true;

  constructor(seed, server, port, database) {
    Object.assign(this, { seed, server, port, database, url: server.url, phone: seed % 2 === 1, random: dice("monkey", seed) });
    this.folder = temporary("monkey");
  }

  hears([word, id, more, guarantee]) {
    const key = `${this.#pages} ${id}`;
    if (word === "ready") ensure(id === false, "the app has no storage");
    if (word === "tries") this.#tried.set(key, more);
    // Nobody was told that it is saved, and it was not.
    if (word === "failed") this.#tried.delete(key) && count(totals.shown, `not saved: ${more}`);
    if (word === "saved") {
      const drafts = this.#tried.get(key) ?? [];
      this.#tried.delete(key);
      if (guarantee === "MemoryOnly") this.broken = "a row was kept in memory only";
      more.forEach(({ event_id, hlc }, nth) => this.acked.push({ event_id, hlc, kind: drafts[nth]?.fact.kind, body: drafts[nth]?.fact.body }));
    }
  }

  async begin() {
    const shape = this.phone ? {} : { viewport: { width: 1280, height: 800 }, hasTouch: false };
    ({ context: this.context, page: this.page } = await browse(story, this.folder, shape));
    await this.context.exposeBinding("soakHears", () => {});
    await this.context.exposeBinding("monkeyHears", (_, words) => this.hears(words));
    await this.context.addInitScript(reading, built.build);
    await this.context.addInitScript(listening);
    this.yard = await this.context.newPage();
    await pastServiceWorker(this.yard);
    await this.yard.goto(`${this.url}/healthz`);
    await this.page.bringToFront();
    if (this.phone) this.touch = await this.context.newCDPSession(this.page);
    await openApp(this.page, this.url);
    await until(() => this.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === "activated"), { what: "an active service worker", timeout: 60_000 });
  }

  // -------------------------------------------------------------------------------------------- what is done

  did(what) {
    this.trace.push(what);
    count(totals.kinds, what.split(" ")[0]);
  }

  /** One thing that a hand may do; chance decides by the names of what is there, so that a seed does the same again. */
  async act() {
    const offers = await this.offers();
    const which = this.random.which({ tap: 0.68, key: 0.07, swipe: 0.1, type: 0.05, back: 0.03, scroll: 0.03, reload: 0.02, turn: 0.02 });
    const toast = await this.ask("toast");
    const before = { live: this.live(), toast };
    switch (which) {
      case "key": return this.key(before);
      case "swipe": return this.swipe(before);
      case "type": return this.type(offers.filter(isText), before);
      case "back": return this.back();
      case "scroll": return this.scroll();
      case "reload": return this.reload();
      case "turn": return this.turn();
      default: return this.tap(offers, before);
    }
  }

  async tap(offers, before) {
    const groups = new Map();
    for (const offer of offers) groups.set(groupOf(offer), [...(groups.get(groupOf(offer)) ?? []), offer]);
    const weight = (name) => WEIGHTS[name] ?? 2;
    let left = this.random.roll() * [...groups.keys()].reduce((sum, name) => sum + weight(name), 0);
    const [name, own] = [...groups].find(([name]) => (left -= weight(name)) < 0) ?? [...groups].at(-1);
    const offer = this.random.one(own);
    this.did(`tap ${name} “${offer.label}” of ${own.length}`);
    if (isText(offer)) return this.write(offer);
    const undo = name === "undo" ? this.undoable : null;
    if (name === "undo") totals.undos += 1;
    await this.point(offer);
    await this.settle();
    if (undo) await this.undone(undo, before);
    else await this.noteUndo(before);
  }

  point = ({ x, y }) => (this.phone ? this.page.touchscreen.tap(x, y) : this.page.mouse.click(x, y));

  async write(offer) {
    const text = this.random.one(TEXTS);
    this.did(`type “${text.slice(0, 20)}” into ${offer.test || offer.label}`);
    await this.point(offer);
    if (this.random.roll() < 0.5) await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.insertText(text);
    await this.settle();
  }

  async type(fields) {
    if (fields.length) return this.write(this.random.one(fields));
    return this.scroll();
  }

  async key(before) {
    const key = this.random.one(KEYS);
    const held = await this.page.evaluate(() => [location.pathname, document.activeElement?.dataset?.test ?? "", document.activeElement?.textContent ?? ""]);
    // Enter and the space bar are a tap on what has the focus.
    if ((key === "Enter" || key === "Space") && (held[0] === "/me/sync" || LEAVE_ALONE.has(held[1]) || held[0] === "/me/storage")) return this.scroll();
    this.did(`key ${key}`);
    await this.page.keyboard.press(key);
    await this.settle();
    await this.noteUndo(before);
  }

  /** To the left and right over a row of a set where there is one, or anywhere. */
  async swipe(before) {
    const rows = await this.page.locator(".workout .set[role=row]:not(.head)").evaluateAll((all) => all.map((row) => row.getBoundingClientRect()).filter((box) => 60 < box.top && box.bottom < innerHeight - 60)
      .map((box) => ({ x: box.left + box.width / 2, y: box.top + box.height / 2 })));
    const by = this.random.one([-120, 120, -40, -160]);
    const from = this.random.one(rows) ?? { x: 195, y: this.random.between(100, 700) };
    const over = rows.length ? `row ${rows.indexOf(from) + 1} of ${rows.length}` : "nothing";
    if (!this.phone) {
      if (!rows.length || (await this.ask("keypad"))) return this.scroll();
      this.did(`key Delete on ${over}`);
      await this.page.locator(".workout .set[role=row]:not(.head) button.kind").nth(rows.indexOf(from)).focus();
      await this.page.keyboard.press("Delete");
    } else {
      this.did(`swipe ${by} over ${over}`);
      const at = (x) => ({ x, y: from.y });
      const touch = (type, touchPoints) => this.touch.send("Input.dispatchTouchEvent", { type, touchPoints });
      await touch("touchStart", [at(from.x)]);
      for (const part of [0.3, 0.7, 1]) await touch("touchMove", [at(from.x + by * part)]);
      await touch("touchEnd", []);
    }
    await this.settle();
    await this.noteUndo(before);
  }

  async back() {
    if (!(await this.ask("canGoBack"))) return this.scroll();
    this.did("back");
    await this.page.goBack({ waitUntil: "commit" });
    await this.settle();
  }

  async scroll() {
    const by = this.random.one([-500, 500, 900]);
    this.did(`scroll ${by}`);
    await this.page.mouse.move(200, 400);
    await this.page.mouse.wheel(0, by);
    await this.settle();
  }

  async reload() {
    this.did("reload");
    totals.reloads += 1;
    const before = await this.sheet();
    this.#pages += 1;
    await this.page.reload({ waitUntil: "commit" });
    await this.settle();
    this.undoable = null;
    // The sheet is as it was: what was ticked is ticked.
    await this.comes(async () => ticked(await this.sheet()), ticked(before), "ticked rows after a reload");
  }

  /** The server goes, or comes back. */
  async turn() {
    this.did(this.online ? "offline" : "online");
    if (this.online) {
      totals.offline += 1;
      await this.server.stop();
    } else {
      this.server = await serve(this.port, { database: this.database });
    }
    this.online = !this.online;
    await this.settle();
  }

  // -------------------------------------------------------------------------------------------- what must hold

  ask = (name) => this.page.evaluate((name) => globalThis.monkey[name](), name);
  sheet = async () => JSON.parse((await this.page.evaluate(() => globalThis.monkey.sheet)) || "null");
  live = () => fold(this.acked).live();

  /** Whatever can be done where the page stands; somewhere there is always something. */
  async offers() {
    const here = await this.page.evaluate(() => location.pathname);
    count(totals.screens, here.replace(/\/history\/.+/, "/history/…"));
    let offers;
    await until(async () => (offers = (await this.ask("offers")).filter((offer) => allowed(offer, here))).length, { what: "something can be done here: a dead end", timeout: PATIENCE_MS });
    return offers;
  }

  /** Nothing is on its way any more. */
  async settle() {
    try {
      await until(async () => !(await this.page.evaluate(() => globalThis.monkey.busy())), { timeout: PATIENCE_MS });
    } catch (err) {
      const waiting = await this.ask("waiting").catch((err) => [err.message]);
      throw new Error(`the app never came to rest: ${waiting.join(", ") || "something is shown as being saved or read"}`);
    }
  }

  async comes(ask, expected, what) {
    let seen;
    try {
      await until(async () => isDeepStrictEqual((seen = await ask()), expected), { timeout: PATIENCE_MS });
    } catch {
      throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(seen)}`);
    }
  }

  /** After every action: the screen, the sheet and what was acknowledged say the same of the workout that goes on. */
  async agree() {
    ensure(!this.broken, this.broken);
    ensure(!story.errors.length, `the console complained: ${story.errors.join(" | ")}`);
    for (const problem of await this.ask("problems")) count(totals.shown, problem);
    const sheet = await this.sheet();
    if (!sheet) return;
    const own = () => fold(this.acked).live().filter((set) => set.workout_id === sheet.workout_id);
    await this.comes(async () => ticked(await this.sheet()).map((row) => row.set_id).sort(), own().map((set) => set.set_id).sort(), "sets that are ticked on the sheet, and saved ones");
    // What is being typed is not saved before the keypad is closed.
    if (await this.ask("keypad")) return;
    for (const set of own()) {
      const row = ticked(await this.sheet()).find((row) => row.set_id === set.set_id);
      totals.rowsCompared += 1;
      ensure(shows(row, set), `a ticked row shows ${JSON.stringify(row)}, and what was saved is ${JSON.stringify(set)}`);
    }
    const shown = await this.ask("rows");
    const current = (await this.sheet())?.exercises[(await this.sheet()).current];
    if (shown.length && current) same(shown.map((row) => row.done), current.sets.map((set) => set.done), "ticks on the screen and on the sheet");
  }

  /** A toast that offers to undo came with the last action. */
  async noteUndo(before) {
    const toast = await this.ask("toast");
    if (toast === null) this.undoable = null;
    else if (toast !== before.toast || !isDeepStrictEqual(before.live, this.live())) this.undoable = { toast, before: before.live, after: this.live() };
  }

  /** Undo right after what it undoes brings back what there was. */
  async undone(undoable, { live }) {
    this.undoable = null;
    if (!isDeepStrictEqual(live, undoable.after)) return;
    totals.undosCompared += 1;
    await this.comes(async () => this.live(), undoable.before, `saved sets after undoing “${undoable.toast}”`);
  }

  /** Everything that is stored, beside everything that was acknowledged, and all of that beside what the screens show. */
  async look() {
    totals.looks += 1;
    if (!this.online) await this.turn();
    await this.settle();
    this.did("look");
    const { rows, problems } = await this.yard.evaluate((name) => soak.read(name, true), `look-${this.trace.length}`);
    same(problems, [], "problems of a start");
    const stored = new Map(rows.map((row) => [row.event_id, row]));
    for (const { event_id, kind, body } of this.acked) {
      const row = stored.get(event_id);
      ensure(row, `a row was shown as saved and is not stored: ${kind} ${JSON.stringify(body)}`);
      if (kind) ensure(row.kind === kind && isDeepStrictEqual(whole({ ...row.hdr, ...row.body }), whole(body)), `stored ${JSON.stringify(row)}, shown as saved ${kind} ${JSON.stringify(body)}`);
    }
    const acked = new Set(this.acked.map((row) => row.event_id));
    const tried = [...this.#tried.values()].flat().map((draft) => JSON.stringify(whole(draft.fact.body)));
    const more = [...stored.values()].filter((row) => !acked.has(row.event_id) && !row.body?.import_id && !row.kind.startsWith("import.") && !row.kind.startsWith("person."));
    for (const row of more) ensure(tried.includes(JSON.stringify(whole({ ...row.hdr, ...row.body }))), `a row is stored that nobody wrote: ${JSON.stringify(row)}`);
    // What was written as the page went away may have been saved with nobody left to hear it.
    for (const row of more) this.acked.push({ event_id: row.event_id, hlc: row.hlc, kind: row.kind, body: { ...row.hdr, ...row.body } });
    const all = fold([...stored.values()].map((row) => ({ ...row, body: { ...row.hdr, ...row.body } })));
    this.imported = [...stored.values()].filter((row) => row.body?.import_id || row.kind.startsWith("import."));
    this.#pages += 1;
    await openApp(this.page, this.url, "/progress");
    this.undoable = null;
    await progress(this.page, "All");
    const expected = all.totals();
    await this.comes(async () => { const { workouts, sets } = await tiles(this.page); return { workouts, sets }; }, { workouts: thousands(expected.workouts), sets: thousands(expected.sets) }, "Progress, and what is stored");
    await openApp(this.page, this.url, "/crew");
    this.#pages += 1;
    await this.comes(async () => (await this.ask("notes")).map(plain).sort(), all.notes().map(plain).sort(), "notes, and what is stored");
  }

  async run() {
    await this.begin();
    if (this.random.roll() < 0.5) await this.bringIn();
    for (let nth = 1; nth <= ACTIONS && (nth <= LOOK_EVERY || Date.now() < end); nth += 1) {
      await this.act();
      totals.actions += 1;
      await this.agree();
      if (nth % LOOK_EVERY === 0) await this.look();
    }
    await this.look();
  }

  async bringIn() {
    this.did("import");
    await openApp(this.page, this.url, "/me/import");
    await this.page.getByTestId("file").setInputFiles({ name: "strong.csv", mimeType: "text/csv", buffer: Buffer.from(FILE) });
    await this.page.getByTestId("plan-sets").waitFor();
    const kg = this.page.getByRole("radio", { name: "kg", exact: true });
    if (await kg.count()) await kg.first().click();
    await this.page.getByTestId("run-import").click();
    await this.page.getByTestId("imported").waitFor();
    await this.settle();
  }
}

const ticked = (sheet) => (sheet?.exercises ?? []).flatMap((exercise) => exercise.sets.filter((set) => set.done).map((set) => ({ ...set, unit: exercise.unit })));
/** A note as it is kept: without what stands around it. */
const plain = (text) => text.replace(/\s+/g, " ").trim();
/** A body without what is empty: a field that is not there and one that is null say the same. */
const whole = (body) => Object.fromEntries(Object.entries(body ?? {}).filter(([, value]) => value !== null && value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)));
const isText = (offer) => offer.tag === "textarea" || (offer.tag === "input" && ["", "text", "search", "number", "password"].includes(offer.type));

/** What belongs together: offers of one kind count as one, however many there are. */
function groupOf(offer) {
  if (offer.inside === "toast") return "undo";
  if (isText(offer)) return "text";
  if (offer.danger) return "danger";
  if (offer.inside === "tabs") return "tabs";
  if (offer.test) return offer.test.replace(/-\d+.*|^(key)-.*/, "$1") || offer.test;
  if (offer.inside === "bottom-sheet" && offer.label) return "exercises";
  return `${offer.inside} ${offer.role || offer.tag}`;
}

function allowed(offer, here) {
  if (LEAVE_ALONE.has(offer.test)) return false;
  // Signing up and in: other stories.
  if (here === "/me/sync" && offer.form && !isText(offer)) return false;
  return offer.tag !== "select" && !(offer.tag === "a" && offer.label === "");
}

/** Does the row say what is stored, as far as it has cells for it? */
function shows(row, set) {
  const number = (text) => (text === "" ? null : Number(text.replace(",", ".")));
  const reps = number(row.reps);
  return shownLoad(row.load, row.unit, set.load_g ?? set.assist_g ?? null) && (reps === null || set.reps === null || set.reps === undefined || reps === set.reps)
    && (row.rpe === "" || set.rpe10 === null || set.rpe10 === undefined || Math.round(number(row.rpe) * 10) === set.rpe10) && row.kind === set.set_kind;
}

// ---------------------------------------------------------------------------------------------- chapter after chapter

const failures = [];
let nth = 0;
for (; nth < Number(values.chapters) && (nth === 0 || Date.now() < end); nth += 1) {
  const seed = first + nth;
  const began = Date.now();
  const port = await freePort();
  const database = `${temporary("monkey-server")}/spotter.db`;
  const chapter = new Chapter(seed, await serve(port, { database }), port, database);
  story.errors.length = 0;
  try {
    await story.expecting(OFFLINE, () => chapter.run());
    totals.chapters += 1;
    console.log(`ok - seed ${seed}, ${chapter.phone ? "phone" : "desktop"}: ${chapter.trace.length} things done, ${chapter.acked.length} rows saved (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (err) {
    const seconds = (Date.now() - began) / 1000;
    failures.push({ seed, on: chapter.phone ? "phone" : "desktop", seconds, after: chapter.trace.length, what: [...story.errors, err.message].join(" | ").slice(0, 2_000), trace: chapter.trace });
    console.log(`not ok - seed ${seed}, ${chapter.phone ? "phone" : "desktop"}, after ${chapter.trace.length} actions and ${seconds.toFixed(1)} s: ${err.message.split("\n")[0].slice(0, 1_500)}`);
    for (const line of story.errors) console.log(`  ${line.slice(0, 600)}`);
    console.log(`  done last (again by --from ${seed} --chapters 1):`);
    chapter.trace.slice(-25).forEach((line, at) => console.log(`    ${Math.max(0, chapter.trace.length - 25) + at + 1}. ${line}`));
    const screen = await chapter.page?.locator("body").innerText({ timeout: 2_000 }).catch((err) => err.message);
    console.log(`  on the screen: ${String(screen).replaceAll(/\s+/g, " ").slice(0, 600)}`);
  } finally {
    await chapter.context?.close().catch(() => {});
    await chapter.server.stop();
    rmSync(chapter.folder, { recursive: true, force: true });
  }
}
const result = { build: built.build, from: first, to: first + nth - 1, ...totals, failures };
if (values.out) writeFileSync(values.out, JSON.stringify(result));
console.log(`${totals.actions} actions in ${nth} chapters from seed ${first} on: ${JSON.stringify({ ...totals, chapters: undefined, actions: undefined })}`);
console.log(`${totals.chapters} passed, ${failures.length} failed`);
process.exitCode = failures.length ? 1 : 0;
