// The screens as hands find them: the first paint, the picker to its end, Back, drags, a past workout, names of any length,
// toasts, a phone on its side, text twice as large.
//
//   node tests/journey/screens.mjs [--only WORDS]          what WORDS name, and what the others stand on; SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM, SPOTTER_SHOTS
import { join } from "node:path";
import { mkdirSync, rmSync } from "node:fs";
import { planImport, runImport } from "../../benches/lib.mjs";
import { year } from "../../benches/strong.mjs";
import { Story, addExercise, axe, becomes, browse, catalogue, cell, ensure, finish, freePort, heldBack, openApp, progress, same, serve, shots, startWorkout, still, tab, temporary, text, tick, typeSet, until } from "./lib.mjs";

const story = new Story();
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : "";
/** Each step finds nothing lying over the screen, however the one before it ended. */
const step = (name, act) => (name.includes(only) ? story.step(name, async () => (await clear(), await act())) : true);
const vital = (name, act) => story.step(name, act, { vital: true });
const folder = temporary("screens");
const port = await freePort();
const url = `http://localhost:${port}`;
const LONG = "The workout that somebody called by everything that was done in it, from the first warm-up to the last stretch on the mat at home";
ensure(125 < LONG.length, "the long name is not long");

let server;
let context;
let page;

const box = async (locator) => {
  const { x, y, width, height } = await locator.boundingBox();
  return { x, y, width, height };
};
const apart = (a, b) => a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
const look = async (where, name) => {
  mkdirSync(shots, { recursive: true });
  await where.screenshot({ path: join(shots, `screens-${name}.png`) });
};
const scrolled = () => page.evaluate(() => Math.round(scrollY));
const sheets = () => page.locator(".bottom-sheet").count();
const keypads = () => page.locator(".keypad").count();
const folded = () => page.getByRole("dialog", { name: "Workout" }).waitFor({ state: "detached" });
async function clear() {
  await page.setViewportSize({ width: 390, height: 844 });
  for (; await sheets(); await still(page)) await page.locator(".backdrop").last().dispatchEvent("click");
  if (await keypads()) await page.getByTestId("keypad-close").click();
}
/** The workout, started where there is none. */
async function workout() {
  if (await page.locator("section.workout").count()) return;
  if (await page.getByTestId("workout-bar").count()) await page.getByTestId("workout-bar").click();
  else {
    await openApp(page, url);
    await startWorkout(page);
  }
  await page.getByRole("dialog", { name: "Workout" }).waitFor();
}
async function picker() {
  await workout();
  await page.getByTestId("add-exercise").click();
  await page.locator(".pick .one").first().waitFor();
}
/** A row of a workout's first exercise, with an exercise where there is none. */
async function sets() {
  await workout();
  if (!(await page.getByRole("tab").count())) await addExercise(page, "Zercher Squat (Barbell)", "zercher");
  await page.getByRole("tab").first().click();
  await page.locator(".set:not(.head)").first().waitFor();
}
const tabs = (where) => where.locator("nav.tabs:visible a");
const frame = async (where) => ({
  tabs: await tabs(where).evaluateAll((links) => links.map((link) => {
    const { x, y, width, height } = link.getBoundingClientRect();
    return [link.textContent, link.getAttribute("href"), link.getAttribute("aria-current"), x, y, width, height];
  })),
  title: await where.locator("h1:visible").evaluate((h1) => [h1.textContent, h1.getBoundingClientRect().x, h1.getBoundingClientRect().y]),
});
/** The rows of the picker that are made, by name. */
const rows = () => page.locator(".pick .one strong").allTextContents();

