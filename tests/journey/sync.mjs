// Three people's browsers and one server: sign-up after training alone, a second device, both offline, edits of the same
// set, a stranger on the same server, a shut-out device, a server put back from a backup.
//
//   node tests/journey/sync.mjs          SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM, SPOTTER_SHOTS
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { rows as years } from "../../benches/strong.mjs";
import {
  Stop, Story, addExercise, axe, becomes, browse, ensure, finish, freePort, inLightAndDark, openApp, problems, progress, same, serve, startWorkout, tab, temporary,
  text, tick, tiles, typeSet, until,
} from "./lib.mjs";
import { again, alone, harm, newest, saysMissing, settled } from "./refetch.mjs";
import { look } from "./pool.mjs";

const story = new Story();
const step = (...all) => story.step(...all);
const vital = (name, act) => story.step(name, act, { vital: true });
const database = join(temporary("sync-server"), "spotter.db");
const port = await freePort();
const url = `http://localhost:${port}`;
const binary = process.env.SPOTTER_BIN;
const password = "correct horse battery";

let server;
let mia; // the first phone
let other; // Mia's second device
let ben; // somebody else on the same server

/** A page of the other devices would be reported, and is not what a step is about. */
const onPage = (who) => (story.page = who.page);
const unreachable = /Failed to (load resource|fetch)|ERR_CONNECTION|net::ERR|status of (401|403|409|503)/;

async function train(page, sets, name = ["Bench Press (Barbell)", "bench press barbell"]) {
  await startWorkout(page);
  await addExercise(page, ...name);
  for (const [nth, [load, reps]] of sets.entries()) {
    await typeSet(page, nth, { load, reps });
    await tick(page, nth);
    if (nth + 1 < sets.length && !(await page.getByTestId(`tick-${nth + 1}`).count())) await page.getByTestId("add-set").click();
  }
  return finish(page);
}

const totals = async (page) => {
  await progress(page, "All");
  return tiles(page);
};
const openSync = async (page) => {
  await tab(page, "Me");
  await page.getByTestId("to-sync").click();
};
const line = (page) => text(page.getByTestId("sync-line"));
const everythingThere = (page) => becomes(() => line(page), "Everything is on the server", "how things stand", { timeout: 30_000 });
const fill = (page, what, value) => page.getByTestId(`account-${what}`).fill(value);
const choose = (page, name) => page.getByRole("radiogroup", { name: "How" }).getByRole("radio", { name, exact: true }).click();
/** Connects, and says that what lies here is theirs. */
const connectMine = async (page, workouts) => {
  await page.getByTestId("account-go").click();
  const said = `This phone holds ${workouts} logged without an account.`;
  await becomes(async () => (await text(page.getByTestId("whose").locator("strong"))).includes(said), true, "what is asked");
  await page.getByTestId("whose-mine").click();
};
// Scripts in the page have nothing but the cookie, which opens nothing: whoever looks at the server signs in by himself.
const tokens = new Map();
const tokenOf = async (name, password) => {
  const device = { device_id: name === "Ben" ? "00000000000000bb" : "00000000000000aa", name: "Somebody who looks" };
  const body = JSON.stringify({ name, password, device });
  const answer = await fetch(`${url}/account/sign-in`, { method: "POST", headers: { "content-type": "application/json" }, body });
  ensure(answer.ok, `looking at the server as ${name}: ${answer.status}`);
  tokens.set(name, (await answer.json()).token);
};
/** What the server itself says of the rows that this browser's account reads. */
const digest = async (page) => {
  const [name, own] = ben && page.context() === ben.context ? ["Ben", `${password} of Ben`] : ["Mia", password];
  const ask = () => fetch(`${url}/replicate/digest`, { headers: { authorization: `Bearer ${tokens.get(name)}` } });
  let answer = await ask();
  if (answer.status === 401) {
    await tokenOf(name, own);
    answer = await ask();
  }
  const { chains } = await answer.json();
  return { rows: chains.reduce((sum, chain) => sum + chain.n, 0), devices: new Set(chains.map((chain) => chain.chain.split("/")[1])).size };
};
const verified = async (page) => {
  await page.getByTestId("sync-compare").click();
  const { rows, devices } = await digest(page);
  const grouped = String(rows).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const words = `All ${grouped} rows of ${devices} ${devices === 1 ? "device" : "devices"} are the same here and there, by what the server says it has`;
  await becomes(() => text(page.getByTestId("sync-verified")), words, "the proof", { timeout: 30_000 });
};
async function looks(name, page) {
  await inLightAndDark(page, (colorScheme) =>
    step(`axe: ${name}, ${colorScheme}`, async () => same(await axe(page), [], "serious or critical violations")));
}

