// What both browser tests need: a server, a browser with a profile, steps, polling on conditions, axe, and a model of
// training that is computed from what was typed and never from what the app says.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, selectors } from "playwright-core";
import { ensure, same, until } from "../common.mjs";

export { ensure, freePort, packedBytes, same, until } from "../common.mjs";

selectors.setTestIdAttribute("data-test");

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const dist = resolve(process.env.SPOTTER_DIST ?? join(root, "dist"));
const binary = process.env.SPOTTER_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/spotter/target"), "debug/spotter");
const executablePath = process.env.SPOTTER_CHROMIUM ?? "/usr/bin/chromium";
export const shots = process.env.SPOTTER_SHOTS ?? join(tmpdir(), "spotter-journey-shots");
export const built = JSON.parse(readFileSync(join(dist, "build.json"), "utf8"));

export const temporary = (name) => mkdtempSync(join(tmpdir(), `spotter-${name}-`));

// ---------------------------------------------------------------------------------------------- conditions

/** Asks until the answer is the expected one. */
export async function becomes(ask, expected, what, { timeout = 20_000 } = {}) {
  let seen;
  try {
    await until(async () => isDeepStrictEqual((seen = await ask()), expected), { what, timeout });
  } catch (err) {
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(seen)}${seen === undefined ? ` (${err.message})` : ""}`);
  }
}

// ---------------------------------------------------------------------------------------------- steps

/** Runs steps, counts them, and takes a picture of what was on the screen when one failed. */
export class Story {
  passed = 0;
  failed = 0;
  failures = [];
  /** The page a failure is photographed on. */
  page = null;
  /** What else is worth knowing when a step failed. */
  inspect = null;
  /** Console and page errors nobody expected. */
  errors = [];
  warnings = [];
  /** Every browser that was started; whatever is left of them is closed at the end. */
  contexts = [];
  #expected = [];

  /** While `act` runs, errors that match are no errors. */
  async expecting(pattern, act) {
    this.#expected.push(pattern);
    try {
      return await act();
    } finally {
      this.#expected.splice(this.#expected.indexOf(pattern), 1);
    }
  }

  heard(kind, text, where = "") {
    const line = `${kind}: ${text}${where ? ` at ${where}` : ""}`;
    if (kind === "warning") this.warnings.push(line);
    else if (!this.#expected.some((pattern) => pattern.test(line))) this.errors.push(line);
  }

  /** What comes out of a story that a step did not end is a fault of its own. */
  brokeOff(err) {
    if (err instanceof Stop) return;
    this.failed += 1;
    this.failures.push("the story broke off");
    console.log(`not ok - the story broke off\n  ${err.stack}`);
  }

  /** `false` when it failed; the story goes on unless the step is one nothing can follow. */
  async step(name, act, { vital = false } = {}) {
    const began = Date.now();
    const before = this.errors.length;
    const warned = this.warnings.length;
    try {
      await act();
      ensure(this.errors.length === before, `the console complained: ${this.errors.slice(before).join(" | ")}`);
      this.passed += 1;
      console.log(`ok - ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
      return true;
    } catch (err) {
      this.failed += 1;
      this.failures.push(name);
      console.log(`not ok - ${name}`);
      console.log(`  ${String(err.message ?? err).split("\n").slice(0, 14).join("\n  ")}`);
      const fresh = this.errors.slice(before);
      if (fresh.length && !String(err.message).includes("the console complained")) console.log(`  console: ${fresh.join("\n  console: ")}`);
      for (const warning of this.warnings.slice(warned)) console.log(`  ${warning}`);
      // Where only this text is kept, the picture is gone with the machine.
      const words = await this.page?.locator("body").innerText({ timeout: 2_000 }).catch((err) => err.message);
      console.log(`  on the screen: ${String(words).replaceAll(/\s+/g, " ").slice(0, 600)}`);
      try {
        mkdirSync(shots, { recursive: true });
        const path = join(shots, `${name.replaceAll(/[^a-zA-Z0-9]+/g, "-").slice(0, 80)}.png`);
        await this.page?.screenshot({ path, timeout: 5_000 });
        console.log(`  picture: ${path}`);
      } catch (err) {
        console.log(`  no picture: ${err.message.split("\n")[0]}`);
      }
      if (this.inspect && this.page && !this.page.isClosed()) console.log(`  ${await this.inspect(this.page).catch((err) => err.message)}`);
      if (vital) throw new Stop();
      return false;
    }
  }

  /** Leaves no browser behind, however the story ended. */
  async close() {
    for (const context of this.contexts) await context.close().catch(() => {});
  }

  end() {
    if (this.warnings.length) console.log(`${this.warnings.length} console warnings, first: ${this.warnings[0]}`);
    if (this.failures.length) console.log(`failed:\n  ${this.failures.join("\n  ")}`);
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed ? 1 : 0;
  }
}

