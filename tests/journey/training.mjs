// What a thumb does in a workout, and how it is taken back: the keypad by thumb, by keyboard and by paste, every undo,
// rowing, repeating, the rest of a page that stood still.
//
//   node tests/journey/training.mjs         SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM, SPOTTER_SHOTS
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  Log, Story, addExercise, axe, becomes, browse, cell, chip, detail, ensure, finish, freePort, inLightAndDark, openApp, progress, reload, same, serve, set, setKind, shots,
  solid, startWorkout, tab, temporary, text, tick, tiles, typeSet, typed, until,
} from "./lib.mjs";

const story = new Story();
const step = (...all) => story.step(...all);
const vital = (name, act) => story.step(name, act, { vital: true });
const folder = temporary("training");
const port = await freePort();
const url = `http://localhost:${port}`;
const log = new Log();

let server;
let context;
let page;

const begin = (more = {}) => log.add({ at: log.workouts.length + 1, sets: [], ...more });
const bench = (load, reps, rpe) => set("Bench Press (Barbell)", "normal", load, reps, rpe);
const keypad = () => page.locator(".keypad");
const where = () => text(page.locator(".keypad-head .quiet"));
const rest = () => page.locator(".rest-time");
const undo = async (words) => {
  await page.locator(".toast").filter({ hasText: words }).getByRole("button", { name: "Undo" }).click();
  await page.locator(".toast").waitFor({ state: "detached" });
};
const rows = async (n, what) => becomes(() => page.locator(".set:not(.head)").count(), n, what);
/** Types with the keys of a keyboard. */
const press = async (...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};
const paste = (words) => page.evaluate((words) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text", words);
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}, words);
const shown = (value) => becomes(() => page.locator(".keypad-value").textContent(), value, "the keypad's display");
/** A finger goes from one end of a row to the other. */
async function swipe(nth, by = -180) {
  const box = await page.locator(".set:not(.head)").nth(nth).boundingBox();
  const session = await page.context().newCDPSession(page);
  const at = (x) => ({ touchPoints: [{ x, y: box.y + box.height / 2 }] });
  const from = box.x + (by < 0 ? box.width - 60 : 60);
  await session.send("Input.dispatchTouchEvent", { type: "touchStart", ...at(from) });
  await session.send("Input.dispatchTouchEvent", { type: "touchMove", ...at(from + by) });
  await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await session.detach();
}
/** What the tables say, which is what a reload would find. */
async function saved(what) {
  await page.getByTestId("fold").click();
  await progress(page, "4 weeks");
  await becomes(() => tiles(page), log.tiles(), what);
  await page.getByTestId("workout-bar").click();
}