try {
  server = await serve(port, { database });
  mia = await browse(story, temporary("sync-mia"));

  let first;
  await vital("a month alone: a workout without an account, and a second one without a server", async () => {
    await openApp(mia.page, url);
    first = await train(mia.page, [["80", "5"], ["82.5", "5"], ["85", "3"]]);
    await until(() => mia.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === "activated"), {
      what: "an active service worker", timeout: 60_000,
    });
    await server.stop();
    await story.expecting(unreachable, async () => {
      await openApp(mia.page, url);
      await train(mia.page, [["100", "5"]], ["Squat (Barbell)", "squat barb"]);
      same((await totals(mia.page)).sets, "4", "sets");
      await openSync(mia.page);
      await mia.page.getByText("The server cannot be reached. What you log is saved on this phone.").waitFor();
    });
  });

  await vital("sign-up: everything that was logged before goes up", async () => {
    server = await serve(port, { database });
    await story.expecting(unreachable, async () => {
      await openApp(mia.page, url, "/me/sync");
      await mia.page.getByText("This server has no account yet.").waitFor();
      await fill(mia.page, "name", "Mia");
      await fill(mia.page, "password", "short");
      await connectMine(mia.page, "2 workouts");
      await mia.page.getByTestId("account-problem").getByText("a password has 10 to 200 characters").waitFor();
      await fill(mia.page, "password", password);
      await mia.page.getByTestId("account-go").click();
      await mia.page.getByTestId("account-problem").getByText("New people need an invitation here.").waitFor();
      await fill(mia.page, "invite", server.code());
      await mia.page.getByTestId("account-go").click();
      await everythingThere(mia.page);
    });
    const there = await digest(mia.page);
    await openApp(mia.page, url, "/me/storage");
    await becomes(() => text(mia.page.getByTestId("server-copy")), "Your server has a copy of everything. That happens by itself.", "the automatic copy");
    await openSync(mia.page);
    // Two workouts begun and finished, four sets; nothing else has been written down.
    same(there, { rows: 8, devices: 1 }, "what the server has");
    await verified(mia.page);
  });

  await looks("Sync, connected", mia.page);

  let link;
  await vital("a second device that has training of its own joins by the link: both have everything, as one person's", async () => {
    // At once, while the app still connects: the code stays on the screen when it has.
    await story.expecting(unreachable, () => openApp(mia.page, url, "/me/sync"));
    await mia.page.getByTestId("add-device").click();
    link = await text(mia.page.getByTestId("code-link"));
    ensure(link.startsWith(`${url}/me/sync#join=`), `the link is ${link}`);
    ensure(await mia.page.locator("svg.qr path").count(), "there is no picture to scan");
    other = await browse(story, temporary("sync-other"));
    onPage(other);
    await story.expecting(unreachable, async () => {
      await openApp(other.page, url);
      await train(other.page, [["50", "8"]], ["Front Squat (Barbell)", "front squat"]);
      await openApp(other.page, url, link.slice(url.length));
      await other.page.getByTestId("account-code").waitFor();
      await fill(other.page, "device", "Tablet");
      const asked = [];
      other.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
      // Somebody else's training is neither linked nor sent.
      await other.page.getByTestId("account-go").click();
      await other.page.getByTestId("whose-other").click();
      await other.page.getByTestId("kept-apart").getByText("Then they stay here, and nothing is sent.").waitFor();
      same(asked.filter((path) => path === "/account/join"), [], "what was sent before it was said whose it is");
      await connectMine(other.page, "1 workout");
      await everythingThere(other.page);
    });
    ensure(!other.page.url().includes("join="), "the code stays in the address");
    await progress(mia.page, "All");
    await becomes(async () => (await tiles(mia.page)).sets, "5", "sets on the first phone", { timeout: 30_000 });
    same(await totals(other.page), await tiles(mia.page), "the figures on both");
  });

  await step("the link works once", async () => {
    const again = (code) => other.page.evaluate(async (code) => {
      const device = { device_id: "00000000000000aa", name: "thief" };
      return (await fetch("/account/join", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ code, device }) })).status;
    }, code);
    same(await story.expecting(/status of 410/, () => again(link.split("=")[1])), 410, "the second use");
  });

  await step("logged here, on the screen there", async () => {
    await tab(mia.page, "Train");
    await train(other.page, [["60", "10"], ["60", "9"]], ["Overhead Press (Barbell)", "overhead press"]);
    await progress(mia.page, "All");
    await becomes(async () => (await tiles(mia.page)).sets, "7", "sets on the first phone");
    await train(mia.page, [["140", "5"]], ["Deadlift (Barbell)", "deadlift barb"]);
    await progress(other.page, "All");
    await becomes(async () => (await tiles(other.page)).sets, "8", "sets on the tablet");
    same(await tiles(other.page), await totals(mia.page), "the figures on both");
  });

  await step("offline, and opened again: what the server has is known to be there", async () => {
    await story.expecting(unreachable, async () => {
      await server.stop();
      for (const who of [mia, other]) {
        onPage(who);
        for (let opened = 0; opened < 2; opened += 1) {
          await openApp(who.page, url, "/me/sync");
          await who.page.getByTestId("sync-trouble").getByText("The server cannot be reached.").waitFor();
          same(await line(who.page), "Everything is on the server", "how things stand");
          same(await who.page.locator(".problem").count(), 0, "problems");
        }
      }
      server = await serve(port, { database });
    });
  });

  const editFirstSet = async (page, reps) => {
    await openApp(page, url, `/history/${first}`);
    await page.getByTestId("set-row").first().click();
    await page.getByTestId("edit-reps").fill(reps);
    await page.getByTestId("edit-save").click();
    await page.getByTestId("edit-save").waitFor({ state: "detached" });
  };
  const firstSet = (page) => text(page.getByTestId("set-row").first().locator("strong"));
  const rowState = (page) => text(page.getByTestId("row-state").first());

  await vital("both offline, both edit the same set: the later word holds on both", async () => {
    // Both know the workout's page before the server goes.
    for (const who of [mia, other]) {
      await openApp(who.page, url, `/history/${first}`);
      await until(() => who.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === "activated"), {
        what: "an active service worker", timeout: 60_000,
      });
    }
    await story.expecting(unreachable, async () => {
      await server.stop();
      await editFirstSet(mia.page, "6");
      await editFirstSet(other.page, "7");
      await becomes(() => rowState(mia.page), "on this phone", "the state of the edited set");
      ensure((await firstSet(mia.page)).includes("6"), `Mia's phone shows ${await firstSet(mia.page)}`);
      ensure((await firstSet(other.page)).includes("7"), `the tablet shows ${await firstSet(other.page)}`);
      await train(mia.page, [["20", "12"]], ["Bicep Curl (Barbell)", "bicep curl barb"]);
      server = await serve(port, { database });
      for (const who of [mia, other]) await openApp(who.page, url, `/history/${first}`);
      for (const who of [mia, other]) {
        onPage(who);
        await becomes(async () => (await firstSet(who.page)).includes("7"), true, "the later edit", { timeout: 40_000 });
        await becomes(() => rowState(who.page), "", "the state of the edited set", { timeout: 40_000 });
      }
      same(await totals(mia.page), await totals(other.page), "the figures on both");
      same((await totals(mia.page)).sets, "9", "sets");
    });
  });

  await step("both can prove it", async () => {
    for (const who of [mia, other]) {
      onPage(who);
      await openSync(who.page);
      await everythingThere(who.page);
      await verified(who.page);
    }
    same((await digest(mia.page)).devices, 2, "devices that have written");
  });

  await vital("somebody else on the same server sees nothing of it", async () => {
    onPage(mia);
    await mia.page.getByTestId("invite").click();
    await until(async () => (await text(mia.page.getByTestId("code-link"))).includes("#invite="), { what: "an invitation" });
    const invitation = await text(mia.page.getByTestId("code-link"));
    ben = await browse(story, temporary("sync-ben"));
    onPage(ben);
    await story.expecting(unreachable, async () => {
      await openApp(ben.page, url);
      await train(ben.page, [["40", "5"]]);
      await openApp(ben.page, url, invitation.slice(url.length));
      await fill(ben.page, "name", "Ben");
      await fill(ben.page, "password", `${password} of Ben`);
      await connectMine(ben.page, "1 workout");
      await everythingThere(ben.page);
    });
    await verified(ben.page);
    same(await digest(ben.page), { rows: 3, devices: 1 }, "what Ben's account reads");
    same((await totals(ben.page)).sets, "1", "Ben's sets");
    const before = await digest(mia.page);
    same((await totals(mia.page)).sets, "9", "Mia's sets");
    const rows = execFileSync("python3", ["-c", "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('select count(*) from events').fetchone()[0])", database]);
    same(Number(rows), before.rows + 3, "rows on the server");
  });

  await step("a server put back from a backup gets back what it lost", async () => {
    const backup = join(temporary("sync-backup"), "backup.db");
    execFileSync(binary, ["backup", "--database", database, "--out", backup]);
    onPage(mia);
    const before = await digest(mia.page);
    await train(mia.page, [["90", "5"]]);
    await openSync(mia.page);
    await everythingThere(mia.page);
    const after = await digest(mia.page);
    same(after.rows, before.rows + 3, "rows with the new workout");
    await story.expecting(unreachable, async () => {
      await server.stop();
      execFileSync(binary, ["restore", "--database", database, "--from", backup]);
      server = await serve(port, { database });
      // Sign-ins of a backup do not count: each device signs in again, and goes on where it was.
      for (const [{ page }, name, own] of [[mia, "Mia", password], [other, "Mia", password], [ben, "Ben", `${password} of Ben`]]) {
        await openApp(page, url, "/me/sync");
        await page.getByTestId("sync-trouble").getByText("This device is no longer signed in.").waitFor({ timeout: 15_000 });
        // Chosen already; somebody taps it all the same, while the server's answer comes.
        await choose(page, "Sign in");
        await fill(page, "name", name);
        await fill(page, "password", own);
        if (page === other.page) await fill(page, "device", "Tablet");
        await page.getByTestId("account-go").click();
        await becomes(() => page.getByTestId("sync-trouble").count(), 0, "trouble");
        await everythingThere(page);
      }
      await becomes(() => digest(mia.page), after, "what the server has", { timeout: 30_000 });
    });
    same((await totals(other.page)).sets, "10", "sets on the tablet");
  });

  await step("a device that is shut out keeps its training and gets nothing new", async () => {
    onPage(mia);
    await story.expecting(unreachable, async () => {
      await openApp(mia.page, url, "/me/sync");
      const row = mia.page.getByTestId("devices").locator("li").filter({ hasText: "Tablet" });
      // The list may be drawn anew between two taps, when the server has answered; then the question is asked once more.
      await until(async () => {
        if (await row.getByText("shut out", { exact: true }).count()) return true;
        await row.getByRole("button").click({ timeout: 2_000 }).catch(() => {});
        return false;
      }, { what: "the tablet is shut out" });
      onPage(other);
      await openSync(other.page);
      await other.page.getByTestId("sync-trouble").getByText("This device is no longer signed in.").waitFor({ timeout: 15_000 });
      same((await totals(other.page)).sets, "10", "sets on the tablet");
    });
  });

  // ------------------------------------------------------------------------------------------ years of it, and more tabs

  const lateFolder = temporary("sync-late");
  let late; // a device that joins when there are years
  await vital("years of training go up, and come down to a new device as whole segments", async () => {
    onPage(mia);
    const csv = years(3_000, 7).csv;
    await tab(mia.page, "Me");
    await mia.page.getByTestId("to-import").click();
    await mia.page.getByTestId("file").setInputFiles({ name: "strong.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
    await mia.page.getByTestId("plan-sets").waitFor();
    await mia.page.getByRole("radiogroup", { name: "Unit of loads in the file" }).getByRole("radio", { name: "kg", exact: true }).click();
    await mia.page.getByTestId("run-import").click();
    await becomes(() => text(mia.page.getByTestId("imported").locator("h2")), "Imported", "how the import ended", { timeout: 60_000 });
    await openSync(mia.page);
    await until(async () => 2_000 < (await digest(mia.page)).rows, { what: "the rows are on the server", timeout: 60_000 });
    await everythingThere(mia.page);
    await mia.page.getByTestId("add-device").click();
    const join = await text(mia.page.getByTestId("code-link"));
    late = await browse(story, lateFolder);
    onPage(late);
    await story.expecting(unreachable, async () => {
      await openApp(late.page, url, join.slice(url.length));
      await late.page.getByTestId("account-go").click();
      // Interrupted as soon as the account is there, wherever the first sync is by then.
      await late.page.getByTestId("sync-line").waitFor();
      await late.context.close();
      late = await browse(story, lateFolder);
      onPage(late);
      await openApp(late.page, url, "/me/sync");
      const beside = await late.context.newPage();
      await openApp(beside, url);
      await everythingThere(late.page);
      await verified(late.page);
      // What only one of them fetched, the other shows too.
      await becomes(() => totals(beside), await totals(mia.page), "the figures in the tab beside it");
      await beside.close();
    });
    same(await totals(late.page), await totals(mia.page), "the figures on both");
    // Whole segments were put into files as they came.
    const sealed = await late.page.evaluate(async () => {
      const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
      let bytes = 0;
      for await (const [name, handle] of pool.entries()) {
        if (!name.startsWith("slot-")) continue;
        const file = await handle.getFile();
        if (new Uint8Array(await file.slice(7, 8).arrayBuffer())[0] === 2) bytes = Math.max(bytes, file.size);
      }
      return bytes;
    });
    ensure(100_000 < sealed, `the largest sealed file has ${sealed} bytes`);
    await late.context.close();
  });

  await step("a whole segment that is damaged comes back from the server, and every figure with it", async () => {
    const figures = await totals(mia.page);
    late = await browse(story, lateFolder);
    const { page } = late;
    onPage(late);
    const segment = await harm(page, url, (sealed) => sealed.sort((a, b) => b.rows - a.rows)[0]);
    ensure(2_000 < segment.rows, `the largest sealed file has ${segment.rows} rows`);
    await openApp(page, url);
    await settled(page, segment);
    await becomes(() => totals(page), figures, "the figures");
    same((await again(page, segment)).filter((times) => times !== 1), [], "rows that lie here more than once, or not at all");
    await openApp(page, url);
    await becomes(() => totals(page), figures, "the figures at the next start");
    same(await problems(page), [], "problems at the next start");
    await openSync(page);
    await verified(page);
  });
  await step("a browser that cleared everything says so at the next start", async () => {
    const { page } = late;
    onPage(late);
    // Nothing of the app runs while its storage goes.
    await page.goto("about:blank");
    const devtools = await late.context.newCDPSession(page);
    await devtools.send("Storage.clearDataForOrigin", { origin: url, storageTypes: "file_systems,indexeddb,cache_storage,service_workers" });
    await page.goto(url);
    const says = page.getByTestId("cleared").getByText("The browser has removed Spotter's files from this device.");
    await says.waitFor();
    // Until somebody has chosen, every start says so.
    await page.reload();
    await says.waitFor();
  });
  await looks("The browser has cleared everything", late.page);
  await step("the account brings back what the browser cleared", async () => {
    const { page } = late;
    await page.getByTestId("from-account").click();
    // The cookie was left, and is not enough: whoever holds the phone now may be anybody.
    await fill(page, "name", "mia");
    await fill(page, "password", password);
    await page.getByTestId("account-go").click();
    await everythingThere(page);
    await becomes(() => totals(page), await totals(mia.page), "the figures");
    await openApp(page, url);
    await becomes(() => totals(page), await totals(mia.page), "the figures at the next start");
    await openSync(page);
    await verified(page);
  });
  // Also when that failed: its stream would be counted below.
  await late.context.close();

  await vital("two tabs of one device: either one's sets go up, and one takes over when the other goes", async () => {
    onPage(mia);
    await openApp(mia.page, url);
    const second = await mia.context.newPage();
    await openApp(second, url);
    const before = (await digest(mia.page)).rows;
    await train(second, [["30", "3"]]);
    await becomes(async () => (await digest(mia.page)).rows, before + 3, "rows on the server", { timeout: 30_000 });
    const streams = async () => Number(/spotter_streams (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())[1]);
    // Mia's phone, Ben's; the shut-out tablet has none.
    await becomes(streams, 2, "streams that are open", { timeout: 30_000 });
    await mia.page.close();
    mia.page = second;
    onPage(mia);
    await train(second, [["31", "3"]]);
    await becomes(async () => (await digest(second)).rows, before + 6, "rows on the server", { timeout: 30_000 });
    await openSync(second);
    await everythingThere(second);
    await verified(second);
  });

  await step("signed out, the training stays, and what is logged waits", async () => {
    onPage(mia);
    await story.expecting(unreachable, async () => {
      await openSync(mia.page);
      await mia.page.getByTestId("sign-out").click();
      await mia.page.getByTestId("sign-out-keep").click();
      await mia.page.getByTestId("account-go").waitFor();
      const before = Number((await totals(mia.page)).sets.replaceAll(/\D/g, ""));
      await train(mia.page, [["95", "2"]]);
      same(Number((await totals(mia.page)).sets.replaceAll(/\D/g, "")), before + 1, "sets after signing out");
      await openSync(mia.page);
      await choose(mia.page, "Sign in");
      await fill(mia.page, "name", "mia ");
      await fill(mia.page, "password", "a wrong password");
      await mia.page.getByTestId("account-go").click();
      await mia.page.getByTestId("account-problem").getByText("The name or the password is wrong.").waitFor();
      await fill(mia.page, "password", password);
      await mia.page.getByTestId("account-go").click();
      await everythingThere(mia.page);
      await verified(mia.page);
    });
  });

  await step("signed out and locked, only the recovery code opens what is here", async () => {
    onPage(mia);
    await story.expecting(unreachable, async () => {
      const before = await totals(mia.page);
      await openSync(mia.page);
      await mia.page.getByTestId("sign-out").click();
      const code = await text(mia.page.getByTestId("leaving-code"));
      await mia.page.getByTestId("sign-out-lock").click();
      await mia.page.getByRole("heading", { name: "Locked" }).waitFor();
      await mia.page.getByTestId("recovery-code").fill(code);
      await mia.page.getByTestId("unlock").click();
      await becomes(() => totals(mia.page), before, "figures after unlocking");
      await openSync(mia.page);
      await choose(mia.page, "Sign in");
      await fill(mia.page, "name", "mia ");
      await fill(mia.page, "password", password);
      await mia.page.getByTestId("account-go").click();
      await everythingThere(mia.page);
    });
  });

  // ------------------------------------------------------------------------------------------ a damaged file

  let lost; // the file of one workout with one set
  let whole; // every figure before
  let there; // what the server has
  await vital("a sealed workout is damaged while the server is away: the screen says what is missing", async () => {
    onPage(mia);
    whole = await totals(mia.page);
    there = await digest(mia.page);
    const { device_id } = newest(await look(mia.page)).identity;
    // Begun, a set, finished.
    const { use_id } = await alone(mia.page, (file) => file.rows === 3 && file.spans.length === 1 && file.spans[0].chain.includes(`/${device_id}/`));
    lost = await harm(mia.page, url, (sealed) => sealed.find((file) => file.use_id === use_id));
    await server.stop();
    await story.expecting(unreachable, async () => {
      await openApp(mia.page, url);
      await saysMissing(mia.page, lost);
      const count = (tile) => Number(tile.replaceAll(/\D/g, ""));
      const counts = async () => {
        const { workouts, sets } = await totals(mia.page);
        return [count(workouts), count(sets)];
      };
      await becomes(counts, [count(whole.workouts) - 1, count(whole.sets) - 1], "workouts and sets without it");
      same(newest(await look(mia.page)).quarantined, [], "files set aside while their rows are missing");
    });
  });

  await step("the server is there again: after a restart the missing rows come back by themselves, each once", async () => {
    await story.expecting(unreachable, async () => {
      server = await serve(port, { database });
      await openApp(mia.page, url);
    });
    // Nobody asks for a comparison: that would bring them in any case.
    await becomes(() => totals(mia.page), whole, "the figures", { timeout: 30_000 });
    await settled(mia.page, lost);
    same(await again(mia.page, lost), [1, 1, 1], "how often each of the rows lies here");
  });

  await step("at the start after that nothing is said of it, and both sides hold the same", async () => {
    await openApp(mia.page, url);
    await becomes(() => totals(mia.page), whole, "the figures");
    same(await problems(mia.page), [], "problems");
    await openSync(mia.page);
    await everythingThere(mia.page);
    await verified(mia.page);
    same(await digest(mia.page), there, "what the server has");
    await settled(mia.page, lost);
  });
} catch (err) {
  if (!(err instanceof Stop)) throw err;
} finally {
  await story.close();
  await server?.stop();
  story.end();
}