export class Stop extends Error {
  constructor() {
    super("nothing can follow that");
  }
}

// ---------------------------------------------------------------------------------------------- the server

/** Whatever ends this script ends its servers: left alone they would hold the terminal's pipes open. */
const children = new Set();
process.once("exit", () => children.forEach((child) => child.kill("SIGKILL")));

export async function serve(port, { database = join(temporary("server"), "spotter.db"), log, files = dist } = {}) {
  const env = log ? { ...process.env, SPOTTER_LOG: log } : process.env;
  const child = spawn(binary, ["serve", "--dist", files, "--port", String(port), "--database", database], { stdio: ["ignore", "pipe", "inherit"], env });
  children.add(child);
  child.once("exit", () => children.delete(child));
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the server stopped with ${code}`)));
  });
  const url = `http://localhost:${port}`;
  ensure((await fetch(`${url}/healthz`)).ok, "the server does not answer");
  return {
    url,
    pid: child.pid,
    /** What whoever sees the terminal has: the first account's code, or an invitation. */
    code: () => execFileSync(binary, ["invite", "--database", database], { encoding: "utf8" }).trim(),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
      await until(() => fetch(`${url}/healthz`).then(() => false, () => true), { what: "the server is gone" });
    },
  };
}

// ---------------------------------------------------------------------------------------------- the browser

export async function browse(story, folder, more = {}) {
  const context = await chromium.launchPersistentContext(folder, {
    executablePath,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
      "--disable-sync",
    ],
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    serviceWorkers: "allow",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    env: { ...process.env, TZ: "Europe/Berlin" },
    ...more,
  });
  context.setDefaultTimeout(20_000);
  const listen = (page) => {
    page.on("pageerror", (err) => story.heard("page error", err.message));
    page.on("console", (message) => {
      if (message.type() === "error") story.heard("console error", message.text(), message.location().url);
      if (message.type() === "warning") story.heard("warning", message.text());
    });
    page.on("crash", () => story.heard("crash", page.url()));
  };
  context.pages().forEach(listen);
  context.on("page", listen);
  const page = context.pages()[0] ?? (await context.newPage());
  story.page = page;
  story.contexts.push(context);
  return { context, page };
}

/** Process ids whose command line names the profile; `main` leaves out the helpers. */
/** What the page asks for goes to the network, not to the service worker; until the returned function is called. */
export async function pastServiceWorker(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setBypassServiceWorker", { bypass: true });
  return async () => {
    await session.send("Network.setBypassServiceWorker", { bypass: false });
    await session.detach();
  };
}

/** Whoever asks for this waits until the test lets it through. */
export async function heldBack(page, pattern) {
  let open;
  let asked = 0;
  const gate = new Promise((resolve) => (open = resolve));
  await page.route(pattern, async (route) => {
    asked += 1;
    await gate;
    await route.continue();
  });
  return {
    asked: (what) => until(() => 0 < asked, { what }),
    open,
    over: () => page.unrouteAll({ behavior: "wait" }),
  };
}

