// A browser whose OPFS no worker may write: the files are kept in its database, and everything else is as everywhere. A
// workout, two tabs, a kill right behind a tick, a full disk, a browser that learns or unlearns OPFS, and a phone that is left.
//
//   node tests/journey/database.mjs          SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM, SPOTTER_SHOTS
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  Log, Story, addExercise, becomes, browse, ensure, finish, freePort, kill, openApp, problems, progress, same, serve, set, solid, startWorkout, storageFact, tab,
  temporary, text, tick, tiles, typeSet, typed, until, workerOf,
} from "./lib.mjs";
import { look } from "./pool.mjs";

const story = new Story();
const vital = (name, act) => story.step(name, act, { vital: true });
const step = (name, act) => story.step(name, act);
const folder = temporary("database");
const port = await freePort();
const url = `http://localhost:${port}`;
story.inspect = async (page) => `pool: ${(await look(page)).filter((file) => file.size).map((file) => `${file.name} ${file.role} ${file.size} B`).join(", ")}`;

const REFUSED = "FileSystemFileHandle.prototype.createSyncAccessHandle = () => Promise.reject(new DOMException('Backend does not support this operation', 'NotSupportedError'));";

/** A browser whose storage workers begin with this. */
async function browser(name, script = REFUSED) {
  const profile = join(folder, name);
  const { context, page } = await browse(story, profile, { serviceWorkers: "block" });
  if (script) {
    await context.route(/storage\.js/, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: `${script}\n${await answer.text()}` });
    });
  }
  return { context, page, profile };
}

const bench = (load, reps) => set("Bench Press (Barbell)", "normal", load, reps);
const quiet = async (page) => same(await page.locator(".problem").allTextContents(), [], "problems");
const notStored = (page) => page.getByText("Not stored", { exact: false });

/** Begins a workout with its first set ticked. */
async function train(page) {
  await openApp(page, url);
  await startWorkout(page);
  await addExercise(page, "Bench Press (Barbell)", "bench press barbell");
  await typeSet(page, 0, { load: "80", reps: "5" });
  await tick(page, 0);
}

async function shows(page, sets) {
  const log = new Log();
  log.add({ at: 1, sets });
  await progress(page, "4 weeks");
  await becomes(() => tiles(page), log.tiles(), "tiles");
}

const databases = (page) => page.evaluate(async () => (await indexedDB.databases()).map((one) => one.name).sort());
/** Files with sessions in OPFS: only names, for nobody may write them. */
const inOpfs = (page) =>
  page.evaluate(async () => {
    const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool").catch(() => null);
    return pool ? (await Array.fromAsync(pool.keys())).filter((name) => name.startsWith("slot-")) : [];
  });
const rows = async (page) => (await look(page)).filter((file) => file.role === "open").flatMap((file) => file.frames).filter((frame) => frame.kind === "row").length;
const births = (page) =>
  page.evaluate(() => new Promise((done, failed) => {
    const request = indexedDB.open("spotter");
    request.onerror = () => failed(request.error);
    request.onsuccess = () => {
      const count = request.result.transaction("births").objectStore("births").count();
      count.onsuccess = () => (request.result.close(), done(count.result));
    };
  }));
const inDatabase = (page) => page.getByTestId("in-database");

async function saysWhere(page) {
  await tab(page, "Me");
  await page.getByTestId("to-storage").click();
  await inDatabase(page).getByText("keeps its files in the browser's database").waitFor();
}

