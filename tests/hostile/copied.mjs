// Two that are one device: somebody copies a browser's profile and logs in the copy. Whatever either of them was told is on the
// server has to be there, also the set that takes the very place in its chain that the copy's set has already.
//
//   node tests/hostile/copied.mjs          SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM, SPOTTER_SHOTS
import { cpSync, rmSync } from "node:fs";
import { Stop, Story, addExercise, becomes, browse, finish, freePort, openApp, progress, serve, startWorkout, temporary, text, tick, tiles, typeSet } from "../journey/lib.mjs";

const story = new Story();
const vital = (name, act) => story.step(name, act, { vital: true });
/** Before somebody has signed in the app asks whether anybody has. */
const asked = /status of (401|403)/;
const [own, copy] = [temporary("copied"), temporary("copied-copy")];
const server = await serve(await freePort());
const { url } = server;

const fill = (page, what, value) => page.getByTestId(`account-${what}`).fill(value);
const said = (page) => becomes(() => text(page.getByTestId("sync-line")), "Everything is on the server", "how things stand", { timeout: 30_000 });
const there = async (page) => {
  await openApp(page, url, "/me/sync");
  await said(page);
};
const sets = async (page) => {
  await progress(page, "All");
  return (await tiles(page)).sets;
};
async function open(folder) {
  const { context, page } = await browse(story, folder);
  story.page = page;
  return { context, page };
}
async function train(page, reps) {
  await startWorkout(page);
  await addExercise(page, "Bench Press (Barbell)", "bench press barbell");
  for (const [nth, number] of reps.entries()) {
    // As many rows as last time are there.
    if (!(await page.getByTestId(`tick-${nth}`).count())) await page.getByTestId("add-set").click();
    await typeSet(page, nth, { load: "80", reps: number });
    await tick(page, nth);
  }
  await finish(page);
}

try {
  let phone;
  await vital("a phone whose sets are on the server is copied", async () => {
    await story.expecting(asked, async () => {
      phone = await open(own);
      await openApp(phone.page, url, `/me/sync#invite=${server.code?.() ?? ""}`);
      await fill(phone.page, "name", "Mia");
      await fill(phone.page, "password", "correct horse battery");
      await phone.page.getByTestId("account-go").click();
      await said(phone.page);
      await train(phone.page, ["5"]);
      await there(phone.page);
    });
    await phone.context.close();
    cpSync(own, copy, { recursive: true });
    phone = await open(own);
    await there(phone.page);
  });

  await vital("the copy logs, and the phone that is running hears of it", async () => {
    const other = await open(copy);
    await there(other.page);
    await train(other.page, ["6", "7", "8"]);
    await there(other.page);
    await other.context.close();
    story.page = phone.page;
    await becomes(() => sets(phone.page), "4", "sets on the phone");
  });

  await vital("what the phone logs then is on the server when it says so", async () => {
    await train(phone.page, ["9", "10"]);
    await there(phone.page);
    await phone.context.close();
    // Another phone has only what the server has.
    const fresh = temporary("copied-fresh");
    const { context, page } = await open(fresh);
    await story.expecting(asked, async () => {
      await openApp(page, url, "/me/sync");
      await page.getByRole("radiogroup", { name: "How" }).getByRole("radio", { name: "Sign in", exact: true }).click();
      await fill(page, "name", "mia");
      await fill(page, "password", "correct horse battery");
      await page.getByTestId("account-go").click();
      await said(page);
    });
    await becomes(() => sets(page), "6", "sets on another phone");
    await context.close();
    rmSync(fresh, { recursive: true, force: true });
  });
} catch (err) {
  if (!(err instanceof Stop)) throw err;
} finally {
  await story.close();
  await server.stop();
  for (const folder of [own, copy]) rmSync(folder, { recursive: true, force: true });
}
story.end();