export function processes(folder, main = false) {
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      if (line.includes(`--user-data-dir=${folder}`) && !(main && line.some((word) => word.startsWith("--type=")))) found.push(Number(pid));
    } catch {
      // It ended while it was looked at.
    }
  }
  return found;
}

/** Ends the browser of this profile as a power cut would, and returns when nothing of it runs. */
export async function kill(folder) {
  const main = processes(folder, true);
  same(main.length, 1, "browser processes of this profile");
  process.kill(main[0], "SIGKILL");
  await until(() => processes(folder).length === 0, { what: "every process of the browser is gone" });
}

const axeSource = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");

/** Serious and critical violations on the page as it is. The source goes in over the debugger, which no CSP forbids. */
export async function axe(page) {
  await still(page);
  const session = await page.context().newCDPSession(page);
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    ensure(!exceptionDetails, `axe: ${exceptionDetails?.exception?.description ?? exceptionDetails?.text}`);
    return result.value;
  };
  try {
    await evaluate(`${axeSource};void 0`);
    const outcome = await evaluate(`axe.run(document, { resultTypes: ["violations"] }).then((r) => ({
      passes: r.passes.length,
      violations: r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) =>
        v.impact + " " + v.id + ": " + v.nodes.map((n) => n.target.join(" ") + (n.any[0] ? " (" + n.any[0].message + ")" : "")).slice(0, 4).join("; ") + (4 < v.nodes.length ? " and " + (v.nodes.length - 4) + " more" : "")),
    }))`);
    ensure(0 < outcome.passes, "axe checked nothing");
    return outcome.violations;
  } finally {
    await session.detach();
  }
}

/** `act` in light and in dark; afterwards the page is as the system has it. */
export async function inLightAndDark(page, act) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await act(colorScheme);
  }
  await page.emulateMedia({ colorScheme: null });
}

/** No animation with an end is still on its way. */
export const still = (page) =>
  until(
    () => page.evaluate(() => document.getAnimations().every((one) => one.playState !== "running" || one.effect?.getComputedTiming().endTime === Infinity)),
    { what: "animations are over" },
  );

// ---------------------------------------------------------------------------------------------- the app's screens

/** What the eye reads: without the words that only a screen reader says. */
export const text = (locator) =>
  locator.evaluate((element) => {
    const copy = element.cloneNode(true);
    for (const unseen of copy.querySelectorAll(".hidden")) unseen.remove();
    return copy.textContent.trim();
  });
export const tab = async (page, name) => {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).click();
};

export async function openApp(page, url, path = "/") {
  await page.goto(url + path);
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  await until(async () => (await page.locator("main > *").count()) && !(await page.locator(".skeleton").count()), { what: "the screen has its rows" });
}

/** The page anew. A step back that a closing sheet or keypad has just begun may take the place of the reload. */
export const reload = (page, options) =>
  until(() => page.reload(options).then(() => true, (err) => !ensure(/ERR_ABORTED/.test(err.message), err.message) && false), { what: "the page is loaded anew" });

export async function addExercise(page, name, search) {
  await page.getByTestId("add-exercise").click();
  await page.getByTestId("search").fill(search);
  await page.getByTestId("exercises").locator("button.row").filter({ has: page.getByText(name, { exact: true }) }).click();
  await page.locator(".exercise-head h2").getByText(name, { exact: true }).waitFor();
}

export const cell = (page, nth, name) => page.getByTestId(`cell-${nth}-${name}`);
/** What a cell shows, without what only a screen reader is told. */
export const typed = (page, nth, name) =>
  cell(page, nth, name).evaluate((it) => [...it.childNodes].filter((node) => !(node instanceof Element && node.classList.contains("hidden"))).map((node) => node.textContent).join("").trim());

