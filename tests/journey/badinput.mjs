// Real damage in a real browser: files cut, flipped and emptied under the app, files that are no export, a full disk.
// Each time the app has to open, say what happened, what was kept and what to do, and have everything that was
// acknowledged and not itself destroyed; and it has to have it at the start after that one, too.
//
//   node tests/journey/badinput.mjs          SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM, SPOTTER_SHOTS
import { appendFileSync, cpSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import {
  Log, Story, addExercise, becomes, browse, built, dist, ensure, finish, freePort, openApp, pastServiceWorker, problems, progress, root, same, serve, set, solid,
  startWorkout, storageFact, tab, temporary, text, tick, tiles, typeSet, typed, until, workerOf,
} from "./lib.mjs";
import * as writers from "../powercut/app.mjs";
import { look } from "./pool.mjs";
import { tenColumns } from "./strong-files.mjs";

const story = new Story();
const folder = temporary("badinput");
const port = await freePort();
const url = `http://localhost:${port}`;

// ---------------------------------------------------------------------------------------------- the pool, from outside

story.inspect = async (page) =>
  `pool: ${(await look(page)).filter((file) => file.size)
    .map((file) => `${file.name} ${file.role} ${file.size} B${file.frames.length ? ` ${file.frames.length} frames` : ""}${file.manifest ? ` generation ${file.manifest.generation}` : ""}`)
    .join(", ")}; ${(await problems(page)).length} problems`;

const bytesOf = (page, name) =>
  page.evaluate(async (name) => {
    const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
    const bytes = new Uint8Array(await (await (await pool.getFileHandle(name)).getFile()).arrayBuffer());
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return `${bytes.length} ${[...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }, name);

/** Cuts a file, turns bits of one byte, or overwrites all of it with zeros. */
const harm = (page, name, how) =>
  page.evaluate(async ([name, how]) => {
    const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
    const handle = await pool.getFileHandle(name);
    const before = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    const writable = await handle.createWritable({ keepExistingData: true });
    if (how.cut !== undefined) await writable.truncate(how.cut);
    if (how.flip !== undefined) await writable.write({ type: "write", position: how.flip, data: new Uint8Array([before[how.flip] ^ 0x41]) });
    if (how.zero) await writable.write({ type: "write", position: 0, data: new Uint8Array(before.length) });
    await writable.close();
    const after = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    if (after.length === before.length && after.every((byte, at) => byte === before[at])) throw new Error(`${name} is unharmed`);
  }, [name, how]);

const runningSegment = (pool) => {
  const open = pool.filter((file) => file.role === "open" && file.frames.some((frame) => frame.kind === "row") && !file.frames.some((frame) => frame.kind === "closed"));
  same(open.length, 1, "open segments that are not closed");
  return open[0];
};
const newest = (pool) => pool.filter((file) => file.manifest).map((file) => file.manifest).sort((a, b) => b.generation - a.generation)[0];

/** A page of this origin on which nothing of the app runs: the service worker would answer with the app. */
async function outside(page) {
  const back = await pastServiceWorker(page);
  await page.goto(`${url}/healthz`);
  same((await page.locator("body").innerText()).trim(), "ok", "the page without the app");
  return back;
}

// ---------------------------------------------------------------------------------------------- what was logged before

const say = async (page, words) => {
  await tab(page, "Crew");
  await page.getByTestId("message").fill(words);
  await page.getByTestId("send").click();
  await page.getByTestId("timeline").getByText(words, { exact: true }).waitFor();
};
const messages = (page) => page.getByTestId("timeline").locator("li.message").evaluateAll((all) => all.map((one) => one.querySelector("p").textContent));

/** One finished workout and a note in a sealed file, one unfinished workout and a note in an open one. */
async function makeBase(page) {
  await openApp(page, url);
  await page.getByText("Log your first set").waitFor();
  await say(page, "note one");
  await startWorkout(page);
  await addExercise(page, "Bench Press (Barbell)", "bench press barbell");
  await typeSet(page, 0, { load: "82.5", reps: "5", rpe: "8" });
  await tick(page, 0);
  await typeSet(page, 1, { load: "80", reps: "6" });
  await tick(page, 1);
  await finish(page);
  await startWorkout(page);
  await addExercise(page, "Squat (Barbell)", "squat barbell");
  await typeSet(page, 0, { load: "100", reps: "5" });
  await tick(page, 0);
  await page.getByTestId("fold").click();
  await say(page, "note two");
  await page.getByTestId("workout-bar").click();
  await typeSet(page, 1, { load: "105", reps: "4" });
  await tick(page, 1);
  await typeSet(page, 2, { load: "110", reps: "3" });
  await page.getByTestId("fold").click();
  await until(async () => {
    await tab(page, "Me");
    await page.getByTestId("to-storage").click();
    return (await storageFact(page, "Sealed sessions")).startsWith("1 (");
  }, { what: "the storage page shows a sealed session" });
}

const bench = [set("Bench Press (Barbell)", "normal", "82.5", "5", "8"), set("Bench Press (Barbell)", "normal", "80", "6")];
const squat = [set("Squat (Barbell)", "normal", "100", "5"), set("Squat (Barbell)", "normal", "105", "4")];
/** A workout is begun, with its first set ticked. */
const squatOnce = async (page) => {
  await openApp(page, url);
  await startWorkout(page);
  await addExercise(page, "Squat (Barbell)", "squat barbell");
  await typeSet(page, 0, { load: "100", reps: "5" });
  await tick(page, 0);
};
/** The page is loaded again in the middle of the workout, and its figures are those of these sets. */
const thereAfterReload = async (page, sets) => {
  await page.reload();
  await page.getByTestId("workout-bar").waitFor();
  const log = new Log();
  log.add({ at: 1, sets });
  await progress(page, "4 weeks");
  await becomes(() => tiles(page), log.tiles(), "tiles after the reload");
};
const third = set("Squat (Barbell)", "normal", "110", "3");
const everything = { bench, squat, notes: ["note one", "note two"] };

const tilesOf = ({ bench, squat }) => {
  const log = new Log();
  log.add({ at: 1, sets: bench });
  log.add({ at: 2, sets: squat });
  return log.tiles();
};

async function has(page, expected, when) {
  await progress(page, "All");
  await becomes(() => tiles(page), tilesOf(expected), `tiles ${when}`);
  await tab(page, "Crew");
  await becomes(() => messages(page), expected.notes, `notes ${when}`);
}

async function shows(page, pattern) {
  await tab(page, "Today");
  await until(async () => 0 < (await page.locator(".problem[role=alert]").count()), { what: "a problem is shown" });
  const all = await problems(page);
  const own = all.filter((one) => pattern.test(one.text[0]));
  same(own.length, 1, `problems that say ${pattern} of ${JSON.stringify(all)}`);
  same(own[0].text.length, 3, "what happened, what was kept, what to do");
  ensure(own[0].text.every((part) => 10 < part.length), `a part of the problem is missing: ${JSON.stringify(own[0].text)}`);
  ensure(own[0].seen && own[0].reachable, "the problem is covered or cannot be reached");
  console.log(`  ${own[0].text.join(" / ")}`);
}

/** What a damaged file held is still in the one it was made from. */
async function quiet(page) {
  await tab(page, "Today");
  await becomes(() => page.locator(".skeleton").count(), 0, "what is still loading");
  same(await problems(page), [], "problems");
}

/**
 * A copy of the base is damaged from outside, opened, gone on with, and opened once more.
 * `damage` is handed the pool and says which files it harmed; `left` is what has to be there.
 */
async function damaged(name, base, { damage, pattern, left, sheet, after }) {
  const own = join(folder, name.replaceAll(/[^a-z0-9]+/gi, "-"));
  cpSync(base, own, { recursive: true });
  const { context, page } = await browse(story, own);
  let fine = true;
  const step = async (what, act) => {
    fine = (await story.step(`${name}: ${what}`, act)) && fine;
    return fine;
  };
  try {
    let running;
    let harmed;
    await story.step(`${name}: the damage is done`, async () => {
      const inside = await outside(page);
      const pool = await look(page);
      running = runningSegment(pool);
      harmed = await damage(page, pool, running);
      await inside();
    });
    if (!harmed) return;
    const prints = new Map();
    for (const file of harmed) prints.set(file, await bytesOf(page, file));
    await step(pattern ? "the app opens and says so" : "the app opens, and has nothing to say: nothing is missing", async () => {
      await openApp(page, url);
      if (pattern) await shows(page, pattern);
      else await quiet(page);
    });
    await step("everything that was not destroyed is there", () => has(page, left, "after the damage"));
    await step("no set is shown as saved that is not", async () => {
      await page.getByTestId("workout-bar").click();
      for (const [nth, want] of sheet.entries()) {
        await becomes(async () => (await page.getByTestId(`tick-${nth}`).getAttribute("aria-checked")) === "true" && (await solid(page, nth)), want, `the tick of row ${nth + 1}`);
      }
      same([await typed(page, 2, "load"), await typed(page, 2, "reps")], ["110", "3"], "what was typed and not ticked");
    });
    const more = { ...left, squat: [...left.squat, third] };
    await step("the workout goes on", async () => {
      if ((await page.getByRole("dialog", { name: "Workout" }).count()) === 0) await page.getByTestId("workout-bar").click();
      await tick(page, 2);
      await page.getByTestId("fold").click();
      await has(page, more, "with another set");
    });
    await step("the session that was open is sealed meanwhile", () =>
      until(async () => newest(await look(page))?.retired.some((file) => file.useId === running.useId || file.use_id === running.useId), {
        // A file of another life of the app is sealed once it is a minute old.
        what: "its file is listed as sealed", timeout: 100_000,
      }));
    await step("everything is still there at the start after that", async () => {
      await page.reload();
      await page.getByRole("navigation", { name: "Main" }).waitFor();
      await has(page, more, "at the second start");
    });
    if (after) await step(after.what, () => after.act(page, prints));
  } finally {
    await context.close();
    if (fine) rmSync(own, { recursive: true, force: true });
  }
}

const cutLast = async (page, _, running) => {
  const last = running.frames.at(-1);
  ensure(last.text.includes("set.logged") && last.text.includes("105000"), `the last frame is another one: ${last.text}`);
  await harm(page, running.name, { cut: last.at + Math.floor(last.length / 2) });
  return [running.name];
};
const flipMiddle = async (page, _, running) => {
  const frame = running.frames.find((one) => one.text.includes("set.logged"));
  ensure(frame.text.includes("100000") && frame !== running.frames.at(-1), `not the frame of the first set: ${frame.text}`);
  await harm(page, running.name, { flip: frame.at + Math.floor(frame.length / 2) });
  return [running.name];
};
const flipSealed = async (page, pool) => {
  const sealed = pool.filter((file) => file.role === "sealed");
  same(sealed.length, 1, "sealed files");
  await harm(page, sealed[0].name, { flip: 96 + Math.floor(sealed[0].payload / 2) });
  return [sealed[0].name];
};
const emptyManifests = async (page, pool) => {
  const written = pool.filter((file) => file.role === "manifest");
  ensure(0 < written.length, "no manifest was ever written");
  for (const file of written) await harm(page, file.name, { zero: true });
  return written.map((file) => file.name);
};
/** What a leader leaves that dies between writing a file and listing it. */
const copySealed = async (page, pool) => {
  const sealed = pool.find((file) => file.role === "sealed");
  const name = await page.evaluate(async (from) => {
    const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
    const names = (await Array.fromAsync(pool.keys())).filter((name) => name.startsWith("slot-")).sort();
    const name = `slot-${String(Number(names.at(-1).slice(5)) + 1).padStart(3, "0")}`;
    const writable = await (await pool.getFileHandle(name, { create: true })).createWritable();
    await writable.write(await (await (await pool.getFileHandle(from)).getFile()).arrayBuffer());
    await writable.close();
    return name;
  }, sealed.name);
  return [name];
};
const reused = {
  what: "the file is free for something else",
  act: (page, prints) => until(async () => {
    for (const [file, print] of prints) if ((await bytesOf(page, file)) === print) return false;
    return true;
  }, { what: "its bytes are given up" }),
};
const untouched = {
  what: "the damaged file is as it was found",
  act: async (page, prints) => {
    for (const [file, print] of prints) same(await bytesOf(page, file), print, file);
  },
};

let server;
let old;
try {
  server = await serve(port);

  // The same twice: one copy is taken while every row is still kept in two places, the other when no row is any more.
  const oldBase = join(folder, "base-old");
  const youngBase = join(folder, "base-young");
  await story.step("what is to be damaged is logged", async () => {
    old = await browse(story, oldBase);
    await makeBase(old.page);
    const young = await browse(story, youngBase);
    await makeBase(young.page);
    await young.context.close();
  }, { vital: true });

  const all = [true, true, false];
  for (const [name, base] of [["in the first minute", youngBase], ["later", oldBase]]) {
    const later = base === oldBase;
    if (later) {
      await story.step("a minute later no row is kept twice and sealed sessions have given their open files back", async () => {
        await until(async () => {
          const pool = await look(old.page);
          const births = await old.page.evaluate(() => new Promise((resolve, reject) => {
            const request = indexedDB.open("spotter");
            request.onerror = () => reject(request.error);
            request.onsuccess = () => {
              const count = request.result.transaction("births").objectStore("births").count();
              count.onsuccess = () => {
                request.result.close();
                resolve(count.result);
              };
            };
          }));
          return births === 0 && pool.filter((file) => file.role === "open").length === 1 && newest(pool).retired.length === 0;
        }, { what: "births and retired files are gone", timeout: 150_000 });
        await old.context.close();
        old = null;
      }, { vital: true });
    }
    const without = (what) => (later ? { ...everything, ...what } : everything);
    await damaged(`${name}, the open segment cut in its last frame`, base, {
      damage: cutLast, pattern: /cut off/, left: without({ squat: [squat[0]] }), sheet: later ? [true, false, false] : all,
    });
    await damaged(`${name}, a byte turned in the middle of the open segment`, base, {
      damage: flipMiddle, pattern: /damaged place/, left: without({ squat: [squat[1]] }), sheet: later ? [false, true, false] : all, after: untouched,
    });
    await damaged(`${name}, a byte turned in a sealed file`, base, {
      damage: flipSealed, pattern: later ? /cannot be read/ : null, left: without({ bench: [], notes: ["note two"] }), sheet: all, after: untouched,
    });
    if (later) {
      await damaged(`${name}, a sealed file that no index lists`, base, {
        damage: copySealed, pattern: null, left: everything, sheet: all, after: reused,
      });
    }
    await damaged(`${name}, every manifest overwritten with zeros`, base, { damage: emptyManifests, pattern: /index/, left: everything, sheet: all });
  }

  // IndexedDB can die alone, on a full disk for one, and the browser's key to everything lies there.
  {
    const name = "the browser has lost its key";
    const own = join(folder, "key");
    cpSync(oldBase, own, { recursive: true });
    const { context, page } = await browse(story, own);
    let code;
    await story.step(`${name}: the code is shown, and the key is gone`, async () => {
      await openApp(page, url, "/me/storage");
      await page.getByTestId("show-recovery-code").click();
      code = await text(page.getByTestId("recovery-code"));
      ensure(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/.test(code), `the code is ${code}`);
      const inside = await outside(page);
      await page.evaluate(() => new Promise((done, failed) => {
        const request = indexedDB.deleteDatabase("spotter");
        request.onsuccess = done;
        request.onerror = request.onblocked = () => failed(new Error("the database is held"));
      }));
      await inside();
    });
    await story.step(`${name}: another code opens nothing`, async () => {
      await page.goto(url);
      await page.getByTestId("recovery-code").fill("0123 4567 89ab cdef 0123 4567 89ab cdef");
      await page.getByTestId("unlock").click();
      await page.locator(".problem[role=alert]").getByText("does not open").waitFor();
    });
    await story.step(`${name}: the code opens everything`, async () => {
      await page.getByTestId("recovery-code").fill(code.toUpperCase().replaceAll(" ", "-"));
      await page.getByTestId("unlock").click();
      await has(page, everything, "after unlocking");
      await page.reload();
      await page.getByRole("navigation", { name: "Main" }).waitFor();
      await has(page, everything, "at the next start");
    });
    await context.close();
    rmSync(own, { recursive: true, force: true });
  }

  // The reason a sealed session's open file is kept for a minute: a power cut can still take the new file away. Whoever
  // starts the app the day after must not free the old one then.
  {
    const name = "a sealed file is lost while its open file is still there, and the app is opened a day later";
    const own = join(folder, "retired");
    cpSync(oldBase, own, { recursive: true });
    let { context, page } = await browse(story, own);
    let file;
    await story.step(`${name}: the session is sealed and the sealed file damaged`, async () => {
      let inside = await outside(page);
      const running = runningSegment(await look(page));
      await inside();
      await openApp(page, url);
      await until(async () => newest(await look(page)).retired.some((one) => one.use_id === running.useId), { what: "its file is listed as sealed", timeout: 40_000 });
      await context.close();
      ({ context, page } = await browse(story, own));
      inside = await outside(page);
      const pool = await look(page);
      const manifest = newest(pool);
      same(manifest.retired.length, 1, "open files that are kept for a minute");
      file = manifest.sealed.at(-1).file;
      await harm(page, file, { flip: 120 });
      // No waiting for the app: only the clock has to pass the minute.
      await until(() => manifest.retired[0].at_ms + 60_000 < Date.now(), { what: "the minute is over", timeout: 90_000 });
      await inside();
    }, { vital: true });
    await story.step(`${name}: everything is there`, async () => {
      await openApp(page, url);
      await quiet(page);
      await has(page, everything, "after the damage");
    });
    await story.step(`${name}: and still is after the next session was sealed`, async () => {
      await page.getByTestId("workout-bar").click();
      await tick(page, 2);
      await finish(page);
      await startWorkout(page);
      await until(async () => 3 <= newest(await look(page)).sealed.length, { what: "a third session is sealed", timeout: 40_000 });
      await page.reload();
      await has(page, { ...everything, squat: [...squat, third] }, "at the second start");
    });
    await context.close();
  }

  // -------------------------------------------------------------------------------------------- files that are no export

  {
    const { context, page } = await browse(story, join(folder, "imports"));
    await story.step("before the bad files one set is logged", async () => {
      await squatOnce(page);
      await finish(page);
    }, { vital: true });
    const before = new Log();
    before.add({ at: 1, sets: [squat[0]] });
    const good = tenColumns(Date.now());
    const header = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n";
    const files = [
      ["binary", randomFillSync(Buffer.alloc(50_000)), /not text/],
      ["a picture", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), /not text/],
      ["empty", Buffer.alloc(0), /cannot be read|no rows/],
      ["wrong headers", Buffer.from("when,what,how much\n2026-01-01,bench,100\n"), /no column/],
      ["a header and nothing else", Buffer.from(header), /no rows/],
      ["rows of which none can be used", Buffer.from(`${header}2026-03-09 17:20:05,Legs,55m,Squat (Barbell),1,0,0,0,0,\n`), /nothing was done/],
      ["Hevy", Buffer.from('"title","start_time","end_time","description","exercise_title","superset_id"\n"a","b","c","d","e",\n'), /Hevy/],
    ];
    await tab(page, "Me");
    await page.getByTestId("to-import").click();
    for (const [name, buffer, pattern] of files) {
      await story.step(`import of a file that is no export: ${name}`, async () => {
        await page.getByTestId("file").setInputFiles({ name: `${name}.csv`, mimeType: "text/csv", buffer });
        const card = page.getByTestId("import-failed");
        await until(async () => pattern.test(await text(card.locator("h2"))), { what: `the screen says ${pattern}` });
        same(await card.getAttribute("role"), "alert", "role");
        const parts = [await text(card.locator("h2")), ...(await card.locator("p").allTextContents())];
        same(parts.length, 3, "what happened, what was kept, what to do");
        ensure(parts.every((part) => 10 < part.length), `a part is missing: ${JSON.stringify(parts)}`);
        console.log(`  ${parts.join(" / ")}`);
      });
    }
    for (const [name, content] of [["with a mark", `\ufeff${good.csv}`], ["without one", good.csv]]) {
      await story.step(`a spreadsheet's UTF-16 ${name} is read like any other file`, async () => {
        await page.getByTestId("file").setInputFiles({ name: "utf16.csv", mimeType: "text/csv", buffer: Buffer.from(content, "utf16le") });
        await becomes(() => text(page.getByTestId("plan-sets")), `${good.sets}`, "sets");
        await tab(page, "Me");
        await page.getByTestId("to-import").click();
      });
    }
    await story.step("a file that ends inside a quoted cell: what comes before can be imported", async () => {
      const torn = Buffer.from(`${header}2026-03-09 17:20:05,"Legs",55m,"Squat (Barbell)",1,100.0,5.0,0,0.0,8\n2026-03-09 17:20:05,"Legs",55m,"Squat (Bar`);
      await page.getByTestId("file").setInputFiles({ name: "torn.csv", mimeType: "text/csv", buffer: torn });
      await becomes(() => text(page.getByTestId("plan-sets")), "1", "sets");
      same(await text(page.getByTestId("plan-rejected")), "1", "rows left out");
    });
    await story.step("nothing was changed by any of them, and a good file comes in afterwards", async () => {
      await progress(page, "All");
      await becomes(() => tiles(page), before.tiles(), "tiles");
      await tab(page, "Me");
      await page.getByTestId("to-import").click();
      await page.getByTestId("file").setInputFiles({ name: "good.csv", mimeType: "text/csv", buffer: Buffer.from(good.csv) });
      await page.getByRole("radiogroup", { name: "Unit of loads in the file" }).getByRole("radio", { name: "kg", exact: true }).click();
      await until(async () => (await text(page.getByTestId("run-import"))).startsWith("Import "), { what: "it can be imported" });
      await page.getByTestId("run-import").click();
      await page.getByTestId("to-progress").click();
      good.workouts.forEach((workout) => before.add(workout));
      before.workouts[0].at = Date.now();
      await progress(page, "All");
      await becomes(() => tiles(page), before.tiles(), "tiles");
    });
    await context.close();
  }

  // -------------------------------------------------------------------------------------------- a full disk

  {
    const name = "the disk is full when a session begins";
    const { context, page } = await browse(story, join(folder, "full-first"));
    const session = await context.newCDPSession(page);
    await story.step(`${name}: a workout is going on`, async () => {
      await squatOnce(page);
      await typeSet(page, 1, { load: "105", reps: "4", rpe: "8.5" });
      // What is written after a reload begins a session of its own, for which nothing was granted yet.
      await page.reload();
      await page.getByTestId("workout-bar").click();
      await until(() => solid(page, 0), { what: "the first set is there again" });
    }, { vital: true });
    await story.step(`${name}: a tick is refused and undone, and what was typed is still there`, async () => {
      await session.send("Storage.overrideQuotaForOrigin", { origin: url, quotaSize: 1 });
      await page.getByTestId("tick-1").click();
      await page.locator(".problem[role=alert]").filter({ hasText: "no room" }).waitFor({ state: "attached" });
      await becomes(() => page.getByTestId("tick-1").getAttribute("aria-checked"), "false", "the refused tick");
      ensure(!(await page.getByTestId("tick-1").evaluate((one) => one.classList.contains("saving"))), "the refused tick still says it is being saved");
      same([await typed(page, 1, "load"), await typed(page, 1, "reps"), await typed(page, 1, "rpe")], ["105", "4", "8.5"], "what was typed");
      ensure(await solid(page, 0), "the set that was saved before lost its tick");
    });
    await story.step(`${name}: the message is on the screen and not under the workout`, async () => {
      const own = (await problems(page)).filter((one) => one.text[0].includes("no room"));
      same(own.length, 1, "problems that say that there is no room");
      same(own[0].text.length, 3, "what happened, what was kept, what to do");
      ensure(own[0].seen, "the message lies under the workout's sheet");
      ensure(own[0].reachable, "the message is inert");
    });
    const sets = [squat[0], set("Squat (Barbell)", "normal", "105", "4", "8.5")];
    const log = new Log();
    log.add({ at: 1, sets });
    await story.step(`${name}: with room again, the same tick is saved`, async () => {
      await session.send("Storage.overrideQuotaForOrigin", { origin: url });
      await tick(page, 1);
      await page.getByTestId("fold").click();
      await progress(page, "4 weeks");
      await becomes(() => tiles(page), log.tiles(), "tiles");
    });
    await story.step(`${name}: and it is there after a reload, without a problem`, async () => {
      await thereAfterReload(page, sets);
      same(await page.locator(".problem").allTextContents(), [], "problems");
    });
    await context.close();
  }

  // Chromium grants a file room ahead, so a running session feels a full disk late. What is ticked meanwhile is either
  // refused or lasts, and the app opens from a disk that is still full.
  await story.step("the disk is full in the middle of a session: every tick that turned solid is there after a reload", async () => {
    const { context, page } = await browse(story, join(folder, "full-later"));
    const session = await context.newCDPSession(page);
    await squatOnce(page);
    for (const nth of [1, 2]) await typeSet(page, nth, { load: "105", reps: "4" });
    await session.send("Storage.overrideQuotaForOrigin", { origin: url, quotaSize: 1 });
    const saved = [squat[0]];
    for (let nth = 1; nth < 12; nth += 1) {
      if (3 <= nth) await page.getByTestId("add-set").click();
      const before = await page.locator(".problem[role=alert]").count();
      await page.getByTestId(`tick-${nth}`).click();
      const outcome = await until(async () => ((await solid(page, nth)) ? "saved" : before < (await page.locator(".problem[role=alert]").count()) && "refused"), {
        what: `tick ${nth + 1} is saved or refused`,
      });
      if (outcome === "refused") break;
      saved.push(set("Squat (Barbell)", "normal", "105", "4"));
    }
    await thereAfterReload(page, saved);
    console.log(`  ${saved.length - 1} of 11 ticks were saved in room that was granted before`);
    await context.close();
  });

  await story.step("the second place of a young row is full: the tick is refused, and nothing of it stays in the first", async () => {
    const { context, page } = await browse(story, join(folder, "full-beside"));
    await squatOnce(page);
    await typeSet(page, 1, { load: "105", reps: "4" });
    const rows = async () => runningSegment(await look(page)).frames.filter((frame) => frame.kind === "row").length;
    const before = await rows();
    const storage = await workerOf(page, "storage.js");
    await storage.evaluate(() => {
      const put = IDBObjectStore.prototype.put;
      globalThis.roomAgain = () => (IDBObjectStore.prototype.put = put);
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("no room", "QuotaExceededError");
      };
    });
    await page.getByTestId("tick-1").click();
    await page.locator(".problem[role=alert]").filter({ hasText: "no room" }).waitFor({ state: "attached" });
    await becomes(() => page.getByTestId("tick-1").getAttribute("aria-checked"), "false", "the refused tick");
    same(await rows(), before, "rows in the session's file");
    await storage.evaluate(() => globalThis.roomAgain());
    await tick(page, 1);
    await thereAfterReload(page, squat);
    same(await page.locator(".problem").allTextContents(), [], "problems");
    await context.close();
  });

  // Chromium hands a failed write back as if it were a length: -8, for no space, in 32 bits without a sign.
  for (const [what, said, answer] of [
    ["fewer bytes than were asked for", "no room", null],
    ["an error that looks like a length", "no room", 4294967288],
    ["another error that looks like a length", "refused the write", 4294967280],
  ]) {
    await story.step(`the disk takes ${what}: the tick is refused, and nothing of it stays`, async () => {
      const { context, page } = await browse(story, join(folder, `short ${what}`));
      await squatOnce(page);
      await typeSet(page, 1, { load: "105", reps: "4" });
      const running = async () => runningSegment(await look(page));
      const before = await running();
      const storage = await workerOf(page, "storage.js");
      await storage.evaluate((answer) => {
        const { write } = FileSystemSyncAccessHandle.prototype;
        globalThis.wholeAgain = () => (FileSystemSyncAccessHandle.prototype.write = write);
        // Only what is added to a file: the workout's sheet is written at fixed places.
        FileSystemSyncAccessHandle.prototype.write = function (bytes, options) {
          if (this.getSize() !== options?.at) return write.call(this, bytes, options);
          write.call(this, bytes.subarray(0, bytes.length >> 1), options);
          return answer ?? bytes.length >> 1;
        };
      }, answer);
      await page.getByTestId("tick-1").click();
      await page.locator(".problem[role=alert]").filter({ hasText: said }).waitFor({ state: "attached" });
      await becomes(() => page.getByTestId("tick-1").getAttribute("aria-checked"), "false", "the refused tick");
      const after = await running();
      same([after.size, after.frames.length], [before.size, before.frames.length], "the session's file");
      await storage.evaluate(() => globalThis.wholeAgain());
      await tick(page, 1);
      await thereAfterReload(page, squat);
      same(await page.locator(".problem").allTextContents(), [], "problems");
      await context.close();
    });
  }

  await story.step("the browser closes the database of a page that was long away: the next tick is saved in both places", async () => {
    const { context, page } = await browse(story, join(folder, "closed-database"));
    await openApp(page, url);
    await startWorkout(page);
    await addExercise(page, "Squat (Barbell)", "squat barbell");
    await typeSet(page, 0, { load: "100", reps: "5" });
    await (await workerOf(page, "storage.js")).evaluate(() => {
      const begin = IDBDatabase.prototype.transaction;
      IDBDatabase.prototype.transaction = function (...all) {
        IDBDatabase.prototype.transaction = begin;
        this.close();
        return begin.apply(this, all);
      };
    });
    await tick(page, 0);
    await page.reload();
    await page.getByTestId("workout-bar").click();
    await until(() => solid(page, 0), { what: "the set is there again" });
    same(await page.locator(".problem").allTextContents(), [], "problems");
    await context.close();
  });

  await story.step("the storage worker dies with a tick under way: it comes back, and the tick is saved once", async () => {
    const { context, page } = await browse(story, join(folder, "worker-died"));
    await squatOnce(page);
    await typeSet(page, 1, { load: "105", reps: "4" });
    const dead = await workerOf(page, "storage.js");
    await dead.evaluate(() => {
      FileSystemSyncAccessHandle.prototype.write = () => {
        setTimeout(() => {
          throw new Error("the worker dies here");
        });
        // Whatever it answers after that is not heard any more.
        const until = performance.now() + 300;
        while (performance.now() < until);
        throw new DOMException("dying", "UnknownError");
      };
      globalThis.postMessage = () => {};
    });
    await story.expecting(/the worker dies here/, async () => {
      await page.getByTestId("tick-1").click();
      await until(() => solid(page, 1), { what: "the tick is saved by the next worker" });
    });
    // The browser may still list the dead one for a moment after the next has answered.
    await until(() => !page.workers().includes(dead), { what: "the dead worker is gone, and another answers" });
    await thereAfterReload(page, squat);
    await context.close();
  });

  await story.step("workers die that somebody waits for: no screen stays busy, and each says so", async () => {
    const { context, page } = await browse(story, join(folder, "nobody-answers"));
    await squatOnce(page);
    const dies = async (name, asks) => {
      const worker = await workerOf(page, name);
      await worker.evaluate(() => {
        globalThis.postMessage = () => {};
      });
      await asks();
      await worker.evaluate(() => {
        setTimeout(() => {
          throw new Error("the worker dies here");
        });
      });
    };
    await story.expecting(/the worker dies here/, async () => {
      await openApp(page, url, "/me/storage");
      await page.getByText(/^Tables (built|opened) in/).waitFor();
      await dies("projector-start.js", async () => {
        await page.getByTestId("export-csv").click();
        await becomes(() => page.getByTestId("export-csv").isDisabled(), true, "the button while it works");
      });
      await becomes(() => page.getByTestId("export-csv").isEnabled(), true, "the button when nobody answers");
      await page.getByText("Nothing was exported. Try again.").waitFor();
      await page.getByText(/^Tables (built|opened) in/).waitFor();
      // What was asked of the tables is asked again of the next ones.
      await page.getByTestId("workout-bar").click();
      await page.getByTestId("add-exercise").click();
      await page.getByTestId("search").fill("bench press barbell");
      const bench = page.getByTestId("exercises").locator("button.row").filter({ has: page.getByText("Bench Press (Barbell)", { exact: true }) });
      await bench.waitFor();
      await dies("projector-start.js", () => bench.click());
      await page.locator(".exercise-head h2").getByText("Bench Press (Barbell)", { exact: true }).waitFor();
      await page.getByRole("tab").filter({ hasText: "Squat" }).click();
      await openApp(page, url, "/me/sync");
      await page.getByTestId("account-name").fill("Mia");
      await page.getByTestId("account-password").fill("correct horse battery");
      await dies("storage.js", async () => {
        await page.getByTestId("account-go").click();
        await becomes(() => page.getByTestId("account-go").isDisabled(), true, "the button while it works");
      });
      await page.getByTestId("account-problem").getByText("stopped while it did this").waitFor();
      await becomes(() => page.getByTestId("account-go").isEnabled(), true, "the button when nobody answers");
    });
    await page.reload();
    await page.getByTestId("workout-bar").click();
    await until(() => solid(page, 0), { what: "the set is there" });
    await context.close();
  });

  await story.step("a storage worker that keeps dying is given up: a tick goes back and says so, and a reload mends it", async () => {
    const { context, page } = await browse(story, join(folder, "given-up"));
    await squatOnce(page);
    await typeSet(page, 1, { load: "105", reps: "4" });
    await story.expecting(/the worker dies here/, async () => {
      let dead = null;
      for (let nth = 0; nth < 4; nth += 1) {
        await until(async () => (await workerOf(page, "storage.js")) !== dead, { what: "another worker" });
        dead = await workerOf(page, "storage.js");
        await dead.evaluate(() => {
          setTimeout(() => {
            throw new Error("the worker dies here");
          });
        });
      }
      await until(() => !page.workers().some((worker) => worker.url().endsWith("storage.js")), { what: "no worker is started any more" });
    });
    // Somebody has put away what was said of it.
    const closing = page.locator(".problem").getByRole("button");
    while (await closing.count()) await closing.first().click();
    await page.getByTestId("tick-1").click();
    await page.locator(".problem").getByText("A part of Spotter stopped").waitFor();
    same(await page.getByTestId("tick-1").evaluate((tick) => [tick.getAttribute("aria-checked"), tick.classList.contains("saving")]), ["false", false], "the tick");
    await page.reload();
    await page.getByTestId("workout-bar").click();
    await until(() => solid(page, 0), { what: "the set that was saved" });
    await typeSet(page, 1, { load: "105", reps: "4" });
    await tick(page, 1);
    await thereAfterReload(page, squat);
    await context.close();
  });

  // -------------------------------------------------------------------------------------------- another build, no storage

  await story.step("four tabs begin sessions at the same moments, again and again: all of it is saved, and there once", async () => {
    const { context, page } = await browse(story, join(folder, "crowd"));
    await page.addInitScript(() => {
      globalThis.acked = [];
      globalThis.tell = (said) => globalThis.acked.push(...(JSON.parse(said).saved ?? []));
    });
    await writers.open(page, url, { keep: true });
    // Every second capture is a workout that ends, and the next one looks for a file while the others do.
    const writer = { session: 1, bursts: [1], pauses: [0] };
    await writers.load(page, built.build, [0, 1, 2, 3].map((nth) => ({ ...writer, own: nth === 0 })));
    await until(() => page.evaluate(() => 200 <= globalThis.load.tried.length), { what: "200 captures were tried", timeout: 90_000 });
    const { refused } = await writers.finishLoad(page);
    same(refused, [], "what was refused");
    const acked = await page.evaluate(() => globalThis.acked);
    await writers.reopen(page);
    const { rows, events } = await writers.heldRows(page);
    const held = new Set(rows.map((row) => row.event));
    same(acked.filter((event) => !held.has(event)), [], "rows that were acknowledged and are gone");
    same([rows.length, events], [held.size, held.size], "rows, and events in the tables");
    await context.close();
  });

  await story.step("a newer build has written here: nothing is touched, and it says so", async () => {
    const { context, page } = await browse(story, join(folder, "newer"));
    await squatOnce(page);
    const newer = [...readFileSync(join(root, "tests/fixtures/manifest-of-a-newer-build.bin"))];
    const write = (bytes) =>
      page.evaluate(async ([bytes]) => {
        const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
        const file = await pool.getFileHandle("manifest-3");
        const before = [...new Uint8Array(await (await file.getFile()).arrayBuffer())];
        const writable = await file.createWritable();
        await writable.write(new Uint8Array(bytes));
        await writable.close();
        return before;
      }, [bytes]);
    const back = await outside(page);
    const before = await write(newer);
    const prints = async () => {
      const names = await page.evaluate(async () => {
        const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
        return Array.fromAsync(pool.keys());
      });
      return Promise.all(names.sort().map(async (name) => `${name} ${await bytesOf(page, name)}`));
    };
    const print = await prints();
    await back();
    await page.goto(url);
    await page.locator(".problem[role=alert]").getByText("written by a newer Spotter").waitFor();
    await startWorkout(page);
    await addExercise(page, "Squat (Barbell)", "squat barbell");
    await typeSet(page, 0, { load: "60", reps: "5" });
    await tick(page, 0);
    same(await prints(), print, "the files");
    const again = await outside(page);
    await write(before);
    await again();
    await openApp(page, url);
    const log = new Log();
    log.add({ at: 1, sets: [squat[0]] });
    await progress(page, "4 weeks");
    await becomes(() => tiles(page), log.tiles(), "tiles once the newer index is gone");
    await context.close();
  });

  // -------------------------------------------------------------------------------------------- files of earlier builds

  /** Files of a phone, put where nothing of the app has run yet. */
  const placed = async (name) => {
    const { context, page } = await browse(story, join(folder, name));
    await page.goto(`${url}/healthz`);
    const from = join(root, "tests/fixtures", name);
    for (const file of readdirSync(from).filter((file) => !file.endsWith(".txt"))) {
      await page.evaluate(async ([name, text]) => {
        const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool", { create: true });
        const writable = await (await pool.getFileHandle(name, { create: true })).createWritable();
        await writable.write(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
        await writable.close();
      }, [file, readFileSync(join(from, file)).toString("base64")]);
    }
    await page.goto(url);
    return { context, page };
  };

  await story.step("files of format 1 are taken over, and encrypted by and by", async () => {
    const { context, page } = await placed("pool-v1");
    await page.getByTestId("start-workout").waitFor();
    await progress(page, "All");
    await becomes(async () => (await tiles(page)).sets, "1", "sets of the old files");
    const before = await tiles(page);
    // The session that the old build left open is sealed once this one writes.
    await say(page, "from here on");
    const plain = async () => {
      const pool = await look(page);
      const { sealed, retired } = newest(pool);
      const kept = retired.map((file) => file.file);
      const counts = (file) => ["open", "sealed"].includes(file.role) && !kept.includes(file.name);
      const names = pool.filter(counts).map((file) => file.name);
      ensure(0 < sealed.length, "nothing is sealed");
      return page.evaluate(async (names) => {
        const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
        const heads = await Promise.all(names.map(async (name) => new Uint8Array(await (await (await pool.getFileHandle(name)).getFile()).slice(0, 8).arrayBuffer())));
        return names.filter((_, at) => heads[at][6] === 0);
      }, names);
    };
    await becomes(plain, [], "plain files that count", { timeout: 60_000 });
    await openApp(page, url);
    await progress(page, "All");
    await becomes(() => tiles(page), before, "tiles at the next start");
    same(await page.locator(".problem").allTextContents(), [], "problems");
    await context.close();
  });

  await story.step("files that a phone wrote in format 2 open with the code it showed", async () => {
    const { context, page } = await placed("pool-of-a-phone-v2");
    await page.getByTestId("recovery-code").fill(readFileSync(join(root, "tests/fixtures/pool-of-a-phone-v2/recovery-code.txt"), "utf8").trim());
    await page.getByTestId("unlock").click();
    // The workout that was going on, from its sheet; and the one before, from a sealed file.
    await page.getByTestId("workout-bar").click();
    await until(() => solid(page, 0), { what: "the set of the unfinished workout" });
    same([await typed(page, 0, "load"), await typed(page, 0, "reps")], ["80", "8"], "what was typed");
    await page.getByTestId("fold").click();
    await progress(page, "All");
    await becomes(async () => (await tiles(page)).sets, "2", "sets");
    same(await page.locator(".problem").allTextContents(), [], "problems");
    await context.close();
  });

  await story.step("Safari's seven days are spoken of in Safari, and nowhere else", async () => {
    for (const [userAgent, times] of [
      ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", 1],
      [undefined, 0],
    ]) {
      const { context, page } = await browse(story, temporary("seven-days"), { userAgent });
      await openApp(page, url, "/me/storage");
      await page.getByTestId("export").waitFor();
      await becomes(() => page.getByText("not opened for seven days").count(), times, `words of seven days for ${userAgent}`);
      await context.close();
    }
  });

  /** The storage worker begins with this. */
  const storageBegins = async (page, script) => {
    await page.route(/storage\.js/, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: `${script}\n${await answer.text()}` });
    });
  };

  await story.step("a window without storage: everything works, says that it is not stored, and is gone afterwards", async () => {
    const { context, page } = await browse(story, join(folder, "private"), { serviceWorkers: "block" });
    await storageBegins(page, "delete WorkerNavigator.prototype.locks; StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('private', 'SecurityError'));");
    await page.goto(url);
    await page.getByText("Not stored", { exact: false }).first().waitFor();
    await startWorkout(page);
    await addExercise(page, "Squat (Barbell)", "squat barbell");
    await typeSet(page, 0, { load: "100", reps: "5" });
    await tick(page, 0);
    await finish(page);
    await page.getByText("in this tab only").first().waitFor();
    const log = new Log();
    log.add({ at: 1, sets: [squat[0]] });
    await progress(page, "4 weeks");
    await becomes(() => tiles(page), log.tiles(), "tiles");
    await page.goto(url);
    await page.getByText("Log your first set").waitFor();
    await context.close();
  });

  await story.step("another tab takes the update: half a note and an unticked row stay in this one, and its workout goes on", async () => {
    const files = temporary("update");
    cpSync(dist, files, { recursive: true });
    const updating = await serve(await freePort(), { files });
    const { context, page } = await browse(story, join(folder, "update"));
    await openApp(page, updating.url);
    await page.evaluate(() => navigator.serviceWorker.ready);
    // From here on it comes from the service worker.
    await openApp(page, updating.url);
    ensure(await page.evaluate(() => navigator.serviceWorker.controller !== null), "no service worker answers this page");
    await startWorkout(page);
    await addExercise(page, "Squat (Barbell)", "squat barbell");
    await typeSet(page, 0, { load: "100", reps: "5" });
    await tick(page, 0);
    await typeSet(page, 1, { load: "105", reps: "4" });
    await page.getByTestId("workout-more").click();
    await page.getByTestId("note").fill("slept ba");
    await page.evaluate(() => (globalThis.stillTheSame = true));
    // A tab of a build that this one does not know: it says so, and whatever is asked of this one's workers goes on.
    await page.evaluate(() => {
      const channel = new BroadcastChannel("spotter");
      channel.postMessage([JSON.stringify({ Hello: { build: "another" } })]);
      channel.close();
    });
    const beside = await context.newPage();
    await openApp(beside, updating.url);
    rmSync(join(files, "sw.js.br"), { force: true });
    appendFileSync(join(files, "sw.js"), "\n// The next build.\n");
    await beside.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
    // The sheet of the first tab is in both, so the update is taken where it is offered.
    const taken = beside.waitForEvent("load");
    await beside.evaluate(async () => {
      const waiting = async () => (await navigator.serviceWorker.getRegistration()).waiting;
      while (!(await waiting())) await new Promise((next) => setTimeout(next, 20));
      dispatchEvent(new Event("spotter:accept-update"));
    });
    await taken;
    await beside.getByTestId("workout-bar").waitFor();
    // By now the new service worker answers here too: whatever it makes this page do, it has done.
    await page.evaluate(() => new Promise((answered) => {
      navigator.serviceWorker.addEventListener("message", answered, { once: true });
      navigator.serviceWorker.controller.postMessage("BUILD?");
    }));
    ensure(await page.evaluate(() => globalThis.stillTheSame === true), "the page was loaded again under the hands of somebody");
    same(await page.getByTestId("note").inputValue(), "slept ba", "the note");
    await page.getByTestId("note").pressSequentially("dly");
    await page.getByTestId("workout-save").click();
    same([await typed(page, 1, "load"), await typed(page, 1, "reps"), await solid(page, 1)], ["105", "4", false], "the row that was not ticked");
    await tick(page, 1);
    await page.getByText("slept badly").waitFor();
    await finish(page);
    await page.getByRole("button", { name: "Update ready" }).waitFor();
    await context.close();
    await updating.stop();
  });

  // Each of them is found out before the app says that it is ready. Without locks the database is no place for files either.
  for (const [what, script] of [
    ["refuses to write them", "FileSystemFileHandle.prototype.createSyncAccessHandle = () => Promise.reject(new DOMException('Backend does not support this operation', 'NotSupportedError'));"],
    ["has no way to write them", "delete FileSystemFileHandle.prototype.createSyncAccessHandle;"],
    ["forgets what was written", "FileSystemSyncAccessHandle.prototype.write = (bytes) => bytes.length;"],
  ]) {
    await story.step(`a browser without locks that hands out files and ${what}: everything works, and says that it is not stored`, async () => {
      const { context, page } = await browse(story, join(folder, `unproved ${what}`), { serviceWorkers: "block" });
      await storageBegins(page, `delete WorkerNavigator.prototype.locks; ${script}`);
      await page.goto(url);
      await page.getByText("Not stored", { exact: false }).first().waitFor({ timeout: 40_000 });
      await page.locator(".problem[role=alert]").filter({ hasText: "cannot use this browser's storage" }).waitFor();
      await squatOnce(page);
      await finish(page);
      same((await page.locator(".problem").allTextContents()).filter((text) => /could not be saved/.test(text)), [], "ticks that failed");
      await context.close();
    });
  }

  await story.step("the key is gone from one place and cannot be read in the other: no new one is made, and later the code opens it", async () => {
    const own = join(folder, "no-second-key");
    const { context, page } = await browse(story, own, { serviceWorkers: "block" });
    await squatOnce(page);
    await finish(page);
    await openApp(page, url, "/me/storage");
    await page.getByTestId("show-recovery-code").click();
    const code = await text(page.getByTestId("recovery-code"));
    const keys = async () => (await look(page)).filter((file) => file.role === "keys").map((file) => file.useId);
    await until(async () => (await keys()).length === 2, { what: "the wrapped key is filed twice" });
    const before = await keys();
    const back = await outside(page);
    await page.evaluate(() => new Promise((done, failed) => {
      const request = indexedDB.open("spotter");
      request.onerror = () => failed(request.error);
      request.onsuccess = () => {
        const gone = request.result.transaction("identity", "readwrite");
        gone.objectStore("identity").delete("vault");
        gone.oncomplete = () => (request.result.close(), done());
      };
    }));
    await back();
    await storageBegins(page, `
      const { getFile } = FileSystemFileHandle.prototype;
      FileSystemFileHandle.prototype.getFile = async function () {
        const file = await getFile.call(this);
        // How it begins can be read, and the rest cannot.
        const { slice } = file;
        const bad = { arrayBuffer: () => Promise.reject(new DOMException("bad sector", "UnknownError")) };
        if (this.name.startsWith("keys-")) file.slice = (from, to) => (to <= 96 ? slice.call(file, from, to) : bad);
        return file;
      };`);
    await page.goto(url);
    await page.locator(".problem[role=alert]").filter({ hasText: "the key to what is stored here cannot be read" }).waitFor({ timeout: 60_000 });
    await page.unrouteAll({ behavior: "wait" });
    await outside(page);
    same(await page.evaluate(async () => {
      const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
      const heads = await Promise.all(["keys-0", "keys-1"].map(async (name) => new Uint8Array(await (await (await pool.getFileHandle(name)).getFile()).slice(8, 24).arrayBuffer())));
      return heads.map((head) => [...head].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    }), before, "the wraps");
    await page.goto(url);
    await page.getByTestId("recovery-code").fill(code);
    await page.getByTestId("unlock").click();
    const log = new Log();
    log.add({ at: 1, sets: [squat[0]] });
    await progress(page, "4 weeks");
    await becomes(() => tiles(page), log.tiles(), "tiles");
    await context.close();
  });

  await story.step("another recovery code takes the place of one that somebody has seen", async () => {
    const own = join(folder, "another-code");
    const { context, page } = await browse(story, own, { serviceWorkers: "block" });
    await squatOnce(page);
    await finish(page);
    await openApp(page, url, "/me/storage");
    await page.getByTestId("show-recovery-code").click();
    const shown = () => text(page.getByTestId("recovery-code"));
    const former = await shown();
    await page.getByTestId("new-recovery-code").click();
    await until(async () => (await shown()) !== former, { what: "another code" });
    const code = await shown();
    await page.reload();
    await page.getByTestId("show-recovery-code").click();
    same(await shown(), code, "the code at the next start");
    await storageBegins(page, "IDBFactory.prototype.open = () => { throw new DOMException('broken', 'UnknownError'); };");
    await page.goto(url);
    await page.getByTestId("recovery-code").fill(former);
    await page.getByTestId("unlock").click();
    await page.getByText("does not open what is stored here").waitFor();
    await page.getByTestId("recovery-code").fill(code);
    await page.getByTestId("unlock").click();
    const log = new Log();
    log.add({ at: 1, sets: [squat[0]] });
    await progress(page, "4 weeks");
    await becomes(() => tiles(page), log.tiles(), "tiles");
    await context.close();
  });

  await story.step("the database does not open any more: the recovery code opens what is in the files", async () => {
    const own = join(folder, "no-database");
    const first = await browse(story, own);
    await squatOnce(first.page);
    await finish(first.page);
    await openApp(first.page, url, "/me/storage");
    await first.page.getByTestId("show-recovery-code").click();
    const code = await text(first.page.getByTestId("recovery-code"));
    await until(async () => (await look(first.page)).some((file) => file.role === "keys"), { what: "the wrapped key is filed" });
    await first.page.evaluate(async () => {
      for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
    });
    await first.context.close();
    const { context, page } = await browse(story, own, { serviceWorkers: "block" });
    await storageBegins(page, "IDBFactory.prototype.open = () => { throw new DOMException('broken', 'UnknownError'); };");
    await page.goto(url);
    await page.getByTestId("recovery-code").fill(code);
    await page.getByTestId("unlock").click();
    await page.locator(".problem").getByText("database cannot be opened").waitFor();
    const log = new Log();
    log.add({ at: 1, sets: [squat[0]] });
    await progress(page, "4 weeks");
    await becomes(() => tiles(page), log.tiles(), "tiles");
    await context.close();
  });
} catch (err) {
  story.brokeOff(err);
} finally {
  await story.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}
story.end();