try {
  server = await serve(port);
  ({ context, page } = await browse(story, folder));

  // ------------------------------------------------------------------------------------------ the first paint

  await vital("before the app is there its frame is, and says what this is", async () => {
    await page.addInitScript(() => {
      globalThis.shifts = [];
      new PerformanceObserver((list) => globalThis.shifts.push(...list.getEntries().map((entry) => entry.value))).observe({ type: "layout-shift", buffered: true });
    });
    const held = await heldBack(page, "**/app_bg.wasm");
    await page.goto(`${url}/train`);
    await held.asked("the page asks for the app");
    await page.getByText("lives on this phone").waitFor();
    same(await page.locator("#first-paint h1").textContent(), "Train", "the title of the first paint");
    same(await axe(page), [], "serious or critical violations of the first paint");
    await look(page, "first-paint");
    // A tap on a tab is not lost, and does not load the page again.
    await page.evaluate(() => (globalThis.same = true));
    await tabs(page).filter({ hasText: "Today" }).click();
    await becomes(() => page.locator("#first-paint h1").textContent(), "Today", "the title after a tap");
    ensure(await page.evaluate(() => globalThis.same), "the page was loaded again");
    const before = await frame(page);
    held.open();
    await page.getByText("Log your first set").waitFor();
    same(await page.locator("#first-paint").count(), 0, "first paints that are left");
    same(await frame(page), before, "tabs and title when the app has taken their place");
    await held.over();
    const moved = await page.evaluate(() => globalThis.shifts.reduce((sum, shift) => sum + shift, 0));
    ensure(moved < 0.02, `what was painted first moved by ${moved}`);
  });

  await step("a screen that cannot be fetched says so, a workout goes on without it, and it comes when it is asked for again", async () => {
    const { context: own, page: late } = await browse(story, join(folder, "later"), { serviceWorkers: "block" });
    await late.route("**/split_more.wasm", (route) => route.abort());
    await story.expecting(/ERR_FAILED|Failed to fetch/, async () => {
      await late.goto(`${url}/me/storage`);
      await late.getByText("This screen could not be loaded").waitFor();
      same(await axe(late), [], "serious or critical violations");
      await look(late, "not-loaded");
      await tabs(late).filter({ hasText: "Train" }).click();
      await startWorkout(late);
      await addExercise(late, "Squat (Barbell)", "squat barbell");
      await typeSet(late, 0, { load: "100", reps: "5" });
      await tick(late, 0);
      await late.goBack();
      await tabs(late).filter({ hasText: "Me" }).click();
      await late.getByText("This screen could not be loaded").waitFor();
    });
    await late.unrouteAll({ behavior: "wait" });
    await late.getByRole("button", { name: "Load it again" }).click();
    await late.locator("h1:visible").getByText("Me", { exact: true }).waitFor();
    same(await late.getByText("This screen could not be loaded").count(), 0, "what said that it is not there");
    await own.close();
  });

  await step("an answer that breaks off is asked for once more, and nobody notices", async () => {
    const { context: own, page: late } = await browse(story, join(folder, "broken-off"), { serviceWorkers: "block" });
    const refused = [];
    await late.route(/\.(wasm|parquet)$/, (route) => {
      const name = new URL(route.request().url()).pathname.split("/").at(-1);
      if (refused.includes(name)) return route.continue();
      refused.push(name);
      return route.abort();
    });
    await story.expecting(/ERR_FAILED|Failed to fetch/, async () => {
      await late.goto(`${url}/progress`);
      await late.getByText("No training in this range").waitFor();
    });
    const broken = ["app_bg.wasm", "dim_date.parquet", "projector_bg.wasm", "split_more.wasm", "worker_bg.wasm"];
    same(broken.filter((name) => !refused.includes(name)), [], "files that came at once");
    same(await late.locator(".problem").allTextContents(), [], "problems");
    await late.unrouteAll({ behavior: "wait" });
    await own.close();
  });

  await step("a worker whose script does not come is told of, and a reload mends it", async () => {
    const { context: own, page: late } = await browse(story, join(folder, "no-worker"), { serviceWorkers: "block" });
    await late.route("**/storage.js", (route) => route.abort());
    await story.expecting(/ERR_FAILED/, async () => {
      await late.goto(url);
      await late.locator(".problem").getByText("it could not be loaded").first().waitFor();
    });
    await late.unrouteAll({ behavior: "wait" });
    await late.reload();
    await late.getByText("Log your first set").waitFor();
    same(await late.locator(".problem").allTextContents(), [], "problems");
    await own.close();
  });

  await step("the way to the server that cannot be fetched is as good as a server that cannot be reached", async () => {
    const { context: own, page: late } = await browse(story, join(folder, "far"), { serviceWorkers: "block" });
    await late.route("**/split_far.wasm", (route) => route.abort());
    await story.expecting(/ERR_FAILED|Failed to fetch/, async () => {
      await late.goto(`${url}/me/sync`);
      await late.getByText("The server cannot be reached.").waitFor();
      await late.goto(`${url}/me/storage`);
      // What only it can say is not there; what this phone knows is.
      await late.getByText(/^Tables (built|opened) in/).waitFor();
      await late.unrouteAll({ behavior: "wait" });
    });
    await late.goto(`${url}/me/sync`);
    await late.getByTestId("account-name").waitFor();
    await own.close();
  });

  await step("whoever was here before is not told again what this is", async () => {
    await until(() => page.evaluate(() => navigator.serviceWorker.controller !== null), { what: "the service worker has the page", timeout: 60_000 });
    const held = await heldBack(page, "**/*.parquet");
    await page.reload({ waitUntil: "commit" });
    await page.locator("h1:visible").waitFor();
    await until(async () => (await page.locator("#first-paint").count()) === 0 || page.evaluate(() => document.getElementById("first-paint").classList.contains("again")), { what: "the page knows" });
    held.open();
    await page.getByText("Log your first set").waitFor();
    await held.over();
  });

  await step("an empty Train has no list, and each tab is called what its page is", async () => {
    await tab(page, "Train");
    await page.getByText("What you train will be here").waitFor();
    same(await page.locator("ul.list:visible").count(), 0, "lists of nothing");
    for (const name of ["Today", "Train", "Progress", "Crew", "Me"]) {
      await tab(page, name);
      await becomes(() => page.locator("main h1").textContent(), name, "the page's title");
    }
  });

  await step("a sideways swipe is a gesture of the app, never the browser's way back", async () => {
    same(await page.evaluate(() => getComputedStyle(document.documentElement).overscrollBehaviorX), "none", "what a swipe does at the edge");
  });

  // ------------------------------------------------------------------------------------------ a year of training

  await vital("a year comes in", async () => {
    await openApp(page, url, "/me/import");
    await planImport(page, year(1).csv);
    await runImport(page);
  });

  await step("Back comes to the same place of a long history, with as many rows", async () => {
    await openApp(page, url, "/train");
    await page.getByRole("button", { name: "History" }).click();
    const all = page.getByTestId("workout-row");
    await becomes(() => all.count(), 30, "rows at first");
    for (const many of [60, 90]) {
      await page.getByTestId("show-more").click();
      await becomes(() => all.count(), many, "rows after asking for more");
    }
    await page.evaluate(() => scrollTo(0, 2400));
    await becomes(scrolled, 2400, "scrolled");
    const row = all.nth(await all.evaluateAll((links) => links.findIndex((link) => 200 < link.getBoundingClientRect().y)));
    const name = await row.locator("strong").textContent();
    await row.click();
    await page.getByTestId("detail-volume").waitFor();
    same(await page.locator("h1:visible").textContent(), name, "the workout");
    await becomes(scrolled, 0, "scrolled, on the workout's page");
    await page.goBack();
    await becomes(() => all.count(), 90, "rows after Back");
    await becomes(scrolled, 2400, "scrolled, after Back");
    // By the button of the page, too; and the tab begins anew.
    await row.click();
    await page.getByTestId("detail-volume").waitFor();
    await page.getByRole("button", { name: "Back" }).click();
    await becomes(scrolled, 2400, "scrolled, after the button Back");
    await tab(page, "Train");
    await page.getByRole("button", { name: "History" }).click();
    await becomes(() => all.count(), 30, "rows on a new visit");
    await becomes(scrolled, 0, "scrolled, on a new visit");
  });

  // ------------------------------------------------------------------------------------------ the picker

  await step("the picker goes to its end, by letters and by muscles", async () => {
    await picker();
    await becomes(() => page.evaluate(() => document.activeElement.getAttribute("data-test")), "search", "what has the focus");
    const names = [...catalogue.keys()];
    same(Number(await page.locator(".pick .one").first().getAttribute("aria-setsize")), names.length, "exercises that can be scrolled to");
    const seen = new Set();
    const list = page.getByTestId("exercises");
    // A hand scrolls it, not only a script.
    await still(page);
    const { x, y, width, height } = await box(list);
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.wheel(0, 1200);
    await becomes(() => list.evaluate((list) => Math.round(list.scrollTop)), 1200, "px that the list was scrolled by hand");
    for (let from = 0; seen.size < names.length; from += 600) {
      const end = await list.evaluate((list, from) => ((list.scrollTop = from), list.scrollHeight - list.clientHeight), from);
      await until(async () => {
        const made = await page.locator(".pick .one").evaluateAll((rows) => rows.map((row) => [row.getBoundingClientRect().top, row.getBoundingClientRect().bottom]));
        const { y, height } = await box(list);
        return made.some(([top]) => top <= y + 1) && (end <= from || made.some(([, bottom]) => y + height <= bottom + 1));
      }, { what: `rows at ${from}` });
      const made = await rows();
      ensure(made.length <= 60, `${made.length} rows are made`);
      made.forEach((name) => seen.add(name));
      ensure(from <= end + 600, `at the end of the list, and ${names.filter((name) => !seen.has(name)).slice(0, 5)} never came`);
    }
    await page.getByTestId("letter-T").click();
    await until(async () => {
      const { y } = await box(list);
      const first = await page.locator(".pick .one").evaluateAll((rows, y) => rows.find((row) => y - 1 <= row.getBoundingClientRect().y)?.textContent, y);
      return first?.startsWith("T");
    }, { what: "the letter T is on top" });
    await look(page, "picker");
    await page.locator(".chip.muscle").filter({ hasText: "chest" }).click();
    await until(async () => {
      const said = await page.locator(".pick .one .quiet").allTextContents();
      return 10 < said.length && said.every((one) => one.startsWith("chest"));
    }, { what: "only exercises for the chest" });
    same(await axe(page), [], "serious or critical violations of the picker");
  });

  await step("the picker's search takes arrows and Enter, short forms and a slip", async () => {
    await picker();
    const search = page.getByTestId("search");
    for (const [typed, first] of [["ohp", "Overhead Press"], ["rdl", "Romanian Deadlift"], ["pullup", "Pull Up"], ["benhc", "Bench Press"], ["incline db", "Incline"]]) {
      await search.fill(typed);
      await until(async () => (await rows())[0]?.includes(first), { what: `${typed} finds ${first}` });
    }
    const height = async () => Math.round((await box(page.locator(".bottom-sheet"))).height);
    const tall = await height();
    await search.fill("zercher");
    await becomes(height, tall, "the sheet's height, whatever is found");
    await search.fill("press");
    await search.press("ArrowDown");
    const focused = () => page.evaluate(() => [...document.querySelectorAll(".pick .one")].findIndex((row) => row.contains(document.activeElement)));
    await becomes(focused, 0, "the row in focus");
    await page.keyboard.press("ArrowDown");
    await becomes(focused, 1, "the row in focus");
    await page.keyboard.press("ArrowUp");
    await becomes(focused, 0, "the row in focus");
    await search.fill("zercher");
    const name = await until(async () => (await rows()).find((row) => row.startsWith("Zercher")), { what: "the exercise" });
    await search.press("Enter");
    await page.locator(".exercise-head h2").getByText(name, { exact: true }).waitFor();
    ensure(await page.evaluate(() => document.activeElement !== document.body), "the focus fell out of the workout");
  });

  await step("an exercise of one's own is made once, renamed, merged and archived", async () => {
    const open = async (search) => {
      await workout();
      await page.getByTestId("add-exercise").click();
      await page.getByTestId("search").fill(search);
    };
    const own = async (name) => {
      await open(name);
      await page.locator(".pick .one").filter({ has: page.getByText(name, { exact: true }) }).getByTestId("own").click();
      await page.getByTestId("own-name").waitFor();
    };
    await open("Bench Press (Barbell)");
    await becomes(async () => (await page.getByTestId("make").textContent()).includes("Bench"), false, "whether one that is there is offered as a new one");
    await page.getByTestId("make").click();
    await page.getByTestId("make-name").fill("bench press  barbell");
    await page.getByTestId("make-save").click();
    await page.getByRole("alert").getByText("“Bench Press (Barbell)”, which is here already").waitFor();
    await page.getByTestId("make-name").fill("Quarry Haul");
    await page.getByTestId("make-save").click();
    await page.locator(".exercise-head h2").getByText("Quarry Haul", { exact: true }).waitFor();
    await own("Quarry Haul");
    same(await axe(page), [], "serious or critical violations of the sheet");
    await look(page, "own");
    await page.getByTestId("own-name").fill("Quarry Heave");
    await page.getByTestId("own-save").click();
    await page.getByTestId("search").fill("quarry");
    await becomes(rows, ["Quarry Heave"], "what it is called now");
    await page.getByTestId("own").click();
    await page.getByTestId("own-archive").click();
    await becomes(async () => (await rows()).includes("Quarry Heave"), false, "whether an archived exercise is offered");
    await page.getByRole("button", { name: "Undo" }).click();
    await becomes(rows, ["Quarry Heave"], "what is offered again");
    await page.getByTestId("own").click();
    await page.getByTestId("own-merge").click();
    await page.getByTestId("search").fill("Farmers");
    const into = (await until(async () => (await rows())[0], { what: "an exercise to merge into" }));
    await page.locator(".pick .one button").first().click();
    await page.getByText(`“Quarry Heave” counts for “${into}”`).waitFor();
    await page.getByTestId("search").fill("quarry heave");
    await becomes(async () => (await rows()).includes("Quarry Heave"), false, "whether a merged exercise has a row of its own");
    await page.getByRole("button", { name: "Cancel" }).click();
    await becomes(sheets, 0, "sheets");
  });

  // ------------------------------------------------------------------------------------------ Back and drags over a workout

  await step("Back closes the keypad, then folds the workout, then leaves the page", async () => {
    await sets();
    same(await page.locator(".set").nth(1).evaluate((row) => getComputedStyle(row).touchAction), "pan-y", "what a finger does on a row");
    await cell(page, 0, "reps").click();
    await page.getByTestId("keypad-close").waitFor();
    // On a busy machine the keypad is seen before it has its entry.
    await becomes(() => page.evaluate(() => history.state % 16), 2, "entries of the workout and its keypad");
    await page.goBack();
    await becomes(keypads, 0, "keypads after Back");
    ensure(await page.getByRole("dialog", { name: "Workout" }).isVisible(), "Back from the keypad closed the workout, too");
    await page.goBack();
    await folded();
    same(new URL(page.url()).pathname, "/", "the page under the workout");
    await page.getByTestId("workout-bar").click();
    await page.getByTestId("fold").click();
    await folded();
    // What was closed by hand leaves no entry behind: Back is the page before.
    await tab(page, "Progress");
    await becomes(() => new URL(page.url()).pathname, "/progress", "the page");
    await page.goBack();
    await becomes(() => new URL(page.url()).pathname, "/", "the page before");
  });

  await step("two sheets closed within two seconds in a slow browser do not go back a step too far", async () => {
    const layers = () => page.evaluate(() => history.state % 16);
    const open = async () => {
      await page.getByTestId("workout-more").click();
      await page.getByTestId("workout-save").waitFor();
      await becomes(layers, 2, "entries of the workout and its sheet");
    };
    await page.getByTestId("workout-bar").click();
    await becomes(layers, 1, "entries of the workout");
    await page.evaluate(() => {
      const wait = setTimeout;
      globalThis.patience = [];
      globalThis.setTimeout = (act, ms, ...more) => (ms === 2_000 ? patience.push(act) : wait(act, ms, ...more));
    });
    await open();
    await page.getByTestId("workout-save").click();
    await becomes(layers, 1, "entries once the sheet is closed");
    await open();
    await page.evaluate(() => {
      globalThis.held = [];
      history.go = (by) => held.push(by);
    });
    await page.getByTestId("workout-save").click();
    await until(() => page.evaluate(() => held.length === 1), { what: "the browser is told to go back" });
    await page.evaluate(() => {
      // The patience with the first one ends while the second is on its way.
      patience[0]();
      delete history.go;
      const gone = new Promise((resolve) => addEventListener("popstate", resolve, { once: true }));
      history.go(held[0]);
      return gone;
    });
    await becomes(layers, 1, "entries once both are closed");
    ensure(await page.getByRole("dialog", { name: "Workout" }).isVisible(), "the workout was closed, too");
    await page.goBack();
    await folded();
    same(new URL(page.url()).pathname, "/", "the page under the workout");
    await page.reload();
    await page.getByTestId("workout-bar").waitFor();
  });

  await step("a sheet follows the finger on its handle, and closes when it is let go far down", async () => {
    await picker();
    const grab = page.getByTestId("grab");
    await grab.waitFor();
    await still(page);
    const drag = async (by) => {
      const { x, y, width } = await box(grab);
      await page.mouse.move(x + width / 2, y + 8);
      await page.mouse.down();
      await page.mouse.move(x + width / 2, y + 8 + by, { steps: 4 });
      const moved = (await box(grab)).y - y;
      await page.mouse.up();
      return moved;
    };
    same(await drag(40), 40, "how far the sheet followed");
    same(await sheets(), 1, "sheets after a short drag");
    same(await page.locator(".bottom-sheet").evaluate((sheet) => getComputedStyle(sheet).translate), "none", "where the sheet lies afterwards");
    await drag(200);
    await becomes(sheets, 0, "sheets after a long drag");
    await page.getByTestId("fold").click();
    await folded();
  });

  await step("on its side the phone shows the keypad's last key", async () => {
    await page.setViewportSize({ width: 844, height: 390 });
    await sets();
    await cell(page, 0, "reps").click();
    await page.getByTestId("keypad-log").waitFor();
    await still(page);
    for (const key of [page.getByTestId("keypad-log"), page.getByTestId("key-0"), page.getByTestId("keypad-close")]) {
      const { y, height } = await box(key);
      ensure(y + height <= 390, `a key ends at ${y + height} of 390`);
    }
    ensure(apart(await box(page.getByTestId("key-0")), await box(page.locator(".keypad-end"))), "the last line of the keypad lies on the digits");
    await look(page, "landscape");
    await page.getByTestId("keypad-close").click();
  });

  // ------------------------------------------------------------------------------------------ a past workout

  let id;
  await vital("a workout is finished", async () => {
    await clear();
    await workout();
    await addExercise(page, "Gorilla Row (Kettlebell)", "gorilla");
    await typeSet(page, 0, { load: "60", reps: "5" });
    await tick(page, 0);
    id = await finish(page);
  });
  const past = async () => {
    await openApp(page, url, `/history/${id}`);
    await page.getByTestId("detail-volume").waitFor();
  };
  const save = async () => {
    await page.getByTestId("edit-save").click();
    await page.getByTestId("edit-save").waitFor({ state: "detached" });
  };
  const lines = () => page.getByTestId("set-row").locator("strong").allTextContents();

  await step("ten times the load is asked about before it is saved, and saved when it is meant", async () => {
    await past();
    await page.getByTestId("set-row").first().click();
    await page.getByTestId("edit-load").fill("600");
    await page.getByTestId("edit-save").click();
    await becomes(async () => (await text(page.getByTestId("edit-wrong"))).replaceAll(/\s/g, " "), "600 kg? Last was 60 kg.", "the question");
    await page.getByTestId("edit-rpe").fill("12");
    await page.getByTestId("edit-load").fill("62.5");
    await page.getByRole("radio", { name: "Drop" }).click();
    same(await page.getByTestId("edit-wrong").count(), 0, "complaints before anybody saved");
    await page.getByTestId("edit-save").click();
    await becomes(() => text(page.getByTestId("edit-wrong")), "RPE is 0 to 10.", "what is wrong");
    await page.getByTestId("edit-rpe").fill("8");
    await save();
    await until(async () => (await lines())[0]?.startsWith("62.5"), { what: "the corrected load" });
    same((await text(page.locator("[data-test=set-row] .kind").first())), "D", "the set's kind");
    await page.getByTestId("set-row").first().click();
    await page.getByTestId("edit-load").fill("600");
    await page.getByTestId("edit-save").click();
    await page.getByTestId("edit-wrong").waitFor();
    await save();
    await until(async () => (await lines())[0]?.startsWith("600"), { what: "what was meant is saved" });
  });

  await step("a set and an exercise that were forgotten are added to a past workout", async () => {
    await past();
    await page.getByTestId("add-past-set").click();
    await page.getByTestId("edit-load").fill("55");
    await page.getByTestId("edit-reps").fill("9");
    await save();
    await until(async () => (await lines()).some((line) => /^55\D+9$/.test(line.replaceAll(/\s/g, " "))), { what: "the added set" });
    await page.getByTestId("add-past-exercise").click();
    await page.getByTestId("search").fill("pull up");
    await page.getByTestId("exercises").locator("button.row").filter({ has: page.getByText("Pull Up", { exact: true }) }).click();
    await page.getByTestId("edit-save").click();
    await page.getByTestId("edit-wrong").waitFor();
    await page.getByTestId("edit-reps").fill("7");
    await save();
    await page.locator("section.card h2").getByText("Pull Up", { exact: true }).waitFor();
    same((await lines()).length, 3, "sets");
  });

  await step("a past workout gets another day, time, length and a name that leaves room for the rest", async () => {
    await past();
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    await page.getByTestId("edit-date").fill("2026-03-05");
    await page.getByTestId("edit-time").fill("06:45");
    await page.getByTestId("edit-minutes").fill("75");
    await page.getByTestId("edit-name").fill(LONG);
    same(await axe(page), [], "serious or critical violations of the sheet");
    await look(page, "edit-workout");
    await page.getByTestId("edit-workout-save").click();
    await page.getByTestId("edit-workout-save").waitFor({ state: "detached" });
    await page.getByText("06:45").waitFor();
    await becomes(() => page.locator("main p.quiet").first().textContent(), "Thu 5 Mar, 06:45", "when it was");
    await becomes(async () => (await page.locator(".figures dd").last().textContent()).replaceAll(/\s/g, " "), "1 h 15 min", "how long it took");
    const { height } = await box(page.locator("main h1"));
    ensure(height <= 2 * 1.15 * 28 + 2, `the title is ${height} px high`);
    await look(page, "detail");
    await openApp(page, url, "/history");
    const row = page.getByTestId("workout-row").filter({ hasText: LONG.slice(0, 40) });
    for (let more = 0; more < 12 && !(await row.count()); more++) await page.getByTestId("show-more").click();
    await row.waitFor();
    ensure((await box(row.locator("strong"))).height <= 2 * 1.4 * 16 + 2, "the name fills the list");
  });

  await step("what is said never lies on the primary action", async () => {
    await past();
    await page.getByRole("button", { name: "Remove workout" }).click();
    const toast = page.locator(".toast");
    await toast.waitFor();
    for (const name of ["Today", "Train"]) {
      await tab(page, name);
      const primary = page.locator(".thumb .primary");
      await primary.waitFor();
      ensure(apart(await box(toast), await box(primary)), `the toast lies on the primary action of ${name}`);
      const link = await box(page.locator("nav.tabs"));
      const under = await box(primary);
      same(Math.round(link.y - under.y - under.height), 12, `px from the primary action of ${name} to the tabs`);
    }
    await look(page, "toast");
    await page.getByRole("button", { name: "Undo" }).click();
    await past();
  });

  await step("what a muscle's bar counts can be read to its end", async () => {
    await openApp(page, url);
    await progress(page, "Year");
    await page.locator("[aria-labelledby=per-muscle] .bar-row").first().click();
    const list = page.locator(".bottom-sheet .list");
    await list.locator("li").nth(20).waitFor({ state: "attached" });
    await still(page);
    const { x, y, width, height } = await box(list);
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.wheel(0, 100_000);
    await until(async () => {
      const last = await box(list.locator("li").last());
      return last.y + last.height <= y + height + 1;
    }, { what: "the last row is in sight" });
  });

  // ------------------------------------------------------------------------------------------ text twice as large

  await step("text twice as large: every screen holds it", async () => {
    await context.close();
    const large = await browse(story, folder, {
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--blink-settings=defaultFontSize=32"],
    });
    const where = large.page;
    const wide = [];
    const holds = async (name) => {
      const over = await where.evaluate(() => {
        const seen = [...document.querySelectorAll("body *")].filter((one) => one.closest(".hidden, .heat, .chips, [hidden], svg") === null);
        const out = seen.filter((one) => innerWidth + 1 < one.getBoundingClientRect().right && 0 < one.getBoundingClientRect().width);
        return { page: document.documentElement.scrollWidth - innerWidth, first: out[0] ? `${out[0].tagName}.${out[0].className} "${out[0].textContent.slice(0, 40)}"` : null };
      });
      if (0 < over.page || over.first) wide.push(`${name}: ${over.page} px, ${over.first}`);
      await look(where, `large-${name.replaceAll("/", "-")}`);
    };
    for (const path of ["/", "/train", "/history", `/history/${id}`, "/progress", "/crew", "/me", "/me/import", "/me/storage", "/me/sync"]) {
      await openApp(where, url, path);
      same(await where.locator("main h1").evaluate((h1) => getComputedStyle(h1).fontSize), "56px", `the size of the title of ${path}`);
      await holds(path);
    }
    await openApp(where, url, "/");
    await where.getByTestId("start-workout").click();
    await addExercise(where, "Bench Press (Barbell)", "bench press barbell");
    await holds("workout");
    await cell(where, 0, "load").click();
    await where.getByTestId("keypad-next").waitFor();
    await still(where);
    const { y, height } = await box(where.getByTestId("keypad-next"));
    ensure(y + height <= 844, `the keypad's last key ends at ${y + height} of 844`);
    await holds("keypad");
    await where.getByTestId("keypad-close").click();
    same(wide, [], "what is wider than the screen");
  });
} catch (err) {
  story.brokeOff(err);
} finally {
  await story.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}
story.end();