async function keys(page, value) {
  for (const key of value) await page.getByTestId(key === "." ? "key-dot" : `key-${key}`).click();
  await becomes(() => page.locator(".keypad-value").textContent(), value, "the keypad's display");
}

/** Types load, repetitions and RPE of a row from cell to cell, as the keypad leads. */
export async function typeSet(page, nth, { load, reps, rpe }) {
  await cell(page, nth, load === undefined ? "reps" : "load").click();
  if (load !== undefined) {
    await keys(page, load);
    await page.getByTestId("keypad-next").click();
    await page.locator(".keypad-head").getByText("· Repetitions").waitFor();
  }
  await keys(page, reps);
  if (rpe !== undefined) {
    await page.getByTestId("keypad-rpe").click();
    await page.locator(".keypad-head").getByText("· RPE").waitFor();
    await keys(page, rpe);
  }
  await page.getByTestId("keypad-close").click();
  await page.getByTestId("keypad-close").waitFor({ state: "detached" });
  if (load !== undefined) same(await typed(page, nth, "load"), load, `load of row ${nth + 1}`);
  same(await typed(page, nth, "reps"), reps, `repetitions of row ${nth + 1}`);
  if (rpe !== undefined) same(await typed(page, nth, "rpe"), rpe, `RPE of row ${nth + 1}`);
}

/** Types into one cell and leaves the keypad open. */
export async function typeUnfinished(page, nth, name, value) {
  await cell(page, nth, name).click();
  await keys(page, value);
}

export const solid = (page, nth) =>
  page.getByTestId(`tick-${nth}`).evaluate((tick) => tick.getAttribute("aria-checked") === "true" && !tick.classList.contains("saving"));

export async function tick(page, nth) {
  await page.getByTestId(`tick-${nth}`).click();
  await until(() => solid(page, nth), { what: `the tick of row ${nth + 1} is solid` });
}

export async function chip(page, name) {
  await page.getByRole("tab").filter({ hasText: name }).click();
  await page.locator(".exercise-head h2").filter({ hasText: name }).waitFor();
}

export async function startWorkout(page) {
  await tab(page, "Today");
  await page.getByTestId("start-workout").click();
  await page.getByRole("dialog", { name: "Workout" }).waitFor();
}

/** Gives a row another kind: `warmup`, `drop`, `failure`, `normal`. */
export async function setKind(page, nth, name) {
  await page.getByRole("button", { name: `Kind of set ${nth + 1}` }).click();
  await page.getByTestId(`kind-${name}`).click();
  await page.getByTestId(`kind-${name}`).waitFor({ state: "detached" });
}

/** Ends the workout, without the sets that are not ticked; the address is then that of its page, whose id is returned. */
export async function finish(page) {
  await page.getByTestId("finish").click();
  const anyway = page.getByTestId("finish-anyway");
  await until(async () => (await anyway.count()) || !(await page.locator("section.workout").count()), { what: "the workout ends, or says what is not ticked" });
  if (await anyway.count()) await anyway.click();
  await page.waitForURL(/\/history\/.+/);
  await page.getByTestId("detail-volume").waitFor();
  return page.url().split("/").at(-1);
}

export async function detail(page) {
  return { volume: await text(page.getByTestId("detail-volume")), sets: await text(page.getByTestId("detail-sets")) };
}

/** "Best estimate" of each exercise on a workout's page, in kilograms as shown. */
export const bestEstimates = (page) =>
  page.locator("section.card").filter({ has: page.getByTestId("set-row") }).evaluateAll((cards) =>
    Object.fromEntries(cards.map((card) => [card.querySelector("h2").textContent, card.querySelector("h2 + p.quiet")?.textContent ?? null])));

export const tiles = async (page) => ({
  workouts: await text(page.getByTestId("total-workouts")),
  sets: await text(page.getByTestId("total-sets")),
  volume: await text(page.getByTestId("total-volume")),
  records: await text(page.getByTestId("total-records")),
});

