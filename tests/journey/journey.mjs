// One long story in a real browser: the first set, a power cut, offline, two tabs, imports, notes, and a look at every
// screen with axe. Every figure is worked out here from what was typed.
//
//   node tests/journey/journey.mjs          SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM, SPOTTER_SHOTS
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Log, Story, addExercise, axe, bars, becomes, bestEstimates, bestOf, browse, built, cell, chip, detail, dist, ensure, estimate, finish, freePort, heldBack, inLightAndDark,
  kill, openApp, packedBytes, pastServiceWorker, plural, progress, same, serve, set, setKind, shots, solid, startWorkout, storageFact, tab, temporary, text, thousands, tick, tiles, typeSet,
  typeUnfinished, typed, until, volume, volumeOf, workerOf, working,
} from "./lib.mjs";
import { look } from "./pool.mjs";
import { tenColumns, twelveColumns } from "./strong-files.mjs";

const story = new Story();
const step = (...all) => story.step(...all);
const vital = (name, act) => story.step(name, act, { vital: true });
const log = new Log();
const folder = temporary("journey");
const slowly = temporary("journey-slow");
const port = await freePort();
const url = `http://localhost:${port}`;
const twelve = twelveColumns(Date.now());
const ten = tenColumns(Date.now());
ensure(400 <= twelve.rows && 400 <= ten.rows, `the files are too short: ${twelve.rows}, ${ten.rows}`);

let server;
let context;
let page;

const lastTime = (nth) => log.workouts.filter((workout) => !workout.file)[nth];
const ofApp = (workout) => !workout.file;
const summed = (sets) => volume(sets.reduce((sum, one) => sum + volumeOf(one), 0));
const detailOf = (workout) => ({ volume: summed(workout.sets), sets: String(workout.sets.filter(working).length) });
const estimatesOf = (workout) =>
  Object.fromEntries([...new Set(workout.sets.map((one) => one.exercise))].map((exercise) => {
    const best = bestOf(workout.sets, exercise);
    return [exercise, best === null ? null : `Best estimate ${estimate(best)}`];
  }));
const openDetail = async (id) => {
  await openApp(page, url, `/history/${id}`);
  await page.getByTestId("detail-volume").waitFor();
};
/** The sheet as it lies on the disk. */
const sheetOnDisk = async (where) => (await look(where)).flatMap((file) => file.sheets).join("");
const importProblems = (where) =>
  where.getByTestId("problems").locator("li").evaluateAll((all) => all.map((one) => [Number(one.children[0].textContent.replace("line ", "")), one.children[1].textContent]));

