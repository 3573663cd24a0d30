// A phone that somebody leaves: with a network and without one, with an app lock, and one whose training is somebody else's.
// What was removed never comes back by itself, and the cookie that the browser keeps opens nothing.
//
//   node tests/journey/leaving.mjs          SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM, SPOTTER_SHOTS
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import {
  Stop, Story, addExercise, axe, becomes, browse, ensure, finish, freePort, openApp, progress, same, serve, startWorkout, tab, temporary, text,
  tick, tiles, typeSet, until,
} from "./lib.mjs";

const story = new Story();
const step = (...all) => story.step(...all);
const vital = (name, act) => story.step(name, act, { vital: true });
const database = join(temporary("leaving-server"), "spotter.db");
const port = await freePort();
const url = `http://localhost:${port}`;
const password = "correct horse battery";
const unreachable = /Failed to (load resource|fetch)|ERR_CONNECTION|net::ERR|status of (401|403)/;

let server;
let phone; // what is left
const on = (who) => (story.page = who.page);

async function train(page) {
  await startWorkout(page);
  await addExercise(page, "Bench Press (Barbell)", "bench press barbell");
  await typeSet(page, 0, { load: "80", reps: "5" });
  await tick(page, 0);
  return finish(page);
}

const fill = (page, what, value) => page.getByTestId(`account-${what}`).fill(value);
const there = (page) => becomes(() => text(page.getByTestId("sync-line")), "Everything is on the server", "how things stand", { timeout: 30_000 });
const sets = async (page) => {
  await progress(page, "All");
  return (await tiles(page)).sets;
};
const signIn = async (page, name = "mia") => {
  await page.getByRole("radiogroup", { name: "How" }).getByRole("radio", { name: "Sign in", exact: true }).click();
  await fill(page, "name", name);
  await fill(page, "password", password);
  await page.getByTestId("account-go").click();
};
const sql = (statement) =>
  execFileSync("python3", ["-c", "import sqlite3, sys\nlink = sqlite3.connect(sys.argv[1], timeout=20)\nprint(link.execute(sys.argv[2]).fetchall())\nlink.commit()", database, statement], { encoding: "utf8" }).trim();
const cookieOf = async ({ context }) => (await context.cookies(url)).find(({ name }) => name === "__Host-spotter")?.value;
/** What the next holder's own program gets by the cookie alone. */
const byCookie = async (value, path = "/replicate/pull") => (await fetch(url + path, { headers: { cookie: `__Host-spotter=${value}` } })).status;
/** And what a script in the page gets, which does not even see it. */
const inPage = (page, path = "/replicate/pull") => page.evaluate(async (path) => (await fetch(path, { cache: "no-store" })).status, path);
const serviceWorker = (page) =>
  until(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === "activated"), { what: "an active service worker", timeout: 60_000 });

/** A phone with a workout that is on the server. */
async function signedIn(name) {
  const who = await browse(story, temporary(name));
  on(who);
  await story.expecting(unreachable, async () => {
    await openApp(who.page, url, "/me/sync");
    await signIn(who.page);
    await there(who.page);
    await serviceWorker(who.page);
  });
  return who;
}

async function removeEverything(page) {
  await openApp(page, url, "/me/storage");
  await becomes(() => text(page.getByTestId("server-copy")).catch(() => ""), "Your server has a copy of everything. That happens by itself.", "the copy");
  await page.getByTestId("remove-everything").click();
  await page.getByTestId("remove-everything").click();
  await page.getByTestId("removed").getByText("Nothing of what was logged is on this phone any more").waitFor();
}

/** The next holder looks everywhere. */
async function nothingComesBack(page) {
  await openApp(page, url, "/me/sync");
  await page.getByTestId("account-go").waitFor();
  same(await page.getByTestId("sync-line").count(), 0, "connections");
  same(await fieldValue(page, "name"), "", "the name in the form");
  await tab(page, "Progress");
  same(await page.getByTestId("estimate").count(), 0, "records");
  await openApp(page, url);
  await page.getByTestId("start-workout").waitFor();
  same(await page.locator("[aria-labelledby=last-workout]").count(), 0, "workouts");
}
const fieldValue = (page, what) => page.getByTestId(`account-${what}`).inputValue();

