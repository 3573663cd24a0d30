// The short journey in the browsers that Playwright does not drive as people have them: Firefox, a private window of it, and
// WebKit. One text for all: first visit, a set, a power cut, a start without a network, an import, two tabs. Where a browser
// lets no worker write to OPFS, everything is the same in its database, and only the Storage page says so.
//
//   node tests/journey/browsers.mjs [firefox|private|webkit|plain] ...          SPOTTER_BIN, SPOTTER_DIST, SPOTTER_FIREFOX, SPOTTER_SHOTS
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Log, Stop, Story, becomes, ensure, freePort, same, serve, set, temporary, thousands, until, volume, volumeOf } from "./lib.mjs";
import { Firefox } from "./firefox.mjs";
import { WebKit } from "./webkit.mjs";

/** `database`: where the files are. `forgets`: everything, even the app itself, is gone with the browser's last window. */
const browsers = {
  firefox: { start: (folder, story) => Firefox.start(folder, { story }) },
  private: { start: (folder, story) => Firefox.start(folder, { story, secret: true }), database: true, forgets: true },
  webkit: { start: (folder, story) => WebKit.start(folder, { story }), database: true },
  plain: { start: (folder, story) => WebKit.start(folder, { story, features: [] }), database: true },
};
const wanted = process.argv.slice(2);
for (const name of wanted) ensure(browsers[name], `there is no browser ${name}: choose from ${Object.keys(browsers).join(", ")}`);

/** Two workouts that have no need of a remark. */
const HISTORY = `Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE
2025-03-03 18:00:00,"Push",1h 2m,"Bench Press (Barbell)",1,80.0,5.0,0,0.0,"","",8
2025-03-03 18:00:00,"Push",1h 2m,"Bench Press (Barbell)",2,82.5,5.0,0,0.0,"","",
2025-03-05 18:00:00,"Legs",55m,"Squat (Barbell)",1,100.0,5.0,0,0.0,"","",
2025-03-05 18:00:00,"Legs",55m,"Squat (Barbell)",2,102.5,3.0,0,0.0,"","",9
`;
const history = () => [
  { at: Date.parse("2025-03-03T17:00:00Z"), sets: [set("Bench Press (Barbell)", "normal", "80", "5", "8"), set("Bench Press (Barbell)", "normal", "82.5", "5")] },
  { at: Date.parse("2025-03-05T17:00:00Z"), sets: [set("Squat (Barbell)", "normal", "100", "5"), set("Squat (Barbell)", "normal", "102.5", "3", "9")] },
];

const story = new Story();
const it = (test) => ({ test });
const named = (role, name) => ({ role, name });

// ---------------------------------------------------------------------------------------------- the app's screens

async function visit(page, url, path = "/") {
  await page.go(url + path);
  await page.sees(named("navigation", "Main"), { timeout: 60_000 });
  await until(async () => (await page.count({ css: "main > *" })) && !(await page.count({ css: ".skeleton" })), { what: "the screen has its rows", timeout: 60_000 });
}

const tab = (page, name) => page.tap({ css: `nav[aria-label="Main"] a`, has: name });
const tiles = async (page) => Object.fromEntries(await Promise.all(["workouts", "sets", "volume", "records"].map(async (name) => [name, await page.text(it(`total-${name}`))])));

async function progress(page) {
  await tab(page, "Progress");
  await page.tap(named("radio", "All"));
  await page.sees(it("total-sets"));
}

async function addExercise(page, name, search) {
  await page.tap(it("add-exercise"));
  await page.write(it("search"), search);
  await page.tap({ css: `[data-test="exercises"] button.row strong`, name });
  await page.sees(named("heading", name));
}

async function typeSet(page, nth, load, reps) {
  for (const [cell, value] of [["load", load], ["reps", reps]]) {
    await page.tap(it(`cell-${nth}-${cell}`));
    for (const key of value) await page.tap(it(key === "." ? "key-dot" : `key-${key}`));
    await becomes(() => page.text({ css: ".keypad-value" }), value, "the keypad's display");
    await page.tap(it("keypad-close"));
    await page.loses(it("keypad-close"));
  }
}