try {
  server = await serve(port);
  ({ context, page } = await browse(story, folder));
  await context.addInitScript(() => {
    globalThis.buzzed = 0;
    Navigator.prototype.vibrate = () => Boolean((globalThis.buzzed += 1));
    // What storage is told to write, in its order.
    globalThis.told = [];
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...more) {
      const [word] = Object.keys((Array.isArray(message) && message[0]) || {});
      if (["Capture", "SaveSheet"].includes(word)) globalThis.told.push(word);
      return post.call(this, message, ...more);
    };
  });

  // ------------------------------------------------------------------------------------------ the keypad

  let first;
  await vital("a tick on an empty row opens the keypad on what is missing, and says nothing", async () => {
    await openApp(page, url);
    await startWorkout(page);
    first = begin();
    await addExercise(page, "Bench Press (Barbell)", "bench press barbell");
    await page.getByTestId("tick-0").click();
    await becomes(where, "Bench Press (Barbell)Set 1 · Load", "what the keypad writes to");
    same(await page.locator(".toast").count(), 0, "toasts");
  });

  await vital("a keyboard types 93,5, goes on, and logs the set", async () => {
    await press("9", "3", ",", "5");
    await shown("93.5");
    await press("Backspace", "5", "Enter");
    await becomes(where, "Bench Press (Barbell)Set 1 · Repetitions", "what comes after the load");
    await press("5", "Enter");
    await until(() => solid(page, 0), { what: "the set is logged" });
    first.sets.push(bench("93.5", "5"));
    ensure(/^(2:00|1:5\d)$/.test(await rest().textContent()), `the rest says ${await rest().textContent()}`);
    await becomes(where, "Bench Press (Barbell)Set 2 · Load", "what comes after the set");
  });

  await step("the next set of a first time is filled in from the one just done", async () => {
    same([await typed(page, 1, "load"), await typed(page, 1, "reps"), await typed(page, 2, "load")], ["93.5", "5", "–"], "the rows after it");
  });

  await step("arrows step, a pasted 93,5 is 93.5, and Escape closes the keypad and not the workout", async () => {
    await press("ArrowUp");
    await shown("94.75");
    await press("ArrowDown", "ArrowDown");
    await shown("92.25");
    await paste(" 93,5 kg\n");
    await shown("93.5");
    await paste("nonsense");
    await shown("93.5");
    await press("Escape");
    await keypad().waitFor({ state: "detached" });
    ensure(await page.getByRole("dialog", { name: "Workout" }).isVisible(), "the workout was folded");
    same(await typed(page, 1, "load"), "93.5", "what was typed");
  });

  await step("with the keypad open another cell and a tick do what they say", async () => {
    await cell(page, 1, "load").click();
    await cell(page, 2, "reps").click();
    await becomes(where, "Bench Press (Barbell)Set 3 · Repetitions", "the other cell");
    await page.evaluate(() => (globalThis.told = []));
    await page.getByTestId("tick-1").click();
    await until(() => solid(page, 1), { what: "the tick of another row" });
    same((await page.evaluate(() => globalThis.told)).slice(0, 2), ["Capture", "SaveSheet"], "the set goes to the disk before its draft");
    first.sets.push(bench("93.5", "5"));
    ensure(await keypad().isVisible(), "the keypad was closed");
  });

  await step("the last key logs the set, with an RPE or without", async () => {
    await cell(page, 2, "load").click();
    for (const key of ["9", "0"]) await page.getByTestId(`key-${key}`).click();
    await page.getByTestId("keypad-next").click();
    await page.getByTestId("key-6").click();
    await page.getByTestId("keypad-rpe").click();
    await becomes(where, "Bench Press (Barbell)Set 3 · RPE", "where RPE is typed");
    await page.getByTestId("key-5").click();
    await page.getByTestId("keypad-log").click();
    await becomes(() => text(page.getByTestId("keypad-wrong")), "RPE is 6 to 10.", "what is said under the field");
    same(await page.locator(".problem").count(), 0, "problems");
    await page.getByTestId("key-8").click();
    await shown("58");
    same(await text(page.getByTestId("keypad-wrong")), "", "what is said once it is changed");
    await page.getByRole("button", { name: "8.5", exact: true }).click();
    await page.getByTestId("keypad-log").click();
    await until(() => solid(page, 2), { what: "the set is logged" });
    await keypad().waitFor({ state: "detached" });
    first.sets.push(bench("90", "6", "8.5"));
    await saved("figures of the three sets");
  });

  await step("a correction begins no rest, and neither does an earlier set that is ticked again", async () => {
    await page.getByRole("button", { name: "Skip" }).click();
    await rest().waitFor({ state: "detached" });
    await cell(page, 0, "reps").click();
    await press("7", "Enter");
    await keypad().waitFor({ state: "detached" });
    first.sets[0].reps = 7;
    await page.getByTestId("tick-1").click();
    await becomes(() => page.getByTestId("tick-1").getAttribute("aria-checked"), "false", "the tick that was taken back");
    await tick(page, 1);
    same(await rest().count(), 0, "rests");
    same(await page.evaluate(() => globalThis.buzzed), 0, "signals of a rest that was skipped");
    await saved("figures with the correction");
  });

  // ------------------------------------------------------------------------------------------ undo

  await step("a set that was swiped away comes back ticked, and is there after a reload", async () => {
    await swipe(1);
    await rows(2, "rows after the swipe");
    const gone = first.sets.splice(1, 1);
    await saved("figures without the set");
    await swipe(1);
    await rows(1, "rows after the second swipe");
    await undo("Set removed.");
    await rows(2, "rows after the undo");
    await until(() => solid(page, 1), { what: "the set is ticked again" });
    same(await typed(page, 1, "rpe"), "8.5", "its RPE");
    await saved("figures after the undo");
    // The first one can no longer be undone: it is logged again.
    await page.getByTestId("add-set").click();
    await typeSet(page, 2, { load: "93.5", reps: "5" });
    await tick(page, 2);
    first.sets.push(...gone);
    await reload(page);
    await page.getByTestId("workout-bar").click();
    await rows(3, "rows after a reload");
    for (const nth of [0, 1, 2]) ensure(await solid(page, nth), `row ${nth + 1} is not ticked after a reload`);
    await saved("figures after a reload");
  });

  await step("a swipe to the right, a short one and a scroll do nothing", async () => {
    await swipe(0, 180);
    await swipe(0, -70);
    await rows(3, "rows");
    same(await text(page.getByRole("button", { name: "Kind of set 1" })), "1", "the kind of the first row");
  });

  await step("undoing a removal keeps what was ticked meanwhile", async () => {
    await page.getByTestId("add-set").click();
    await page.getByTestId("tick-0").focus();
    await press("Delete");
    await rows(3, "rows after the removal");
    await tick(page, 2);
    first.sets.push(bench("93.5", "5"));
    await undo("Set removed.");
    await rows(4, "rows after the undo");
    for (const nth of [0, 1, 2, 3]) await until(() => solid(page, nth), { what: `row ${nth + 1} is ticked` });
    await saved("figures");
  });

  await step("the keypad goes with its set when a row above comes back", async () => {
    const before = await typed(page, 0, "reps");
    await page.getByTestId("tick-0").focus();
    await press("Delete");
    await rows(3, "rows after the removal");
    const was = await typed(page, 0, "reps");
    await cell(page, 0, "reps").click();
    await becomes(where, "Bench Press (Barbell)Set 1 · Repetitions", "what the keypad writes to");
    await undo("Set removed.");
    await rows(4, "rows after the undo");
    await becomes(where, "Bench Press (Barbell)Set 2 · Repetitions", "what it writes to afterwards");
    await press("4");
    await becomes(() => typed(page, 1, "reps"), "4", "repetitions of the set it was opened for");
    same(await typed(page, 0, "reps"), before, "repetitions of the one that came back");
    await press("Enter");
    await press("Escape");
    await keypad().waitFor({ state: "detached" });
    await reload(page);
    await page.getByTestId("workout-bar").click();
    await rows(4, "rows after a reload");
    same([await typed(page, 0, "reps"), await typed(page, 1, "reps")], [before, "4"], "repetitions after a reload");
    await typeSet(page, 1, { reps: was });
    await saved("figures");
  });

  await step("a removed exercise comes back with its ticks, its chip in front", async () => {
    await addExercise(page, "Squat (Barbell)", "squat barbell");
    await typeSet(page, 0, { load: "100", reps: "5" });
    await tick(page, 0);
    first.sets.push(set("Squat (Barbell)", "normal", "100", "5"));
    await chip(page, "Bench Press");
    await page.getByTestId("more").click();
    await page.getByTestId("remove-exercise").click();
    await becomes(() => page.getByRole("tab").count(), 1, "exercises");
    const all = first.sets;
    first.sets = all.filter((one) => one.exercise === "Squat (Barbell)");
    await page.getByTestId("fold").click();
    await progress(page, "4 weeks");
    await becomes(() => tiles(page), log.tiles(), "figures without the exercise");
    first.sets = all;
    await undo("Exercise removed.");
    await becomes(() => tiles(page), log.tiles(), "figures after the undo");
    await page.getByTestId("workout-bar").click();
    await rows(4, "rows of the exercise that came back");
    same(await text(page.locator('[role=tab][aria-selected="true"]')), "Bench Press4/4", "the chip in front");
    await reload(page);
    await page.getByTestId("workout-bar").click();
    for (const nth of [0, 1, 2, 3]) ensure(await solid(page, nth), `row ${nth + 1} is not ticked after a reload`);
  });

  await step("the rows that nobody ticked are left out with one tap, and come back", async () => {
    await chip(page, "Squat");
    await becomes(() => text(page.getByTestId("leave-out")), "Leave out 2 sets", "the button");
    await page.getByTestId("leave-out").click();
    await rows(1, "rows");
    await undo("Left out.");
    await rows(3, "rows after the undo");
    ensure(await solid(page, 0), "the set that was done lost its tick");
    await page.getByTestId("leave-out").click();
    await rows(1, "rows");
  });

  await step("a discarded workout comes back with everything that was saved in it", async () => {
    await page.getByTestId("workout-more").click();
    await page.getByTestId("workout-name").fill("Push");
    await page.getByTestId("workout-save").click();
    await becomes(() => text(page.locator(".workout h1")), "Push", "the workout's name");
    await page.getByTestId("workout-more").click();
    await page.getByTestId("discard").click();
    await page.locator("section.workout").waitFor({ state: "detached" });
    const all = first.sets;
    first.sets = [];
    await tab(page, "Progress");
    await page.getByText("No training in this range").waitFor();
    await undo("Workout discarded.");
    first.sets = all;
    await page.getByRole("dialog", { name: "Workout" }).waitFor();
    await becomes(() => page.getByRole("tab").count(), 2, "exercises");
    await saved("figures after the undo");
    same(await text(page.locator(".workout h1")), "Push", "the workout's name after the undo");
  });

  await step("a body weight that was saved by mistake is taken back", async () => {
    await page.getByTestId("fold").click();
    await tab(page, "Today");
    const box = page.getByLabel("Body weight", { exact: true });
    const known = page.locator("form.inline .quiet");
    await box.fill("5");
    await press("Enter");
    await page.getByText("A body weight is 10\u202fkg to 500\u202fkg.").waitFor();
    await box.fill("80,5");
    same(await text(page.locator("#body-weight-wrong")), "", "what is said once it is changed");
    await press("Enter");
    await becomes(() => text(known), "80.5\u202fkg", "the body weight");
    same(await page.locator(".problem").count(), 0, "problems");
    await undo("Body weight saved");
    await becomes(() => text(known), "", "the body weight after the undo");
    await box.fill("80");
    await press("Enter");
    await becomes(() => text(known), "80\u202fkg", "the body weight");
    await page.getByTestId("workout-bar").click();
    await addExercise(page, "Pull Up", "pull up");
    await becomes(() => text(page.getByTestId("body-weight-known")), "Body weight 80\u202fkg", "what is said beside the rows");
    await page.getByTestId("more").click();
    await page.getByTestId("remove-exercise").click();
  });

  // ------------------------------------------------------------------------------------------ the end, and once more

  await step("a workout does not end with sets that are not ticked unless somebody says so", async () => {
    await chip(page, "Squat");
    await page.getByTestId("add-set").click();
    await page.getByTestId("finish").click();
    await page.getByRole("heading", { name: "1 set not ticked" }).waitFor();
    await page.getByTestId("menu-close").click();
    ensure(await page.getByRole("dialog", { name: "Workout" }).isVisible(), "the workout has ended");
    first.id = await finish(page);
    await becomes(() => detail(page), { volume: (await detail(page)).volume, sets: String(first.sets.length) }, "the workout's figures");
  });

  await step("a workout that was finished a moment ago is gone on with", async () => {
    await page.getByTestId("resume").click();
    await becomes(() => page.getByRole("tab").count(), 2, "exercises");
    await rows(2, "rows, the one that was not ticked among them");
    await tick(page, 1);
    first.sets.push(set("Squat (Barbell)", "normal", "100", "5"));
    same(await finish(page), first.id, "the workout");
    await becomes(async () => (await detail(page)).sets, String(first.sets.length), "sets");
    await progress(page, "4 weeks");
    await becomes(() => tiles(page), log.tiles(), "figures");
  });

  await step("after a reload too", async () => {
    await openApp(page, url);
    await page.getByTestId("resume").click();
    await becomes(() => page.getByRole("tab").count(), 2, "exercises");
    for (const nth of [0, 1, 2, 3]) await until(() => solid(page, nth), { what: `row ${nth + 1} is ticked` });
    await finish(page);
  });

  await step("another workout with one set of bench press", async () => {
    await startWorkout(page);
    const other = begin();
    await addExercise(page, "Bench Press (Barbell)", "bench press barbell");
    await becomes(() => text(page.locator(".previous").nth(0)), "93.5\n× 7", "what is shown of last time");
    await tick(page, 0);
    other.sets.push(bench("93.5", "7"));
    other.id = await finish(page);
  });

  await step("repeating copies the sets of that workout and opens its first exercise", async () => {
    await tab(page, "Train");
    await page.getByTestId("repeat").filter({ hasText: "Push" }).click();
    await becomes(() => page.getByRole("tab").count(), 2, "exercises");
    same(await text(page.locator(".workout h1")), "Push", "the workout's name");
    await becomes(() => text(page.locator('[role=tab][aria-selected="true"]')), "Bench Press0/4", "the chip in front");
    await rows(4, "rows");
    same(await Promise.all([0, 1, 2, 3].map((nth) => typed(page, nth, "load"))), ["93.5", "90", "93.5", "93.5"], "loads");
    same(await Promise.all([0, 1, 2, 3].map((nth) => typed(page, nth, "reps"))), ["7", "6", "5", "5"], "repetitions");
    await tick(page, 0);
    begin().sets.push(bench("93.5", "7"));
    await finish(page);
  });

  // ------------------------------------------------------------------------------------------ rowing

  await step("rowing has a distance and a time, and each is filled in from its own field", async () => {
    await startWorkout(page);
    await addExercise(page, "Rowing (Machine)", "rowing machine");
    await cell(page, 0, "distance").click();
    await press("0", ",", "8", "8", "Enter", "1", "0", ":", "0", "0", "Enter");
    await until(() => solid(page, 0), { what: "the set is logged" });
    await press("Escape");
    await finish(page);
    await becomes(() => text(page.getByTestId("set-row").locator("strong")), "0.88 km, 10:00", "what was saved");
    await startWorkout(page);
    await addExercise(page, "Rowing (Machine)", "rowing machine");
    same([await typed(page, 0, "distance"), await typed(page, 0, "time")], ["0.88", "10:00"], "what is filled in from last time");
    same(await text(page.locator(".previous").nth(0)), "0.88 km\n10:00", "what is shown of last time");
    await tick(page, 0);
    await finish(page);
    await becomes(() => text(page.getByTestId("set-row").locator("strong")), "0.88 km, 10:00", "what one tick saved");
  });

  // ------------------------------------------------------------------------------------------ the rest

  await step("a rest goes on while the page stands still, ends once, and stays in sight", async () => {
    const still = await context.newPage();
    story.page = still;
    await still.clock.install();
    await openApp(still, url);
    await startWorkout(still);
    await addExercise(still, "Bench Press (Barbell)", "bench press barbell");
    await tick(still, 0);
    await still.clock.fastForward(60_000);
    const clock = () => still.locator(".rest-time").textContent();
    await until(async () => /^(1:00|0:5\d)$/.test(await clock()), { what: "a minute of two is left" });
    await still.clock.fastForward(200_000);
    await until(async () => /^Rest over 2:2\d ago$/.test(await clock()), { what: "the rest is shown as over" });
    await still.clock.fastForward(60_000);
    await until(async () => /^Rest over 3:2\d ago$/.test(await clock()), { what: "and later still" });
    same(await still.evaluate(() => globalThis.buzzed), 1, "signals");
    await still.getByTestId("add-set").click();
    await still.getByTestId("fold").click();
    ensure((await still.getByTestId("workout-bar").innerText()).includes("set 2/"), "the bar does not count the set that is being done");
    await still.close();
    story.page = page;
  });

  // ------------------------------------------------------------------------------------------ how it looks

  await step("the workout, its keypad and its sheets, in light and dark", async () => {
    await page.bringToFront();
    await page.getByTestId("workout-bar").click();
    await page.getByTestId("tick-1").waitFor();
    const looks = (name) => inLightAndDark(page, async (colorScheme) => {
      same(await axe(page), [], `serious or critical violations of ${name}, ${colorScheme}`);
      if (!process.env.SPOTTER_SHOTS) return;
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `training-${name}-${colorScheme}.png`) });
    });
    await looks("workout");
    await cell(page, 1, "reps").click();
    await looks("keypad");
    const box = await page.getByTestId("keypad-log").boundingBox();
    ensure(box.y + box.height <= 844, "the last key is below the screen");
    await page.getByTestId("keypad-close").click();
    await page.getByTestId("workout-more").click();
    await looks("menu");
    await page.getByTestId("menu-close").click();
    await page.getByRole("button", { name: "Kind of set 2" }).click();
    await looks("kind");
    await page.getByTestId("menu-close").click();
    await setKind(page, 1, "drop");
    same(await text(page.getByRole("button", { name: "Kind of set 2" })), "D", "the kind that was chosen");
    await page.getByTestId("finish").click();
    await looks("finish");
  });

  await step("nothing was complained about from beginning to end", async () => same(story.errors, [], "console and page errors"));
} catch (err) {
  story.brokeOff(err);
} finally {
  await story.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}
story.end();
