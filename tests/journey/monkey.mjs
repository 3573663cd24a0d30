// A monkey: whatever a hand may do, on every screen, on a phone and on a desktop, from a seed. No panic, no complaint in the
// console, no dead end, an undo that brings back what was there, and what is stored is exactly what was shown as saved.
//
//   node tests/journey/monkey.mjs [--minutes 2] [--from SEED] [--chapters N] [--actions 120] [--out FILE.json]
//                                                                  SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM
//
// A chapter is a profile of its own with a seed of its own, by turns a phone and a desktop. A failure tells the seed and what
// was done last; `--from SEED --chapters 1` does it again.
//
// What it found first, in build 1b1e495457f041ef: an undo in a workout died, and the sets it should have brought back stayed
// gone. Each of the seeds 1 to 12 found it, the quickest on a desktop after 8 actions and 2.9 s (seed 4) and on a phone after 6
// actions and 3.0 s (seed 11).
import { rmSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { dice } from "../replication/lib.mjs";
import { Story, browse, built, ensure, freePort, openApp, pastServiceWorker, reload, same, serve, temporary, text, until } from "./lib.mjs";
import { look } from "./pool.mjs";
import { inPage as listening } from "./monkey-page.mjs";
import { beside, factOf, fold, shows, tried } from "./monkey-facts.mjs";
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
/** What may be said of what a hand typed; nothing that a monkey does harms a file. */
const REFUSALS = /^That cannot be saved\b|Nothing was changed\./;
/** What leaves the story: a phone that is locked or emptied has nothing to compare, and an account makes it another story. */
const LEAVE_ALONE = new Set(["remove-everything", "lock-now", "app-lock-on", "app-lock-off", "app-lock-passphrase"]);
const KEYS = ["Tab", "Shift+Tab", "Enter", "Escape", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Delete", "Backspace", "Space", "n", "?", "1", "5", ".", ",", "t", "h"];
const TEXTS = ["bench", "squat barb", "row", "82.5", "0", "-3", "1e9", "999999999", "a note", "x".repeat(300), "=1+1", "\u202egnirts", "💪🏽 ſ", "  ", "'; drop", "5,5", "ohp"];
/** How much each kind of offer draws a hand; whatever is not named counts 2. */
const WEIGHTS = { tick: 12, cell: 7, key: 6, "keypad-close": 5, "keypad-next": 5, "keypad-log": 8, "add-exercise": 6, "add-set": 3, exercises: 10, undo: 30, "start-workout": 8, "workout-bar": 8, finish: 1, fold: 2, more: 4, "set-row": 6, "edit-save": 8, danger: 3, text: 3, tabs: 8, send: 1 };

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
  /** Captures by document and number: tried, until somebody is told that they are saved or not. */
  #tried = new Map();
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
    if (word === "ready" && id) this.broken = "the app has no storage";
    if (word === "tries") this.#tried.set(id, more);
    // Nobody was told that it is saved, and it was not.
    if (word === "failed") this.#tried.delete(id) && count(totals.shown, `not saved: ${more}`);
    if (word === "saved") {
      const drafts = this.#tried.get(id) ?? [];
      this.#tried.delete(id);
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
    const which = this.random.which({ tap: 0.58, set: 0.12, key: 0.06, swipe: 0.1, type: 0.04, back: 0.03, scroll: 0.03, reload: 0.02, turn: 0.02 });
    const toast = await this.ask("toast");
    const before = { live: this.live(), rows: rowsOf(await this.sheet()), toast };
    switch (which) {
      case "set": return this.set(offers, before);
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
    const clicks = undo && (await this.ask("clicks"));
    await this.point(offer);
    await this.settle();
    // A tap soon after a swipe may only stop what still glides: the browser keeps it to itself, and there is no click.
    if (undo && (await this.ask("clicks")) === clicks) {
      const still = (await this.ask("offers")).find((one) => groupOf(one) === "undo");
      if (still) await this.point(still);
      await this.settle();
    }
    if (undo) await this.undone(undo, before);
    else await this.noteUndo(before, offer.danger);
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

  /** Somebody trains: numbers into a row, and its tick. Alone, taps at random would hardly ever write a set down. */
  async set(offers, before) {
    const rows = offers.filter((offer) => /^cell-\d+-(reps|time|distance|amount)$/.test(offer.test));
    if (!rows.length) return this.tap(offers, before);
    const row = this.random.one(rows);
    const [, nth] = row.test.split("-");
    const number = String(this.random.between(1, 20));
    this.did(`set ${nth}: ${number} into ${row.test}`);
    await this.point(row);
    for (const test of [...[...number].map((key) => `key-${key}`), "keypad-close", `tick-${nth}`]) {
      await this.settle();
      const offer = (await this.ask("offers")).find((offer) => offer.test === test);
      if (offer) await this.point(offer);
    }
    await this.settle();
    await this.noteUndo(before);
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
    await this.noteUndo(before, key === "Delete");
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
    await this.noteUndo(before, 0 < rows.length);
  }

  async back() {
    if (!(await this.ask("canGoBack"))) return this.scroll();
    this.did("back");
    const arrived = this.page.waitForEvent("domcontentloaded").catch(() => {});
    await Promise.race([this.ask("back").catch(() => arrived), arrived]);
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
    await reload(this.page, { waitUntil: "commit" });
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
    for (const problem of await this.ask("problems")) {
      count(totals.shown, problem);
      ensure(REFUSALS.test(problem), `nothing was done that this could be about: ${problem}`);
    }
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
    await this.comes(() => this.ask("apart"), [], "ticks on the screen that are not the sheet's");
  }

  /** A toast that offers to undo came with the last action. One with the same words is another one where something went. */
  async noteUndo(before, removing = false) {
    const toast = await this.ask("toast");
    const gone = removing && (this.live().length < before.live.length || rowsOf(await this.sheet()) < before.rows);
    if (toast !== null && (toast !== before.toast || gone)) this.undoable = { toast, before: before.live, after: this.live() };
    // What came in between is no part of what is undone.
    else if (toast === null || !isDeepStrictEqual(before.live, this.live())) this.undoable = null;
  }

  /** Undo right after what it undoes brings back what there was. */
  async undone(undoable, { live }) {
    this.undoable = null;
    if (!isDeepStrictEqual(live, undoable.after)) return;
    totals.undosCompared += 1;
    await this.comes(async () => this.live(), undoable.before, `saved sets after undoing “${undoable.toast}”`);
  }

  /** From wherever it is to Today, by what anybody would try: no reload, no address. */
  async home() {
    for (let tries = 0; tries < 8; tries += 1) {
      const offers = await this.offers();
      const today = offers.find((offer) => offer.inside === "tabs" && offer.label === "Today");
      if (today) {
        await this.point(today);
        await this.settle();
        return this.comes(() => this.page.evaluate(() => location.pathname), "/", "where a tap on Today leads");
      }
      const close = offers.find((offer) => /^(close|cancel|fold|done|back|not now|later|go on)$/i.test(offer.label)) ?? offers.find((offer) => offer.tag === "div");
      if (close && tries % 2 === 0) await this.point(close);
      else await this.page.keyboard.press("Escape");
      await this.settle();
    }
    throw new Error("a dead end: neither Escape nor anything that closes leads back to Today");
  }

  /** Everything that is stored, beside everything that was acknowledged, and all of that beside what the screens show. */
  async look() {
    totals.looks += 1;
    if (!this.online) await this.turn();
    await this.home();
    this.did("look");
    const { rows, problems } = await this.yard.evaluate((name) => soak.read(name, true), `look-${this.trace.length}`);
    same(problems, [], "problems of a start");
    const { complaints, unheard } = beside(this.acked, [...this.#tried.values()].flat().map((draft) => draft.fact), rows);
    same(complaints, [], "what is stored beside what was shown as saved");
    // What was written as the page went away may have been saved with nobody left to hear it.
    this.acked.push(...unheard);
    const all = fold(rows.map(factOf));
    await openApp(this.page, this.url, "/progress");
    this.undoable = null;
    await this.page.getByRole("radio", { name: "All", exact: true }).first().click();
    const { workouts, sets } = all.totals();
    const figures = async () => {
      if (await this.page.getByText("No training in this range").count()) return [0, 0];
      return Promise.all(["workouts", "sets"].map(async (name) => Number((await text(this.page.getByTestId(`total-${name}`))).replace(/\D/g, ""))));
    };
    await this.comes(figures, [workouts, sets], "workouts and sets on Progress, and what is stored");
    await openApp(this.page, this.url, "/crew");
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
const rowsOf = (sheet) => (sheet?.exercises ?? []).reduce((sum, exercise) => sum + exercise.sets.length, 0);
/** A note as it is kept: without what stands around it. */
const plain = (text) => text.replace(/\s+/g, " ").trim();
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

// ---------------------------------------------------------------------------------------------- chapter after chapter

tried();
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
    const files = await look(chapter.page).catch((err) => [{ name: err.message, size: 1, frames: [] }]);
    console.log(`  files: ${files.filter((file) => file.size).map((file) => `${file.name} ${file.role ?? ""} ${file.size} B ${file.frames.length} frames`).join(", ").slice(0, 1_500)}`);
    console.log(`  on the screen: ${String(screen).replaceAll(/\s+/g, " ").slice(0, 600)}`);
  } finally {
    await chapter.context?.close().catch(() => {});
    await chapter.server.stop();
    rmSync(chapter.folder, { recursive: true, force: true });
  }
}
/** A long run that never came to some screen has not looked everywhere. */
const SCREENS = ["/", "/train", "/history", "/history/…", "/progress", "/crew", "/me", "/me/import", "/me/storage", "/me/sync"];
const unseen = SCREENS.filter((screen) => !totals.screens[screen]);
if (10 <= Number(values.minutes) && unseen.length) failures.push({ what: `screens it never came to: ${unseen.join(", ")}` });
const result = { build: built.build, from: first, to: first + nth - 1, ...totals, failures };
if (values.out) writeFileSync(values.out, JSON.stringify(result));
console.log(`${totals.actions} actions in ${nth} chapters from seed ${first} on: ${JSON.stringify({ ...totals, chapters: undefined, actions: undefined })}`);
console.log(`${totals.chapters} passed, ${failures.length} failed`);
process.exitCode = failures.length ? 1 : 0;