export async function progress(page, range) {
  await tab(page, "Progress");
  await page.getByRole("radiogroup", { name: "Range" }).getByRole("radio", { name: range, exact: true }).click();
  await page.getByTestId("total-sets").waitFor();
}

export const bars = (page) =>
  page.locator("[aria-labelledby=per-muscle] .bar-row").evaluateAll((rows) =>
    Object.fromEntries(rows.map((row) => [row.querySelector(".bar-name").textContent, row.querySelector(".bar-value").textContent])));

/** The page's worker whose script ends like this. */
export const workerOf = (page, mark) =>
  until(() => page.workers().find((worker) => worker.url().endsWith(mark)), { what: `a worker ${mark}` });

/** What one fact of the storage page says. */
export const storageFact = async (page, name) =>
  text(page.locator("dl.facts > div").filter({ has: page.locator("dt").getByText(name, { exact: true }) }).locator("dd"));

/** Problems as a person sees them: those whose middle is not under something else. */
export const problems = (page) =>
  page.locator(".problem[role=alert]").evaluateAll((all) =>
    all.map((one) => {
      const box = one.getBoundingClientRect();
      const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return { text: [...one.querySelectorAll("p")].map((p) => p.textContent), seen: one.contains(top), reachable: !one.closest("[inert]") };
    }));

// ---------------------------------------------------------------------------------------------- the model

const csvLines = (path) =>
  readFileSync(join(root, path), "utf8").trim().split("\n").slice(1)
    .map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((cell) => cell[1].replace(/^"|"$/g, "").replaceAll('""', '"')));

const muscleNames = new Map(csvLines("sql/seeds/muscle_groups.csv").map(([id, name]) => [id, name]));
const slugs = new Map();
export const catalogue = new Map(
  csvLines("sql/seeds/exercises.csv").map(([slug, name, , , , mode, , , two, percent]) => {
    slugs.set(slug, name);
    return [name, { mode, factor: two === "1" ? 2 : 1, percent: Number(percent), muscles: [] }];
  }),
);
for (const [slug, muscle, tenths] of csvLines("sql/seeds/exercise_muscles_seed.csv")) catalogue.get(slugs.get(slug)).muscles.push([muscle, Number(tenths)]);
const known = (exercise) => catalogue.get(exercise) ?? { mode: "external", factor: 1, percent: 0, muscles: [] };

export const working = (set) => set.kind !== "warmup";

/** Grams lifted, to estimate from. Nobody was weighed in this story, so an exercise with the body gives no estimate. */
const effective = (set) => (known(set.exercise).mode === "external" && set.loadG !== null ? set.loadG : null);
/** Grams that count: what is hung on a body that nobody weighed counts by itself, what a machine takes off does not. */
const counted = (set) => (known(set.exercise).mode === "assisted" ? 0 : set.loadG ?? 0);
export const volumeOf = (set) => (working(set) ? counted(set) * (set.reps ?? 0) * known(set.exercise).factor : 0);

/** Epley, with what was left in reserve; grams rounded down, as kept. */
export function e1rmOf(set) {
  const load = effective(set);
  if (!working(set) || load === null || load <= 0 || set.reps === null || set.reps < 1) return null;
  const r10 = set.reps * 10 + (set.rpe === null ? 0 : Math.round(100 - set.rpe * 10));
  if (150 < r10) return null;
  return r10 === 10 ? load : Math.floor((load * (300 + r10)) / 300);
}

export const set = (exercise, kind, load, reps, rpe = null) => ({
  exercise, kind, loadG: load === null ? null : Math.round(Number(load) * 1000), reps: reps === null ? null : Number(reps), rpe: rpe === null ? null : Number(rpe),
});

/** Everything the story did; each workout is `{ at, sets }`. */
export class Log {
  workouts = [];

  add(workout) {
    this.workouts.push(workout);
    return workout;
  }

  get sets() {
    return this.workouts.flatMap((workout) => workout.sets);
  }