async function choose(name, csv) {
  await tab(page, "Me");
  await page.getByTestId("to-import").click();
  await page.getByTestId("file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(csv) });
  await page.getByTestId("plan-sets").waitFor();
}

const plan = async () => ({
  workouts: await text(page.getByTestId("plan-workouts")),
  sets: await text(page.getByTestId("plan-sets")),
  rejected: await text(page.getByTestId("plan-rejected")),
});

async function importFile(name, file, { before }) {
  await choose(name, file.csv);
  const run = page.getByTestId("run-import");
  await becomes(() => text(run), "Choose kg or lb first", "the button before there is a unit");
  ensure(await run.isDisabled(), "an import without a unit can be started");
  await page.getByRole("radiogroup", { name: "Unit of loads in the file" }).getByRole("radio", { name: "kg", exact: true }).click();
  await becomes(() => text(run), `Import ${plural(before, "set", "sets")}`, "the button with a unit");
  await run.click();
  await becomes(() => text(page.getByTestId("imported").locator("h2")), "Imported", "how the import ended", { timeout: 60_000 });
  await page.getByTestId("to-progress").click();
}

const undoImport = async (name) => {
  await tab(page, "Me");
  const row = page.locator("li.row").filter({ has: page.getByText(name, { exact: true }) }).filter({ has: page.getByTestId("undo-import") });
  await row.getByTestId("undo-import").click();
  await page.locator("li.row").filter({ has: page.getByText(name, { exact: true }) }).filter({ hasText: "undone" }).first().waitFor();
};

async function looks(name, where = page) {
  await inLightAndDark(where, (colorScheme) =>
    step(`axe: ${name}, ${colorScheme}`, async () => same(await axe(where), [], "serious or critical violations")));
}

try {
  server = await serve(port);
  ({ context, page } = await browse(story, folder));

  // ------------------------------------------------------------------------------------------ the first visit

  await vital("first visit: nothing is there", async () => {
    await openApp(page, url);
    await page.getByText("Log your first set").waitFor();
    same(await page.getByTestId("workout-bar").count(), 0, "workout bars");
    await tab(page, "Progress");
    await page.getByText("No training in this range").waitFor();
    same(await page.locator(".problem").count(), 0, "problems");
  });

  await vital("the service worker is active and its precache holds the build", async () => {
    await until(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === "activated"), {
      what: "an active service worker", timeout: 60_000,
    });
    const onDisk = (path, at = "") => readdirSync(join(dist, path, at), { withFileTypes: true }).flatMap((one) =>
      one.isDirectory() ? onDisk(path, join(at, one.name)) : one.name.endsWith(".br") ? [] : [join("/", path, at, one.name)]);
    const files = ["/index.html", "/manifest.webmanifest", ...onDisk(`b/${built.build}`)];
    ensure(12 < files.length, `only ${files.length} files in the build`);
    const missing = await page.evaluate(async (files) => {
      const sizes = await Promise.all(files.map(async (file) => (await (await caches.match(file, { ignoreSearch: true }))?.arrayBuffer())?.byteLength ?? 0));
      return files.filter((_, at) => !sizes[at]);
    }, files);
    same(missing, [], "files the precache does not hold");
  });

  // ------------------------------------------------------------------------------------------ the first workout

  let first;
  await vital("a workout with three exercises, its sets typed and ticked", async () => {
    await startWorkout(page);
    first = log.add({ at: Date.now(), sets: [] });
    const plans = [
      ["Bench Press (Barbell)", "bench press barbell", [["warmup", "40", "8"], ["normal", "82.5", "5", "8"], ["normal", "80", "6", "9.5"]]],
      ["Squat (Barbell)", "squat barb", [["normal", "100", "5", "7.5"], ["normal", "102.5", "5"], ["normal", "107.25", "1", "10"]]],
      ["Pull Up", "pull up", [["normal", undefined, "8"], ["normal", undefined, "7", "9"], ["normal", undefined, "6"]]],
    ];
    for (const [name, search, sets] of plans) {
      await addExercise(page, name, search);
      same(await text(page.locator("p.last")), "First time", "what is said of last time");
      for (const [nth, [kind, load, reps, rpe]] of sets.entries()) {
        await typeSet(page, nth, { load, reps, rpe });
        if (kind === "warmup") {
          await setKind(page, nth, "warmup");
          await becomes(() => text(page.getByRole("button", { name: `Kind of set ${nth + 1}` })), "W", "the kind of the set");
        }
        await tick(page, nth);
        first.sets.push(set(name, kind, load ?? null, reps, rpe ?? null));
      }
    }
    for (const [name, sets] of plans.map(([name, , sets]) => [name, sets])) {
      await chip(page, name.split(" (")[0]);
      for (const nth of sets.keys()) ensure(await solid(page, nth), `${name}, set ${nth + 1} is not solid`);
    }
  });

  await vital("finishing leads to the workout's page with the right figures", async () => {
    first.id = await finish(page);
    await becomes(() => detail(page), detailOf(first), "the workout's figures");
    await becomes(() => bestEstimates(page), estimatesOf(first), "estimates");
    ensure(estimatesOf(first)["Pull Up"] === null, "the test's own model gives pull-ups an estimate");
    same(await page.getByTestId("set-row").count(), first.sets.length, "rows");
    same(await page.getByTestId("workout-bar").count(), 0, "workout bars");
  });

  await step("Today shows the workout", async () => {
    await tab(page, "Today");
    const card = page.locator("[aria-labelledby=last-workout]");
    await becomes(() => card.locator("dd").allTextContents(), [summed(first.sets), detailOf(first).sets, "0"], "the card of the last workout");
    ensure((await text(card.locator(".eyebrow"))).endsWith("Today"), "the last workout was not today");
    await page.locator("ol.week li.now.trained").waitFor();
  });

  await step("Progress shows the same, and a first session makes no records", async () => {
    await progress(page, "4 weeks");
    await becomes(() => tiles(page), { ...log.tiles(), records: "0" }, "tiles of 4 weeks");
    same(log.records(), 0, "the model's records");
    await becomes(() => bars(page), log.muscleSets(), "sets per muscle and week");
    const bench = page.getByTestId("estimate").filter({ hasText: "Bench Press (Barbell)" });
    await becomes(() => text(bench.locator("p.quiet")), `e1RM, best ${estimate(bestOf(first.sets, "Bench Press (Barbell)"))}`, "the estimate of bench press");
    await page.getByRole("radiogroup", { name: "Measure" }).getByRole("radio", { name: "Volume", exact: true }).click();
    await becomes(() => bars(page), log.muscleVolume(), "volume per muscle and week");
    await page.locator(".bar-row").filter({ hasText: "Triceps" }).click();
    await becomes(() => page.getByRole("dialog", { name: "Why this number" }).locator("li .tabular").allTextContents(), ["2 × 0.5"], "the rows behind triceps");
    await page.keyboard.press("Escape");
  });

  // ------------------------------------------------------------------------------------------ a power cut, offline

  let second;
  await vital("a second workout: filled in from last time, one set ticked, one value half typed", async () => {
    await startWorkout(page);
    second = log.add({ at: Date.now(), sets: [] });
    await addExercise(page, "Bench Press (Barbell)", "bench press barbell");
    await becomes(() => typed(page, 1, "load"), "82.5", "what is filled in from last time");
    same(await text(page.getByRole("button", { name: "Kind of set 1" })), "W", "the kind of the first row");
    await tick(page, 1);
    second.sets.push(set("Bench Press (Barbell)", "normal", "82.5", "5"));
    await typeUnfinished(page, 2, "load", "87");
    await until(async () => (await sheetOnDisk(page)).includes('"load":"87"'), { what: "the typed value is on the disk" });
  });

  await vital("the browser is killed, the server stops, and the app starts again from the service worker", async () => {
    await kill(folder);
    await server.stop();
    ensure(await fetch(url).then(() => false, () => true), "the server is still there");
    ({ context, page } = await browse(story, folder));
    // Only the service worker's own script is asked for, to see whether there is a newer one.
    await openApp(page, url);
    await page.getByTestId("workout-bar").waitFor();
    ensure(await page.evaluate(() => navigator.serviceWorker.controller !== null), "no service worker has the page");
  });

  await vital("offline, everything that was saved is there", async () => {
    await tab(page, "Today");
    await becomes(() => page.locator("[aria-labelledby=last-workout] dd").allTextContents(), [summed(first.sets), detailOf(first).sets, "0"], "the last workout on Today");
    await progress(page, "4 weeks");
    await becomes(() => tiles(page), log.tiles(), "tiles");
    same(await page.locator(".problem").allTextContents(), [], "problems");
  });

  await vital("the unfinished workout's sheet is as it was, with the value that was being typed", async () => {
    await page.getByTestId("workout-bar").click();
    await page.getByRole("dialog", { name: "Workout" }).waitFor();
    await until(() => solid(page, 1), { what: "the ticked set is still ticked" });
    same(await typed(page, 2, "load"), "87", "the value that was being typed");
    for (const nth of [0, 2]) same(await page.getByTestId(`tick-${nth}`).getAttribute("aria-checked"), "false", `the tick of row ${nth + 1}`);
  });

  await vital("it is finished offline, and a better set is a record", async () => {
    await tick(page, 2);
    second.sets.push(set("Bench Press (Barbell)", "normal", "87", "6"));
    second.id = await finish(page);
    await becomes(() => detail(page), detailOf(second), "the second workout's figures");
    await becomes(() => bestEstimates(page), estimatesOf(second), "estimates");
    await progress(page, "4 weeks");
    same(log.records(), 2, "the model's records: estimate and load");
    await becomes(() => tiles(page), log.tiles(), "tiles");
  });

  // ------------------------------------------------------------------------------------------ corrections

  await vital("a past set is edited, and every figure follows", async () => {
    await tab(page, "Train");
    await page.getByRole("button", { name: "History" }).click();
    await page.getByTestId("workout-row").nth(1).click();
    await page.waitForURL(`${url}/history/${first.id}`);
    await page.getByTestId("set-row").nth(1).click();
    await becomes(() => page.getByTestId("edit-load").inputValue(), "82.5", "the load that is edited");
    await page.getByTestId("edit-load").fill("92.5");
    await page.getByTestId("edit-save").click();
    await page.getByTestId("edit-save").waitFor({ state: "detached" });
    first.sets[1].loadG = 92_500;
    await becomes(() => detail(page), detailOf(first), "the workout's figures");
    await becomes(() => bestEstimates(page), estimatesOf(first), "estimates");
    await progress(page, "4 weeks");
    same(log.records(), 0, "the model's records: none any more");
    await becomes(() => tiles(page), log.tiles(), "tiles");
  });

  await vital("a set is removed and comes back through the toast", async () => {
    await openDetail(first.id);
    await page.getByTestId("set-row").nth(2).click();
    await page.getByRole("button", { name: "Remove set" }).click();
    const without = { ...first, sets: first.sets.filter((_, nth) => nth !== 2) };
    await becomes(() => detail(page), detailOf(without), "the figures without the set");
    await page.locator(".toast").filter({ hasText: "Set removed." }).getByRole("button", { name: "Undo" }).click();
    await becomes(() => detail(page), detailOf(first), "the figures with it again");
    await becomes(() => bestEstimates(page), estimatesOf(first), "estimates");
  });

  await step("a workout is removed and comes back through the toast", async () => {
    await openDetail(second.id);
    await page.getByRole("button", { name: "Remove workout" }).click();
    await page.waitForURL(`${url}/history`);
    await becomes(() => page.getByTestId("workout-row").count(), 1, "workouts in the history");
    await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await becomes(() => page.getByTestId("workout-row").count(), 2, "workouts in the history");
    await progress(page, "4 weeks");
    await becomes(() => tiles(page), log.tiles(), "tiles");
  });

  // ------------------------------------------------------------------------------------------ two tabs

  let third;
  let other;
  await vital("a second tab opens beside the first and shows the same", async () => {
    other = await context.newPage();
    await openApp(other, url, "/progress");
    await other.getByTestId("total-sets").waitFor();
    await becomes(() => tiles(other), log.tiles(), "tiles in the second tab");
  });

  await step("a set ticked in one tab is in the other tab's figures at once", async () => {
    await page.bringToFront();
    await startWorkout(page);
    third = log.add({ at: Date.now(), sets: [] });
    await addExercise(page, "Squat (Barbell)", "squat barbell");
    await becomes(() => typed(page, 0, "load"), "100", "what is filled in from last time");
    await tick(page, 0);
    third.sets.push(set("Squat (Barbell)", "normal", "100", "5"));
    await becomes(() => tiles(other), log.tiles(), "tiles in the second tab");
  });

  await step("and the other way round: the second tab goes on with the same workout", async () => {
    await other.bringToFront();
    await other.getByTestId("workout-bar").click();
    await until(() => solid(other, 0), { what: "the first tab's tick in the second" });
    await typeSet(other, 1, { load: "105", reps: "5" });
    await tick(other, 1);
    third.sets.push(set("Squat (Barbell)", "normal", "105", "5"));
    await page.bringToFront();
    await until(() => solid(page, 1), { what: "the second tab's tick in the first" });
    same(await typed(page, 1, "load"), "105", "the load typed in the second tab");
  });

  await vital("finished in the first tab, closed in the second", async () => {
    await page.bringToFront();
    third.id = await finish(page);
    await becomes(() => detail(page), detailOf(third), "the third workout's figures");
    await becomes(() => other.getByTestId("workout-bar").count(), 0, "workout bars in the second tab");
    await other.bringToFront();
    await becomes(() => tiles(other), log.tiles(), "tiles in the second tab");
    await other.close();
    await page.bringToFront();
    story.page = page;
  });

  // ------------------------------------------------------------------------------------------ imports

  server = await serve(port);

  await vital("12 columns, CRLF: the preview counts right", async () => {
    await choose("strong-twelve.csv", twelve.csv);
    same(await plan(), { workouts: thousands(twelve.workouts.length), sets: thousands(twelve.sets), rejected: thousands(twelve.rejected) }, "the plan");
    await page.getByText(`${twelve.first} to ${twelve.last}. ${thousands(twelve.rows)} rows read, ${thousands(twelve.attached)} of them rests and notes.`, { exact: true }).waitFor();
    await page.getByText("Strong, 12 columns", { exact: true }).waitFor();
    await page.locator("li.mapping").filter({ hasText: twelve.odd }).waitFor();
    same(await page.locator("li.mapping").count(), 1, "names that need an answer");
  });

  const listed = async (file) => {
    await page.locator("summary").filter({ hasText: `${plural(file.problems.length, "row", "rows")} with a remark` }).click();
    const seen = await importProblems(page);
    same(seen.map(([line]) => line), file.problems.map(([line]) => line), "lines of the problems");
    for (const [nth, [, reason]] of file.problems.entries()) ensure(seen[nth][1].startsWith(reason), `problem ${nth + 1}: “${seen[nth][1]}” instead of “${reason}”`);
  };
  await step("12 columns: every problem is listed with its line", () => listed(twelve));

  await vital("12 columns: imported, and the totals are those of the file", async () => {
    await importFile("strong-twelve.csv", twelve, { before: twelve.sets });
    twelve.workouts.forEach((workout) => log.add(workout));
    await progress(page, "All");
    await becomes(() => tiles(page), log.tiles(), "tiles of all time", { timeout: 60_000 });
  });

  await vital("10 columns, LF: the preview counts right", async () => {
    await choose("strong-ten.csv", ten.csv);
    same(await plan(), { workouts: thousands(ten.workouts.length), sets: thousands(ten.sets), rejected: thousands(ten.rejected) }, "the plan");
    await page.getByText(`${ten.first} to ${ten.last}. ${thousands(ten.rows)} rows read, ${thousands(ten.attached)} of them rests and notes.`, { exact: true }).waitFor();
    await page.getByText("Strong, 10 columns", { exact: true }).waitFor();
  });
  await step("10 columns: every problem is listed with its line", () => listed(ten));
  await looks("Import preview");

  await vital("10 columns: imported, and the totals are those of both files", async () => {
    await importFile("strong-ten.csv", ten, { before: ten.sets });
    ten.workouts.forEach((workout) => log.add(workout));
    await progress(page, "All");
    await becomes(() => tiles(page), log.tiles(), "tiles of all time", { timeout: 60_000 });
  });

  await step("what no server keeps and no backup has is spoken of on Today, until somebody says later", async () => {
    await openApp(page, url);
    await page.getByTestId("backup-reminder").waitFor();
    await inLightAndDark(page, async (colorScheme) => {
      if (process.env.SPOTTER_SHOTS) await page.screenshot({ path: join(shots, `backup-reminder-${colorScheme}.png`) });
      same(await axe(page), [], "serious or critical violations");
    });
    await page.getByTestId("backup-later").click();
    await page.getByTestId("backup-reminder").waitFor({ state: "detached" });
    await page.reload();
    await page.getByTestId("start-workout").waitFor();
    await page.getByText("Last workout").waitFor();
    same(await page.getByTestId("backup-reminder").count(), 0, "reminders after a reload");
  });

  await step("in pounds, to the last one", async () => {
    const unit = async (name) => {
      await tab(page, "Me");
      const choice = page.getByRole("radiogroup", { name: "Unit of loads" }).getByRole("radio", { name, exact: true });
      await choice.click();
      await becomes(() => choice.getAttribute("aria-checked"), "true", `the choice of ${name}`);
    };
    await unit("lb");
    await progress(page, "All");
    await becomes(async () => (await tiles(page)).volume, log.pounds(), "the volume of all time");
    await unit("kg");
    await progress(page, "All");
    await becomes(() => tiles(page), log.tiles(), "tiles of all time");
  });

  for (const [name, file] of [["strong-twelve.csv", twelve], ["strong-ten.csv", ten]]) {
    await step(`${name} again: everything is here already`, async () => {
      await choose(name, file.csv);
      same(await text(page.getByTestId("already")), `${plural(file.sets, "set is", "sets are")} here already, not imported again.`, "what is said");
      same(await text(page.getByTestId("run-import")), "Everything is here already", "the button");
      ensure(await page.getByTestId("run-import").isDisabled(), "it can be imported again");
    });
  }

  const edited = ten.workouts.at(-1);
  await vital("an imported set is edited", async () => {
    await openApp(page, url, "/history");
    await page.getByTestId("workout-row").filter({ hasText: edited.name }).first().click();
    await page.getByTestId("detail-volume").waitFor();
    await becomes(() => detail(page), detailOf(edited), "the imported workout's figures");
    edited.id = page.url().split("/").at(-1);
    const row = page.locator("section.card").filter({ hasText: "Deadlift (Barbell)" }).getByTestId("set-row").first();
    await row.click();
    await page.getByTestId("edit-load").fill("200");
    await page.getByTestId("edit-save").click();
    await page.getByTestId("edit-save").waitFor({ state: "detached" });
    edited.sets.find((one) => one.exercise === "Deadlift (Barbell)").loadG = 200_000;
    await becomes(() => detail(page), detailOf(edited), "the figures with the edit");
    await progress(page, "All");
    await becomes(() => tiles(page), log.tiles(), "tiles of all time");
  });

  const everything = edited.sets;
  await vital("the import is undone: totals go back, the edited set stays", async () => {
    await undoImport("strong-ten.csv");
    log.workouts = log.workouts.filter((workout) => workout.file !== "ten" || workout === edited);
    edited.sets = everything.filter((one) => one.loadG === 200_000);
    same(edited.sets.length, 1, "edited sets");
    await progress(page, "All");
    await becomes(() => tiles(page), log.tiles(), "tiles of all time", { timeout: 60_000 });
  });

  await step("importing it again brings the rest back and leaves the edit alone", async () => {
    await choose("strong-ten.csv", ten.csv);
    await page.getByRole("radiogroup", { name: "Unit of loads in the file" }).getByRole("radio", { name: "kg", exact: true }).click();
    await becomes(() => text(page.getByTestId("run-import")), `Import ${plural(ten.sets - 1, "set", "sets")}`, "all but the set that is there");
    await page.getByTestId("run-import").click();
    await page.getByTestId("imported").waitFor();
    edited.sets = everything;
    log.workouts = [...log.workouts.filter((workout) => workout.file !== "ten"), ...ten.workouts];
    await page.getByTestId("to-progress").click();
    await progress(page, "All");
    await becomes(() => tiles(page), log.tiles(), "tiles of all time");
  });

  await step("both imports undone: only what was done here and what was edited is left", async () => {
    await undoImport("strong-ten.csv");
    await undoImport("strong-twelve.csv");
    edited.sets = everything.filter((one) => one.loadG === 200_000);
    log.workouts = log.workouts.filter((workout) => !workout.file || workout === edited);
    await progress(page, "All");
    await becomes(() => tiles(page), log.tiles(), "tiles of all time");
    ensure(lastTime(0) === first && log.workouts.filter(ofApp).length === 3, "the model lost a workout");
  });

  await vital("a page that goes away in mid-import: it says where it stopped, goes on there, and one undo takes all of it", async () => {
    const day = (nth) => new Date(Date.now() - (900 - nth) * 86_400_000).toISOString().slice(0, 10);
    const lines = Array.from({ length: 500 }, (_, nth) =>
      Array.from({ length: 10 }, (_, set) => `${day(nth)} 06:10:00,Early ${nth},40m,Squat (Barbell),${set + 1},${60 + (nth % 40)},5,0,0,`)).flat();
    const csv = `Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n${lines.join("\n")}\n`;
    const before = await (async () => {
      await progress(page, "All");
      return tiles(page);
    })();
    await choose("strong-long.csv", csv);
    await page.getByRole("radiogroup", { name: "Unit of loads in the file" }).getByRole("radio", { name: "kg", exact: true }).click();
    await becomes(() => text(page.getByTestId("run-import")), `Import ${thousands(5000)} sets`, "the button");
    // As soon as something is written, before all of it is.
    const gone = page.waitForEvent("load", { timeout: 60_000 });
    await page.evaluate(() => {
      new MutationObserver(() => {
        const said = document.querySelector("progress + [role=status]")?.textContent ?? "";
        if (/^[1-9]\d* of 500 workouts/.test(said) && !said.startsWith("500 ")) location.reload();
      }).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    await page.getByTestId("run-import").click();
    await gone;
    const stopped = page.getByTestId("stopped");
    await stopped.waitFor({ timeout: 60_000 });
    const [, done] = (await text(stopped.locator("h2"))).match(/^Stopped at (\d+) of 500 workouts$/) ?? [];
    ensure(0 < Number(done) && Number(done) < 500, `it says “${await text(stopped.locator("h2"))}”`);
    await page.getByTestId("continue").setInputFiles({ name: "strong-long.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
    const end = page.getByTestId("imported");
    await becomes(() => text(end.locator("h2")), "Imported", "how the import ended", { timeout: 60_000 });
    await end.getByText(`New: ${thousands(5000 - 10 * done)} sets in ${500 - done} workouts. Here before: ${thousands(10 * done)} sets.`).waitFor();
    await undoImport("strong-long.csv");
    await progress(page, "All");
    await becomes(() => tiles(page), before, "tiles of all time", { timeout: 60_000 });
  });

  // ------------------------------------------------------------------------------------------ a slow start

  {
    // Storage starts only when the test says so: what somebody taps before that must not be lost.
    const slow = await browse(story, slowly);
    const own = slow.page;
    await pastServiceWorker(own);
    const early = async () => {
      const storage = await heldBack(own, "**/storage.js");
      await own.goto(url);
      await own.getByTestId("start-workout").waitFor();
      await storage.asked("the storage worker is asked for");
      // Either the tap counts at once, or the button says that it cannot be tapped yet.
      const tapped = own.getByTestId("start-workout").click();
      await until(async () => (await own.getByRole("dialog", { name: "Workout" }).count()) || (await own.getByTestId("start-workout").isDisabled()), { what: "the tap is felt" });
      storage.open();
      await tapped;
      await storage.over();
      // The tables stand, so storage has said what it knows.
      await becomes(() => own.locator(".skeleton").count(), 0, "what is still loading");
    };
    await step("a workout that is started before storage is ready stays open", async () => {
      await early();
      await becomes(() => own.getByRole("dialog", { name: "Workout" }).count(), 1, "workouts on the screen");
      await addExercise(own, "Squat (Barbell)", "squat barbell");
      await typeSet(own, 0, { load: "90", reps: "5" });
      await tick(own, 0);
      await finish(own);
    });
    await step("starting before storage is ready goes on with the workout that is open", async () => {
      await openApp(own, url);
      await startWorkout(own);
      await addExercise(own, "Squat (Barbell)", "squat barbell");
      await typeSet(own, 0, { load: "100", reps: "5" });
      await tick(own, 0);
      await own.getByTestId("add-set").click();
      await typeSet(own, 1, { load: "102.5", reps: "4" });
      await until(async () => (await sheetOnDisk(own)).includes('"load":"102.5"'), { what: "the sheet is on the disk" });
      await early();
      await becomes(() => own.getByRole("dialog", { name: "Workout" }).count(), 1, "workouts on the screen");
      await becomes(() => own.getByTestId("tick-0").count(), 1, "the first set of the open workout");
      await until(() => solid(own, 0), { what: "the first set is ticked" });
      same(await typed(own, 1, "load"), "102.5", "what was typed before");
    });
    await step("what another tab logs before the tables of this one are loaded is in them", async () => {
      const late = await slow.context.newPage();
      await pastServiceWorker(late);
      const tables = await heldBack(late, "**/dims/dim_muscle_group.parquet");
      await late.goto(url);
      await tables.asked("the tables are asked for");
      await tick(own, 1);
      await finish(own);
      tables.open();
      await tables.over();
      await progress(late, "All");
      await becomes(async () => (await tiles(late)).sets, "3", "sets in the tab that loaded late");
      await progress(own, "All");
      same(await tiles(late), await tiles(own), "tiles in the tab that loaded late");
    });
    await slow.context.close();
    story.page = page;
  }

  // ------------------------------------------------------------------------------------------ notes

  const messages = () => page.getByTestId("timeline").locator("li.message").evaluateAll((all) => all.map((one) => one.querySelector("p").textContent));
  await step("notes: posted, edited, removed, and so after a reload", async () => {
    await tab(page, "Crew");
    const post = async (words) => {
      await page.getByTestId("message").fill(words);
      await page.getByTestId("send").click();
    };
    await post("Seat on hole four");
    await becomes(messages, ["Seat on hole four"], "messages");
    await post("Narrow grip <b>hurts</b>");
    await becomes(messages, ["Seat on hole four", "Narrow grip <b>hurts</b>"], "messages");
    await becomes(() => page.getByTestId("message").inputValue(), "", "what is left in the box");
    await page.locator("li.message").filter({ hasText: "Seat" }).getByRole("button", { name: "Edit" }).click();
    await becomes(() => page.getByTestId("message").inputValue(), "Seat on hole four", "what is edited");
    await post("Seat on hole five");
    await becomes(messages, ["Seat on hole five", "Narrow grip <b>hurts</b>"], "messages");
    await page.locator("li.message").filter({ hasText: "Seat on hole five" }).filter({ hasText: "edited" }).waitFor();
    await page.locator("li.message").filter({ hasText: "Narrow" }).getByRole("button", { name: "Remove" }).click();
    await becomes(messages, ["Seat on hole five", "Removed"], "messages");
    await page.reload();
    await becomes(messages, ["Seat on hole five", "Removed"], "messages after a reload");
  });

  // ------------------------------------------------------------------------------------------ a backup

  // Another phone.
  const spare = { folder: temporary("journey-restore") };
  await step("a backup brings everything to an empty phone, and once more changes nothing", async () => {
    await progress(page, "All");
    const before = await tiles(page);
    const save = async (name) => {
      await tab(page, "Me");
      await page.getByTestId("to-storage").click();
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByTestId(name).click()]);
      const path = join(temporary("journey-export"), file.suggestedFilename());
      await file.saveAs(path);
      return path;
    };
    const backup = await save("export-archive");
    ensure(/spotter-\d{4}-\d\d-\d\d\.zip$/.test(backup), `the file is called ${backup}`);
    await page.getByTestId("export").getByText("No backup was made").waitFor();
    await page.getByTestId("backup-check").setInputFiles(backup);
    await page.getByTestId("export").getByText("Last backup: Today.").waitFor();
    const rows = JSON.parse(readFileSync(await save("export-json"), "utf8"));
    same(new Set(rows.map((row) => row.event_id)).size, rows.length, "rows as JSON, each once");
    const csv = readFileSync(await save("export-csv"), "utf8").trim().split(/\r?\n/);
    // Warm-ups are in the file and not in the figures.
    ensure(Number(before.sets.replaceAll(",", "")) < csv.length, `the CSV has ${csv.length} lines`);
    Object.assign(spare, await browse(story, spare.folder));
    const empty = spare;
    await openApp(empty.page, url, "/me/import");
    for (const _ of [1, 2]) {
      await empty.page.getByTestId("file").setInputFiles(backup);
      await empty.page.getByTestId("backup").getByText(`${thousands(rows.length)} rows`).waitFor();
      await empty.page.getByTestId("run-import").click();
      await empty.page.getByTestId("restored").waitFor();
      await progress(empty.page, "All");
      await becomes(() => tiles(empty.page), before, "tiles on the other phone");
      await tab(empty.page, "Me");
      await empty.page.getByTestId("to-import").click();
    }
    await openApp(empty.page, url);
    await progress(empty.page, "All");
    await becomes(() => tiles(empty.page), before, "tiles after a reload");
    // What is logged there goes on in the same person's training.
    await startWorkout(empty.page);
    await addExercise(empty.page, "Squat (Barbell)", "squat barbell");
    await typeSet(empty.page, 0, { load: "20", reps: "3" });
    await tick(empty.page, 0);
    await finish(empty.page);
    await progress(empty.page, "All");
    await becomes(async () => (await tiles(empty.page)).sets, thousands(Number(before.sets.replaceAll(",", "")) + 1), "sets with the new one");
    spare.tiles = await tiles(empty.page);
    story.page = page;
  });

  await step("the next start goes on from the tables as they stood, and from what came later", async () => {
    story.page = spare.page;
    await until(async () => 0 < (await packedBytes(spare.page)), { what: "the tables are packed", timeout: 120_000 });
    await startWorkout(spare.page);
    await addExercise(spare.page, "Squat (Barbell)", "squat barbell");
    await typeSet(spare.page, 0, { load: "25", reps: "3" });
    await tick(spare.page, 0);
    await finish(spare.page);
    await progress(spare.page, "All");
    const sets = (n) => thousands(Number(spare.tiles.sets.replaceAll(",", "")) + n);
    await becomes(async () => (await tiles(spare.page)).sets, sets(1), "sets with one more");
    spare.tiles = await tiles(spare.page);
    await openApp(spare.page, url);
    await progress(spare.page, "All");
    await becomes(() => tiles(spare.page), spare.tiles, "tiles after the start");
    await openApp(spare.page, url, "/me/storage");
    await spare.page.getByText("Tables opened in").waitFor();
    // Measured when everything was read again; a table that came out otherwise would be an error on the console.
    const events = await storageFact(spare.page, "Rows");
    await progress(spare.page, "All");
    same(await tiles(spare.page), spare.tiles, "tiles made from everything");
    ensure(500 < Number(events.replaceAll(/\D/g, "")), `${events} rows`);
    story.page = page;
  });

  await step("an app lock asks for its passphrase at every start", async () => {
    story.page = spare.page;
    await openApp(spare.page, url, "/me/storage");
    await spare.page.getByTestId("app-lock-passphrase").fill("short");
    ensure(await spare.page.getByTestId("app-lock-on").isDisabled(), "a passphrase of five characters is taken");
    // A tab that was opened before the lock may not go on without it.
    const beside = await spare.context.newPage();
    await openApp(beside, url);
    await spare.page.bringToFront();
    await spare.page.getByTestId("app-lock-passphrase").fill("an open door");
    await spare.page.getByTestId("app-lock-on").click();
    await spare.page.getByTestId("app-lock-off").waitFor();
    await beside.getByRole("heading", { name: "Closed" }).waitFor();
    await beside.close();
    await spare.page.goto(url);
    await spare.page.getByRole("heading", { name: "Locked" }).waitFor();
    await spare.page.getByTestId("recovery-code").fill("an open window");
    await spare.page.getByTestId("unlock").click();
    await spare.page.locator(".problem[role=alert]").getByText("does not open").waitFor();
    await spare.page.getByTestId("recovery-code").fill("an open door");
    await spare.page.getByTestId("unlock").click();
    await progress(spare.page, "All");
    await becomes(() => tiles(spare.page), spare.tiles, "tiles after unlocking");
    await spare.page.goto(`${url}/me/storage`);
    await spare.page.getByTestId("recovery-code").fill("an open door");
    await spare.page.getByTestId("unlock").click();
    await spare.page.getByTestId("app-lock-off").click();
    await spare.page.getByTestId("app-lock-on").waitFor();
    await openApp(spare.page, url);
    await progress(spare.page, "All");
    await becomes(() => tiles(spare.page), spare.tiles, "tiles without an app lock");
    story.page = page;
  });

  await step("everything is removed from a phone once it is somewhere else, and not before", async () => {
    story.page = spare.page;
    const beside = await spare.context.newPage();
    await openApp(beside, url);
    await openApp(spare.page, url, "/me/storage");
    const remove = async () => {
      await spare.page.getByTestId("remove-everything").click();
      await spare.page.getByTestId("remove-everything").click();
    };
    await remove();
    await spare.page.locator(".problem[role=alert]").getByText("on this device only").waitFor();
    const made = async () => {
      const [file] = await Promise.all([spare.page.waitForEvent("download"), spare.page.getByTestId("export-archive").click()]);
      const path = join(temporary("journey-left"), file.suggestedFilename());
      await file.saveAs(path);
      return path;
    };
    // A download that nobody has seen arrive is no backup, and neither is half of it.
    const whole = await made();
    await spare.page.locator(".problem[role=alert] button").first().click();
    await remove();
    await spare.page.locator(".problem[role=alert]").getByText("on this device only").waitFor();
    const half = join(temporary("journey-left"), "half.zip");
    writeFileSync(half, readFileSync(whole).subarray(0, 1_000));
    await spare.page.getByTestId("backup-check").setInputFiles(half);
    await spare.page.getByText("not the file that was just made").waitFor();
    await spare.page.getByTestId("backup-check").setInputFiles(whole);
    await spare.page.getByTestId("export").getByText("Last backup: Today.").waitFor();
    // A file that somebody holds cannot be removed: then nothing is.
    await (await workerOf(spare.page, "projector-start.js")).evaluate(async () => {
      const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
      for await (const [name, file] of pool.entries()) {
        if (!globalThis.held && name.startsWith("slot-")) globalThis.held = await file.createSyncAccessHandle().catch(() => null);
      }
      if (!globalThis.held) throw new Error("no file could be held");
    });
    await remove();
    await spare.page.locator(".problem[role=alert]").getByText("That did not work").waitFor();
    await openApp(spare.page, url);
    await progress(spare.page, "All");
    await becomes(() => tiles(spare.page), spare.tiles, "tiles after a removal that failed");
    await openApp(spare.page, url, "/me/storage");
    await spare.page.getByTestId("backup-check").setInputFiles(await made());
    await spare.page.getByTestId("backup-check").waitFor({ state: "detached" });
    const reloaded = spare.page.waitForEvent("load");
    await remove();
    await reloaded;
    await beside.getByRole("heading", { name: "Closed" }).waitFor();
    await until(() => spare.page.evaluate(async () => {
      const databases = await indexedDB.databases();
      const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool").catch(() => null);
      if (!databases.length || pool === null) return false;
      // A new installation has its first files, and no session in them.
      for await (const [name, file] of pool.entries()) if (name.startsWith("slot-") && 200 < (await file.getFile()).size) return false;
      return true;
    }).catch(() => false), { what: "everything is gone" });
    // It says that it is done, until somebody has seen it.
    await spare.page.getByTestId("removed").getByText("Nothing of what was logged is on this phone any more").waitFor();
    same(await axe(spare.page), [], "serious or critical violations");
    await spare.page.getByTestId("begin-anew").click();
    await spare.page.getByTestId("start-workout").waitFor();
    await openApp(spare.page, url);
    await spare.page.getByTestId("start-workout").waitFor();
    await tab(spare.page, "Progress");
    same(await spare.page.getByTestId("estimate").count(), 0, "records on a phone that was left");
    await spare.context.close();
    rmSync(spare.folder, { recursive: true, force: true });
    story.page = page;
  });

  await step("a backup that is damaged changes nothing, and says so", async () => {
    await tab(page, "Me");
    await page.getByTestId("to-import").click();
    await page.getByTestId("file").setInputFiles({ name: "spotter.zip", mimeType: "application/zip", buffer: Buffer.from("PK\x03\x04 and no more") });
    await page.getByTestId("import-failed").getByText("This backup cannot be read").waitFor();
    await tab(page, "Crew");
  });

  // ------------------------------------------------------------------------------------------ every screen, light and dark

  await looks("Notes");
  for (const [name, go] of [
    ["Today", async () => {
      await tab(page, "Today");
      await page.locator("[aria-labelledby=last-workout]").waitFor();
    }],
    ["Train", async () => {
      await tab(page, "Train");
      await page.getByRole("heading", { name: "Repeat" }).waitFor();
    }],
    ["History", async () => {
      await page.getByRole("button", { name: "History" }).click();
      await page.getByTestId("workout-row").first().waitFor();
    }],
    ["Workout detail", async () => {
      await page.getByTestId("workout-row").first().click();
      await page.getByTestId("detail-volume").waitFor();
    }],
    ["Edit sheet", async () => {
      await page.getByTestId("set-row").first().click();
      await page.getByTestId("edit-save").waitFor();
    }],
    ["Progress", async () => {
      await page.keyboard.press("Escape");
      await page.getByTestId("edit-save").waitFor({ state: "detached" });
      await progress(page, "All");
      await page.getByTestId("estimate").first().waitFor();
    }],
    ["Me", async () => {
      await tab(page, "Me");
      await page.getByText("Recent imports").waitFor();
    }],
    ["Import", async () => {
      await page.getByTestId("to-import").click();
      await page.getByTestId("file").waitFor({ state: "attached" });
    }],
    ["Storage", async () => {
      await tab(page, "Me");
      await page.getByTestId("to-storage").click();
      await page.getByText(/Tables (built|opened) in/).waitFor();
    }],
    ["Workout sheet, empty", () => startWorkout(page)],
    ["Picker", async () => {
      await page.getByTestId("add-exercise").click();
      await page.getByTestId("search").fill("pull");
      await page.getByText("Pull Up", { exact: true }).waitFor();
    }],
    ["Workout sheet", async () => {
      await page.getByTestId("exercises").locator("button.row").filter({ has: page.getByText("Pull Up", { exact: true }) }).click();
      await page.getByTestId("tick-0").waitFor();
      await tick(page, 0);
    }],
    ["Keypad", async () => {
      await cell(page, 1, "rpe").click();
      await page.getByTestId("keypad-close").waitFor();
    }],
  ]) {
    if (await step(`the way to ${name}`, go)) await looks(name);
  }
  await step("Today with a workout going on", async () => {
    await page.getByTestId("keypad-close").click();
    await page.getByTestId("fold").click();
    await page.getByTestId("workout-bar").waitFor();
    await tab(page, "Today");
  });
  await looks("Today with a workout going on");

  await step("nothing of what was typed can be read from the storage", async () => {
    // One canary for each place where words are typed and kept; numbers are too short to be found by.
    await tab(page, "Crew");
    await page.getByTestId("message").fill("canary-message-7b1f");
    await page.getByTestId("send").click();
    await page.getByTestId("timeline").getByText("canary-message-7b1f").waitFor();
    await becomes(() => page.getByTestId("message").inputValue(), "", "what is left in the box");
    await choose("canary-file-7b1f.csv", `Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE
2026-01-05 10:00:00,canary-workout-7b1f,1h,canary-exercise-7b1f,1,50,5,0,0,canary-setnote-7b1f,canary-note-7b1f,
`);
    await page.getByRole("radiogroup", { name: "Unit of loads in the file" }).getByRole("radio", { name: "kg", exact: true }).click();
    await page.getByTestId("run-import").click();
    await page.getByTestId("imported").waitFor();
    await until(async () => (await sheetOnDisk(page)).length, { what: "the open sheet is on the disk" });
    const canaries = ["canary-message", "canary-file", "canary-workout", "canary-exercise", "canary-setnote", "canary-note", "Seat on hole", "strong-twelve.csv"];
    // Sealed and open sessions, indexes, sheets; IndexedDB; whatever else a page may keep. As bytes and as UTF-16.
    const profile = join(folder, "Default");
    const places = readdirSync(profile).filter((name) => ["File System", "IndexedDB", "Local Storage", "Session Storage", "Service Worker"].includes(name));
    const files = places.flatMap((place) => readdirSync(join(profile, place), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
    const found = (needle) => files.filter((file) => {
      const bytes = readFileSync(file);
      return bytes.includes(needle) || bytes.includes(Buffer.from(needle, "utf16le"));
    });
    // The search finds what is there: names of files and ids are plain.
    const { manifest } = (await look(page)).find((file) => file.manifest);
    ensure(found("slot-000").length && found(manifest.identity.person).length, "the search is blind");
    for (const canary of canaries) same(found(canary), [], `files that hold ${canary}`);
  });

  await step("nothing was complained about from beginning to end", async () => {
    same(story.errors, [], "console and page errors");
    await tab(page, "Me");
    await tab(page, "Today");
    same(await page.locator(".problem").allTextContents(), [], "problems");
  });
} catch (err) {
  story.brokeOff(err);
} finally {
  await story.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(slowly, { recursive: true, force: true });
}
story.end();