let server;
try {
  server = await serve(port);

  let here;
  await vital("the first workout is ticked: it is kept in the database, and only the Storage page says so", async () => {
    here = await browser("phone");
    await train(here.page);
    await quiet(here.page);
    same(await notStored(here.page).count(), 0, "words of what is not stored");
    same(await databases(here.page), ["spotter", "spotter-files"], "databases");
    same(await inOpfs(here.page), [], "files in OPFS");
    const pool = await look(here.page);
    const open = pool.filter((file) => file.role === "open");
    same(open.map((file) => [file.encrypted, file.frames.some((frame) => frame.text.includes("set.logged") && frame.text.includes("80000"))]), [[true, true]], "open sessions: encrypted, with the set");
    ensure(pool.some((file) => file.sheets.length), "the workout's sheet is kept too");
    // A transaction lasts at once: a second copy could only be refused when the first cannot be taken back any more.
    same(await births(here.page), 0, "rows that are kept twice");
    await here.page.getByTestId("fold").click();
    await saysWhere(here.page);
    ensure(/[1-9]/.test(await storageFact(here.page, "Open session")), "the open session has a size");
  });

  await vital("all of it is there after a reload, and the workout goes on", async () => {
    await here.page.reload();
    await here.page.getByTestId("workout-bar").waitFor();
    await shows(here.page, [bench("80", "5")]);
    await here.page.getByTestId("workout-bar").click();
    await until(() => solid(here.page, 0), { what: "the set is there again" });
    await typeSet(here.page, 1, { load: "82.5", reps: "4" });
    await tick(here.page, 1);
    await quiet(here.page);
  });

  await step("two tabs: each writes, and each has what the other wrote", async () => {
    const beside = await here.context.newPage();
    await openApp(beside, url, "/progress");
    await shows(beside, [bench("80", "5"), bench("82.5", "4")]);
    await here.page.bringToFront();
    await typeSet(here.page, 2, { load: "85", reps: "3" });
    await tick(here.page, 2);
    await beside.bringToFront();
    await shows(beside, [bench("80", "5"), bench("82.5", "4"), bench("85", "3")]);
    await beside.getByTestId("workout-bar").click();
    await beside.getByTestId("add-set").click();
    await typeSet(beside, 3, { load: "87.5", reps: "2" });
    await tick(beside, 3);
    const pool = await look(beside);
    const sealed = pool.flatMap((file) => file.manifest?.retired ?? []).map((file) => file.file);
    const open = pool.filter((file) => file.role === "open" && !sealed.includes(file.name) && file.frames.some((frame) => frame.kind === "row"));
    same(open.length, 2, "sessions: one of each tab");
    // The one that leads is gone: the other takes over, and has all of it.
    await here.page.close();
    here.page = story.page = beside;
    await until(async () => {
      await beside.reload();
      await saysWhere(beside);
      return (await storageFact(beside, "This tab")).endsWith(", leads");
    }, { what: "the tab that is left leads" });
    await shows(beside, [bench("80", "5"), bench("82.5", "4"), bench("85", "3"), bench("87.5", "2")]);
    await quiet(beside);
  });

  const four = [bench("80", "5"), bench("82.5", "4"), bench("85", "3"), bench("87.5", "2")];
  await vital("the browser is killed right behind a tick that was shown as saved: it is there", async () => {
    await here.page.getByTestId("workout-bar").click();
    await here.page.getByTestId("add-set").click();
    await typeSet(here.page, 4, { load: "90", reps: "1" });
    await tick(here.page, 4);
    await kill(here.profile);
    here = await browser("phone");
    await openApp(here.page, url);
    four.push(bench("90", "1"));
    await shows(here.page, four);
    await here.page.getByTestId("workout-bar").click();
    await until(() => solid(here.page, 4), { what: "the set is there again" });
    await quiet(here.page);
  });

  await step("the workout is over: its session is sealed in the database and read from there", async () => {
    await finish(here.page);
    await until(async () => (await look(here.page)).some((file) => file.role === "sealed" && file.encrypted), { what: "a sealed file", timeout: 60_000 });
    await here.page.reload();
    await shows(here.page, four);
    await quiet(here.page);
  });

  await step("an update of the browser brings OPFS: what was logged is still there, where it was", async () => {
    await here.context.close();
    here = await browser("phone", null);
    await openApp(here.page, url);
    await shows(here.page, four);
    await saysWhere(here.page);
    same(await inOpfs(here.page), [], "files in OPFS");
    // And when nobody has written down any more where it was.
    await here.page.goto(`${url}/healthz`);
    await here.page.evaluate(() => new Promise((done, failed) => {
      const request = indexedDB.open("spotter");
      request.onerror = () => failed(request.error);
      request.onsuccess = () => {
        const gone = request.result.transaction("identity", "readwrite");
        for (const name of ["home", "me"]) gone.objectStore("identity").delete(name);
        gone.oncomplete = () => (request.result.close(), done());
      };
    }));
    await openApp(here.page, url);
    await shows(here.page, four);
    same(await inOpfs(here.page), [], "files in OPFS");
    await here.context.close();
  });

  // -------------------------------------------------------------------------------------------- a full disk

  await step("the disk is full: a tick is refused and undone, nothing of it stays, and with room again it is saved", async () => {
    const { context, page } = await browser("full");
    await train(page);
    await typeSet(page, 1, { load: "82.5", reps: "4" });
    let before = await rows(page);
    const session = await context.newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: url, quotaSize: 1 });
    // Chromium asks for the room only every half minute: what is ticked meanwhile is saved.
    const refusal = page.locator(".problem[role=alert]").filter({ hasText: "no room" });
    const sets = [bench("80", "5")];
    let nth = 1;
    await until(async () => {
      await page.getByTestId(`tick-${nth}`).click();
      const outcome = await until(async () => ((await solid(page, nth)) ? "saved" : (await refusal.count()) && "refused"), { what: `tick ${nth + 1} is saved or refused` });
      if (outcome === "refused") return true;
      sets.push(bench("82.5", "4"));
      nth += 1;
      before = await rows(page);
      await page.getByTestId("add-set").click();
      return false;
    }, { what: "the disk is full", timeout: 90_000 });
    await becomes(() => page.getByTestId(`tick-${nth}`).getAttribute("aria-checked"), "false", "the refused tick");
    same([await typed(page, nth, "load"), await typed(page, nth, "reps")], ["82.5", "4"], "what was typed");
    ensure((await problems(page)).some((one) => one.seen && one.text[0].includes("no room") && one.text.length === 3), "it is said where somebody sees it");
    same(await rows(page), before, "rows in the files");
    await session.send("Storage.overrideQuotaForOrigin", { origin: url });
    await tick(page, nth);
    await page.reload();
    await page.getByTestId("workout-bar").waitFor();
    await shows(page, [...sets, bench("82.5", "4")]);
    await quiet(page);
    await context.close();
  });

  await step("a write that fails half-way leaves nothing of itself", async () => {
    const { context, page } = await browser("half");
    await train(page);
    await typeSet(page, 1, { load: "82.5", reps: "4" });
    const sizes = async () => (await look(page)).filter((file) => file.role === "open").map((file) => [file.name, file.size, file.frames.length]);
    const before = await sizes();
    await (await workerOf(page, "storage.js")).evaluate(() => {
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (value, key) {
        // The bytes went in, and where they end could not be said any more.
        if (this.name !== "sizes" || !key.startsWith("slot-")) return put.call(this, value, key);
        IDBObjectStore.prototype.put = put;
        put.call(this, value + 7, key);
        throw new DOMException("no room", "QuotaExceededError");
      };
    });
    await page.getByTestId("tick-1").click();
    await page.locator(".problem[role=alert]").filter({ hasText: "no room" }).waitFor({ state: "attached" });
    await becomes(() => page.getByTestId("tick-1").getAttribute("aria-checked"), "false", "the refused tick");
    same(await sizes(), before, "the session's file");
    await tick(page, 1);
    await page.reload();
    await page.getByTestId("workout-bar").waitFor();
    await shows(page, [bench("80", "5"), bench("82.5", "4")]);
    await quiet(page);
    await context.close();
  });

  // -------------------------------------------------------------------------------------------- nowhere else

  await step("OPFS is refused where files were in it: nothing is begun beside them, it is said, and later all is there", async () => {
    let { context, page } = await browser("unlearned", null);
    await train(page);
    await finish(page);
    await context.close();
    ({ context, page } = await browser("unlearned"));
    await page.goto(url);
    await page.locator(".problem[role=alert]").filter({ hasText: "cannot use this browser's storage" }).waitFor();
    await notStored(page).first().waitFor();
    same(await databases(page), ["spotter"], "databases");
    await context.close();
    ({ context, page } = await browser("unlearned", null));
    await openApp(page, url);
    await shows(page, [bench("80", "5")]);
    await quiet(page);
    await context.close();
  });

  await step("no OPFS and no locks: everything works in the tab, and says that it is not stored", async () => {
    const { context, page } = await browser("nowhere", `${REFUSED} delete WorkerNavigator.prototype.locks;`);
    await train(page);
    await notStored(page).first().waitFor();
    same((await databases(page)).includes("spotter-files"), false, "a database that nobody may use");
    await context.close();
  });

  // -------------------------------------------------------------------------------------------- a phone that is left

  await step("everything is removed: not while somebody holds a file, and then nothing is left of it in the database", async () => {
    const { context, page } = await browser("left");
    await train(page);
    await finish(page);
    await page.evaluate(() => new Promise((done, failed) => {
      const request = indexedDB.open("spotter-files");
      request.onerror = () => failed(request.error);
      request.onsuccess = () => {
        const marks = request.result.transaction("sizes", "readwrite");
        marks.objectStore("sizes").put(0, "marked");
        marks.oncomplete = () => (request.result.close(), done());
      };
    }));
    const remove = async () => {
      await page.getByTestId("remove-everything").click();
      await page.getByTestId("remove-everything").click();
    };
    const backedUp = async () => {
      await openApp(page, url, "/me/storage");
      const download = page.waitForEvent("download");
      await page.getByTestId("export").locator("button").first().click();
      const path = join(folder, "backup.zip");
      await (await download).saveAs(path);
      await page.getByTestId("backup-check").setInputFiles(path);
      await page.getByTestId("backup-check").waitFor({ state: "detached" });
    };
    await backedUp();
    await page.evaluate(async () => {
      for (let nth = 0; !globalThis.letGo && nth < 20; nth += 1) {
        const name = `spotter-file-slot-${String(nth).padStart(3, "0")}`;
        await new Promise((asked) => navigator.locks.request(name, { ifAvailable: true }, (lock) => {
          asked();
          return lock && new Promise((done) => (globalThis.letGo = done));
        }));
      }
      if (!globalThis.letGo) throw new Error("no file could be held");
    });
    await remove();
    await page.locator(".problem[role=alert]").getByText("That did not work").waitFor();
    await openApp(page, url);
    await shows(page, [bench("80", "5")]);
    await backedUp();
    const beside = await context.newPage();
    await openApp(beside, url);
    await page.bringToFront();
    const reloaded = page.waitForEvent("load");
    await remove();
    await reloaded;
    await beside.getByRole("heading", { name: "Closed" }).waitFor();
    await page.getByTestId("removed").getByText("Nothing of what was logged is on this phone any more").waitFor();
    const left = await look(page).catch(() => []);
    same(left.filter((file) => file.name === "marked" || (file.name.startsWith("slot-") && 200 < file.size)), [], "what is left");
    await page.getByTestId("begin-anew").click();
    await openApp(page, url);
    await page.getByText("Log your first set").waitFor();
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