  /** Records that stand: an estimate or a load above everything before, in each workout and exercise. */
  records(of = () => true) {
    const best = new Map();
    let records = 0;
    for (const workout of [...this.workouts].sort((a, b) => a.at - b.at)) {
      for (const exercise of new Set(workout.sets.map((one) => one.exercise))) {
        const own = workout.sets.filter((one) => one.exercise === exercise);
        const before = best.get(exercise) ?? { e1rm: null, load: null };
        const highest = (values) => values.filter((value) => value !== null).reduce((a, b) => (a === null || a < b ? b : a), null);
        const now = {
          e1rm: highest(own.map(e1rmOf)),
          load: highest(own.filter((one) => working(one) && 0 < (one.reps ?? 0) && known(exercise).mode !== "assisted").map((one) => one.loadG)),
        };
        for (const what of ["e1rm", "load"]) if (now[what] !== null && before[what] !== null && before[what] < now[what] && of(workout)) records += 1;
        best.set(exercise, { e1rm: highest([before.e1rm, now.e1rm]), load: highest([before.load, now.load]) });
      }
    }
    return records;
  }

  /** The four tiles as they have to read. */
  tiles(of = () => true) {
    const own = this.workouts.filter((workout) => workout.sets.length && of(workout));
    const sets = own.flatMap((workout) => workout.sets);
    return {
      workouts: thousands(own.length),
      sets: thousands(sets.filter(working).length),
      volume: volume(sets.reduce((sum, one) => sum + volumeOf(one), 0)),
      records: thousands(this.records(of)),
    };
  }

  /** The volume in whole pounds, where tonnes would round a mistake away. */
  pounds() {
    const grams = this.sets.reduce((sum, one) => sum + volumeOf(one), 0);
    return `${thousands(Number((BigInt(grams) * 100_000n) / 45_359_237n))}${NARROW}lb`;
  }

  /** Volume of one week per muscle, by the muscle's name: a secondary one counts half. */
  muscleVolume() {
    const grams = new Map();
    for (const one of this.sets) for (const [muscle, weight] of known(one.exercise).muscles) grams.set(muscle, (grams.get(muscle) ?? 0) + Math.floor((volumeOf(one) * weight) / 10));
    return Object.fromEntries([...grams].filter(([, n]) => 0 < n).map(([muscle, n]) => [muscleNames.get(muscle), volume(n)]));
  }

  /** Sets of one week per muscle, by the muscle's name: a secondary one counts half. */
  muscleSets(of = () => true) {
    const tenths = new Map();
    for (const one of this.workouts.filter(of).flatMap((workout) => workout.sets).filter(working)) {
      for (const [muscle, weight] of known(one.exercise).muscles) tenths.set(muscle, (tenths.get(muscle) ?? 0) + weight);
    }
    return Object.fromEntries([...tenths].filter(([, n]) => 0 < n).map(([muscle, n]) => [muscleNames.get(muscle), n % 10 ? `${Math.floor(n / 10)}.${n % 10}` : String(n / 10)]));
  }
}

export const bestOf = (sets, exercise) => {
  const all = sets.filter((one) => one.exercise === exercise).map(e1rmOf).filter((value) => value !== null);
  return all.length ? Math.max(...all) : null;
};

const NARROW = "\u202f";
export const thousands = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, NARROW);
export function volume(grams) {
  if (10_000_000 <= grams) {
    const tenths = Math.floor((grams + 50_000) / 100_000);
    return `${thousands(Math.floor(tenths / 10))}.${tenths % 10}${NARROW}t`;
  }
  return `${thousands(Math.floor((grams + 500) / 1000))}${NARROW}kg`;
}
export function estimate(grams) {
  const tenths = Math.floor((grams + 50) / 100);
  return `${Math.floor(tenths / 10)}.${tenths % 10}${NARROW}kg`;
}
export const plural = (n, one, many) => `${thousands(n)} ${n === 1 ? one : many}`;