try {
  server = await serve(port, { database });
  const first = await browse(story, temporary("leaving-first"));
  on(first);

  await vital("the first account: the link that the server printed fills in its code", async () => {
    await story.expecting(unreachable, async () => {
      await openApp(first.page, url, `/me/sync#invite=${server.code()}`);
      await first.page.getByText("This server has no account yet.").waitFor();
      await fill(first.page, "name", "Mia");
      await fill(first.page, "password", password);
      await first.page.getByTestId("account-go").click();
      await there(first.page);
      await train(first.page);
      await openApp(first.page, url, "/me/sync");
      await there(first.page);
    });
    same(await sets(first.page), "1", "sets");
    await first.context.close();
  });

  await step("a signed-in browser's cookie opens nothing by itself", async () => {
    phone = await signedIn("leaving-online");
    same(await sets(phone.page), "1", "sets");
    const cookie = await cookieOf(phone);
    ensure(cookie?.length === 64, "there is a cookie");
    await story.expecting(unreachable, async () => {
      for (const path of ["/replicate/pull", "/replicate/hello", "/account"]) {
        same([await byCookie(cookie, path), await inPage(phone.page, path)], [401, 401], path);
      }
    });
  });

  await vital("everything is removed: it says so, the sign-in has ended, and one look at Sync brings nothing back", async () => {
    const cookie = await cookieOf(phone);
    await story.expecting(unreachable, async () => {
      await removeEverything(phone.page);
      same(await axe(phone.page), [], "serious or critical violations");
      // Until somebody has seen it, it stays.
      await phone.page.reload();
      await phone.page.getByTestId("removed").waitFor();
      await phone.page.getByTestId("begin-anew").click();
      await nothingComesBack(phone.page);
    });
    same(await cookieOf(phone), undefined, "the cookie");
    same(await byCookie(cookie, "/account"), 401, "by the cookie of before");
    same(sql("select count(*) from sign_ins where secret_hash <> ''"), "[(1,)]", "browsers that are signed in: the first one");
    await phone.context.close();
  });

  await vital("without a network: everything goes, and the cookie is refused until the server has heard of it", async () => {
    phone = await signedIn("leaving-offline");
    const cookie = await cookieOf(phone);
    await openApp(phone.page, url);
    await server.stop();
    await story.expecting(unreachable, async () => {
      await removeEverything(phone.page);
      await phone.page.getByTestId("begin-anew").click();
      same(await cookieOf(phone), cookie, "the cookie, which no script can remove");
      await openApp(phone.page, url, "/me/sync");
      await phone.page.getByTestId("owed").getByText("This phone was left without a network.").waitFor();
      await phone.context.setOffline(true);
      server = await serve(port, { database });
      // Before the phone has said a word: the server itself knows nothing yet, and the cookie is still nothing.
      same(await byCookie(cookie), 401, "by the cookie alone");
      same(sql("select count(*) from sign_ins where secret_hash <> ''"), "[(2,)]", "browsers that are signed in");
      await phone.context.setOffline(false);
      await openApp(phone.page, url, "/me/sync");
      await nothingComesBack(phone.page);
    });
    same(await cookieOf(phone), undefined, "the cookie");
    same(sql("select count(*) from sign_ins where secret_hash <> ''"), "[(1,)]", "browsers that are signed in");
    await phone.context.close();
  });

  await vital("signed out without a network: the training stays, and the server hears of it at the first connection", async () => {
    phone = await signedIn("leaving-signed-out");
    const cookie = await cookieOf(phone);
    await server.stop();
    await story.expecting(unreachable, async () => {
      await openApp(phone.page, url, "/me/sync");
      await phone.page.getByTestId("sign-out").click();
      await phone.page.getByTestId("sign-out-keep").click();
      await phone.page.getByTestId("owed").waitFor();
      same(await sets(phone.page), "1", "sets that stay");
      await phone.context.setOffline(true);
      server = await serve(port, { database });
      // A phone that is closed while the server answers: the sign-in has ended, and the phone has not heard of it.
      const unheard = await fetch(`${url}/account/sign-out`, { method: "POST", headers: { cookie: `__Host-spotter=${cookie}` } });
      same([unheard.status, await cookieOf(phone)], [200, cookie], "the sign-out whose answer was lost, and the cookie after it");
      await phone.context.setOffline(false);
      await openApp(phone.page, url, "/me/sync");
      await phone.page.getByTestId("account-go").waitFor();
      same(await cookieOf(phone), undefined, "the cookie");
      same(await byCookie(cookie, "/account"), 401, "by the cookie of before");
      same(sql("select count(*) from sign_ins where secret_hash <> ''"), "[(1,)]", "browsers that are signed in");
      // Whoever it was comes in again, and nothing is asked about what is theirs.
      await signIn(phone.page);
      await there(phone.page);
    });
    same(await sets(phone.page), "1", "sets");
  });

  await step("under an app lock nothing of the account is within reach", async () => {
    on(phone);
    await openApp(phone.page, url, "/me/storage");
    await phone.page.getByTestId("app-lock-passphrase").fill("open sesame");
    await phone.page.getByTestId("app-lock-on").click();
    await phone.page.getByTestId("lock-now").waitFor();
    await story.expecting(unreachable, async () => {
      await phone.page.goto(url);
      await phone.page.getByRole("heading", { name: "Locked" }).waitFor();
      for (const path of ["/replicate/pull", "/replicate/snapshot", "/account"]) same(await inPage(phone.page, path), 401, path);
      await phone.page.getByTestId("recovery-code").fill("open sesame");
      await phone.page.getByTestId("unlock").click();
      await becomes(() => sets(phone.page), "1", "sets");
      await openApp(phone.page, url, "/me/sync").catch(() => {});
    });
  });

  await step("a browser that was signed in before there were secrets is asked for the password once", async () => {
    on(phone);
    await phone.context.close();
    const folder = temporary("leaving-older");
    phone = await browse(story, folder);
    on(phone);
    await story.expecting(unreachable, async () => {
      await openApp(phone.page, url, "/me/sync");
      await signIn(phone.page);
      await there(phone.page);
      await train(phone.page);
      await openApp(phone.page, url, "/me/sync");
      await there(phone.page);
      sql("update sign_ins set secret_hash = ''");
      await openApp(phone.page, url, "/me/sync");
      await phone.page.getByTestId("sync-trouble").getByText("This device is no longer signed in. Nothing is lost").waitFor();
      same(await fieldValue(phone.page, "name"), "mia", "whose training it is");
      await fill(phone.page, "password", password);
      await phone.page.getByTestId("account-go").click();
      // What was sent before stays said to be there: that the sign-in holds is said by the trouble that goes.
      await becomes(() => phone.page.getByTestId("sync-trouble").count(), 0, "trouble");
      await there(phone.page);
    });
    same(await sets(phone.page), "2", "sets");
  });

  await step("another password, and everybody else signed out", async () => {
    on(phone);
    await story.expecting(unreachable, async () => {
      await openApp(phone.page, url, "/me/sync");
      await phone.page.getByTestId("old-password").fill("a wrong password");
      await phone.page.getByTestId("new-password").fill(`${password} 2`);
      await phone.page.getByTestId("change-password").click();
      await phone.page.getByTestId("password-problem").waitFor();
      await phone.page.getByTestId("old-password").fill(password);
      await phone.page.getByTestId("change-password").click();
      await phone.page.getByText("The password is changed. Every other device has to sign in again.").waitFor();
      await there(phone.page);
      same(sql("select count(*) from sign_ins"), "[(1,)]", "sign-ins that hold");
    });
  });
} catch (err) {
  if (!(err instanceof Stop)) throw err;
} finally {
  await story.close();
  await server?.stop();
  story.end();
}