const solid = (page, nth) => page.ask(it(`tick-${nth}`), (found) => found[0]?.getAttribute("aria-checked") === "true" && !found[0].classList.contains("saving"));

async function tick(page, nth) {
  await page.tap(it(`tick-${nth}`));
  await until(() => solid(page, nth), { what: `the tick of row ${nth + 1} is solid` });
}

async function startWorkout(page) {
  await tab(page, "Today");
  await page.tap(it("start-workout"));
  await page.sees(named("dialog", "Workout"));
}

/** Without the rows that are not ticked. */
async function finish(page) {
  await page.tap(it("finish"));
  await until(async () => (await page.count(it("detail-volume"))) || (await page.count(it("finish-anyway"))), { what: "the workout ends, or says what is not ticked" });
  if (await page.count(it("finish-anyway"))) await page.tap(it("finish-anyway"));
  await page.sees(it("detail-volume"));
}

async function bringIn(page, file) {
  await tab(page, "Me");
  await page.tap(it("to-import"));
  await until(() => page.count({ css: "main" }), { what: "the import page" });
  await until(() => page.evaluate(() => Boolean(document.querySelector("[data-test=file]"))), { what: "a place for the file" });
  await page.file("[data-test=file]", file);
  await page.sees(it("plan-sets"));
  same(await page.text(it("plan-sets")), "4", "sets in the plan");
  if (await page.count({ role: "radio", name: "kg" })) await page.tap(named("radio", "kg"));
  await page.tap(it("run-import"));
  await page.sees(it("imported"), { timeout: 60_000 });
}

/** What is said at the start: nothing, or that the window takes everything with it. */
async function greeted(page, forgets) {
  same(await page.count({ css: ".pill" }), 0, "pills");
  if (!forgets) {
    same(await page.count({ css: ".problem" }), 0, "problems");
    return;
  }
  await page.sees({ css: ".problem[role=alert]" });
  const said = await page.ask({ css: ".problem[role=alert]" }, (found) => [...found[0].querySelectorAll("p")].map((p) => p.textContent));
  same(said.slice(0, 2), ["This seems to be a private window.", "What you log is saved, but the browser removes it with the window."], "what is said of the window");
  // Not while something else lies over it: somebody has to see it.
  await page.tap({ css: ".problem[role=alert] button" });
}

async function saysWhere(page, database) {
  await tab(page, "Me");
  await page.tap(it("to-storage"));
  await page.sees({ css: "main", has: "Sealed sessions" });
  same(await page.count(it("in-database")), database ? 1 : 0, "words of where the files are");
}

// ---------------------------------------------------------------------------------------------- the journey

async function journey(name, { start, database = false, forgets = false }) {
  const step = (what, act) => story.step(`${name}: ${what}`, act, { vital: true });
  const folder = temporary(`browser-${name}`);
  const port = await freePort();
  const file = join(folder, "strong.csv");
  writeFileSync(file, HISTORY);
  const log = new Log();
  let server = await serve(port);
  const { url } = server;
  let browser;
  let page;
  let running;
  const open = async () => {
    browser = await start(join(folder, "profile"), story);
    story.page = page = browser.first;
  };
  try {
    await step(`a first visit: the files are ${database ? "in the database" : "in OPFS"}${forgets ? ", for as long as the window is open" : ""}`, async () => {
      await open();
      console.log(`  ${browser.version}`);
      await visit(page, url);
      await greeted(page, forgets);
      await page.sees({ css: "main", has: "Log your first set" });
      await until(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === "activated"), { what: "an active service worker", timeout: 60_000 });
    });

    await step("a set is logged, and its figures are right", async () => {
      await startWorkout(page);
      await addExercise(page, "Bench Press (Barbell)", "bench press barbell");
      await typeSet(page, 0, "82.5", "5");
      await tick(page, 0);
      const sets = [set("Bench Press (Barbell)", "normal", "82.5", "5")];
      log.add({ at: Date.now(), sets });
      await finish(page);
      await becomes(() => page.text(it("detail-volume")), volume(volumeOf(sets[0])), "the workout's volume");
      same(await page.text(it("detail-sets")), "1", "the workout's sets");
    });

    await step("another one in a workout that goes on", async () => {
      await startWorkout(page);
      await addExercise(page, "Squat (Barbell)", "squat barb");
      await typeSet(page, 0, "100", "3");
      await tick(page, 0);
      running = log.add({ at: Date.now(), sets: [set("Squat (Barbell)", "normal", "100", "3")] });
      await page.tap(it("fold"));
      await progress(page);
      await becomes(() => tiles(page), log.tiles(), "tiles");
      await saysWhere(page, database);
    });

    await step("all of it is there after a reload", async () => {
      await visit(page, url);
      await greeted(page, forgets);
      await progress(page);
      await becomes(() => tiles(page), log.tiles(), "tiles");
    });

    if (forgets) console.log(`  ${name} forgets the app with its last window: no start without a network`);
    else await step("killed, and started again without a network", async () => {
      await browser.kill();
      await server.stop();
      await story.expecting(OFFLINE, async () => {
        await open();
        await visit(page, url);
        ensure(await page.evaluate(() => navigator.serviceWorker.controller !== null), "no service worker has the page");
      });
    });

    if (forgets) await step("nothing of it is there after a restart, which is what was said", async () => {
      await browser.kill();
      await open();
      await visit(page, url);
      await greeted(page, forgets);
      await page.sees({ css: "main", has: "Log your first set" });
      same(await page.count(it("workout-bar")), 0, "workout bars");
      // What it goes on with, as before.
      await startWorkout(page);
      await addExercise(page, "Squat (Barbell)", "squat barb");
      await typeSet(page, 0, "100", "3");
      await tick(page, 0);
      await page.tap(it("fold"));
      log.workouts = [];
      running = log.add({ at: Date.now(), sets: [set("Squat (Barbell)", "normal", "100", "3")] });
    });
    else await step("everything is there after a restart, and the workout goes on", async () => {
      await greeted(page);
      await progress(page);
      await becomes(() => tiles(page), log.tiles(), "tiles");
      await page.tap(it("workout-bar"));
      await until(() => solid(page, 0), { what: "the ticked set is still ticked" });
      await page.tap(it("fold"));
    });

    await step("a file of Strong's comes in", async () => {
      if (!forgets) server = await serve(port);
      await bringIn(page, file);
      history().forEach((workout) => log.add(workout));
      await progress(page);
      await becomes(() => tiles(page), log.tiles(), "tiles", { timeout: 60_000 });
    });

    await step("what is ticked in one tab is in the other's figures", async () => {
      const other = await browser.open();
      await visit(other, url, "/progress");
      await greeted(other, forgets);
      await progress(other);
      await becomes(() => tiles(other), log.tiles(), "tiles of the second tab");
      await page.front();
      await page.tap(it("workout-bar"));
      await typeSet(page, 1, "105", "2");
      await tick(page, 1);
      running.sets.push(set("Squat (Barbell)", "normal", "105", "2"));
      await other.front();
      await becomes(() => tiles(other), log.tiles(), "tiles of the second tab");
      await page.front();
    });
  } catch (err) {
    if (!(err instanceof Stop)) throw err;
  } finally {
    await browser?.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a page says of a server that is not there. */
const OFFLINE = /Failed to load resource|Could not connect|NetworkError|ServiceWorker script .* encountered an error|service worker/i;

for (const name of wanted.length ? wanted : Object.keys(browsers)) {
  try {
    await journey(name, browsers[name]);
  } catch (err) {
    story.failed += 1;
    story.failures.push(`${name}: the journey broke off`);
    console.log(`not ok - ${name}: the journey broke off\n  ${err.stack}`);
  }
}
story.end();
process.exit();
