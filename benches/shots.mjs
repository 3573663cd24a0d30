// Every screen, light and dark, on a phone and on a wide screen, after a year of training came in through the import.
//
//   node benches/shots.mjs [--out shots/] [--store]     SPOTTER_BIN, SPOTTER_DIST
//
// `--store` also refreshes the pictures of the web app manifest in public/screenshots/.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { option, planImport, profile, ready, root, runImport, serve, toImport } from "./lib.mjs";
import { reduce } from "./png.mjs";
import { year } from "./strong.mjs";

const out = option("out") ?? "shots/";
const store = process.argv.includes("--store");
mkdirSync(out, { recursive: true });
const sizes = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  wide: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 },
};
const server = await serve();
const folder = mkdtempSync(join(tmpdir(), "spotter-shots-"));
const failed = [];

const settled = (page) =>
  page.waitForFunction(() => {
    const still = document.getAnimations().every((one) => one.playState !== "running" || one.effect?.getComputedTiming().progress === null);
    return still && document.fonts.status === "loaded" && !document.querySelector(".skeleton, .toast");
  }, null, { timeout: 20_000 });

async function shot(page, name, { tall } = {}) {
  const size = page.viewportSize();
  await page.waitForFunction(() => !document.querySelector(".toast"));
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  if (size.width < width) failed.push(`${name} is ${width} px wide on a screen of ${size.width}`);
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    await settled(page);
    const png = await page.screenshot();
    writeFileSync(join(out, `${name}-${scheme}.png`), png);
    if (store && scheme === "light" && stored[name]) {
      const small = reduce(png);
      writeFileSync(join(root, "public/screenshots", stored[name]), small);
      console.log(`public/screenshots/${stored[name]} ${small.length} B`);
    }
  }
  if (tall) {
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ ...size, height: tall });
    await settled(page);
    writeFileSync(join(out, `${name}-tall-light.png`), await page.screenshot());
    await page.setViewportSize(size);
  }
}
const stored = { "phone-today": "today.png", "phone-workout": "workout.png", "phone-progress": "progress.png", "wide-progress": "wide.png" };

async function attempt(name, act) {
  try {
    await act();
  } catch (err) {
    failed.push(`${name}: ${String(err.message).split("\n").slice(0, 3).join(" ")}`);
  }
}

/** Taps a tab as a person would; when that cannot be done it is a fault of its own, and the pictures go on. */
async function tab(page, name) {
  const link = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name });
  await link.click({ timeout: 5_000 }).catch((err) => {
    failed.push(`the tab ${name} cannot be tapped on ${new URL(page.url()).pathname}: ${err.message.split("\n").find((line) => line.includes("intercepts")) ?? err.message.split("\n")[0]}`);
    return link.evaluate((element) => element.click());
  });
}
const open = async (page) => {
  page.on("pageerror", (err) => failed.push(`page error: ${err.message}`));
  page.on("console", (message) => message.type() === "error" && failed.push(`console: ${message.text()}`));
  await page.goto(server.url);
};

async function empty(size) {
  const own = mkdtempSync(join(tmpdir(), "spotter-shots-"));
  const context = await profile(own, sizes[size]);
  const page = context.pages()[0];
  await open(page);
  await page.getByText("Log your first set").waitFor();
  await attempt(`${size} first today`, () => shot(page, `${size}-first-today`));
  await tab(page, "Progress");
  await page.getByText("No training in this range").waitFor();
  await attempt(`${size} first progress`, () => shot(page, `${size}-first-progress`));
  await context.close();
  rmSync(own, { recursive: true, force: true });
}

/** A year behind, notes, body weight, and a workout that goes on. */
async function prepare() {
  const context = await profile(folder, sizes.phone);
  const page = context.pages()[0];
  await open(page);
  await ready(page);
  await toImport(page);
  const { csv, sets } = year(1);
  await planImport(page, csv);
  const planned = (await page.getByTestId("plan-sets").innerText()).replace(/\D/g, "");
  if (Number(planned) !== sets) failed.push(`the file has ${sets} sets, the plan says ${planned}`);
  await runImport(page);
  await tab(page, "Today");
  await page.locator("#last-workout").waitFor();
  for (const weight of ["81.4", "81.9"]) {
    await page.locator("#body-weight").fill(weight);
    await page.getByRole("button", { name: "Save body weight" }).click();
    await page.locator(".card.slim").getByText(weight).waitFor();
  }
  await tab(page, "Crew");
  for (const text of ["Bench: grip one finger outside the ring, feet back.", "Leg press seat 5, back rest 3.", "Felt strong after two rest days. Try 85 next week if the last set stays at RPE 8."]) {
    await page.getByTestId("message").fill(text);
    await page.getByTestId("send").click();
    await page.getByTestId("timeline").getByText(text).waitFor();
  }
  await tab(page, "Train");
  await page.getByRole("button", { name: /Push A/ }).first().click();
  await page.getByTestId("tick-0").waitFor();
  await page.getByRole("tab").first().click();
  for (let nth = 0; nth < 5; nth++) {
    await page.getByTestId(`tick-${nth}`).click();
    await page.locator(`[data-test="tick-${nth}"][aria-checked="true"]:not(.saving)`).waitFor();
  }
  await context.close();
}

async function screens(size) {
  const context = await profile(folder, sizes[size]);
  const page = context.pages()[0];
  await open(page);
  await page.locator("#last-workout").waitFor();
  await page.getByTestId("workout-bar").waitFor();
  const take = (name, act, more) => attempt(`${size} ${name}`, async () => {
    await act();
    await shot(page, `${size}-${name}`, more);
  });
  const escape = (name) => attempt(`${size} close ${name}`, async () => {
    await page.keyboard.press("Escape");
    await page.locator(".bottom-sheet").waitFor({ state: "detached" });
  });
  const phone = size === "phone";

  await take("today", () => tab(page, "Today"), { tall: phone && 1100 });
  await take("train", () => tab(page, "Train"));
  await take("workout", async () => {
    await page.getByTestId("workout-bar").click();
    await page.getByTestId("tick-0").waitFor();
  });
  await take("keypad", async () => {
    await page.locator(".set.next .cell").first().click();
    await page.getByTestId("keypad-next").waitFor();
  });
  await attempt("close the keypad", async () => {
    await page.getByTestId("keypad-close").click();
    await page.locator(".bottom-sheet").waitFor({ state: "detached" });
  });
  await take("picker", async () => {
    await page.getByTestId("add-exercise").click();
    await page.getByTestId("exercises").getByRole("button", { name: /Bench Press/ }).first().waitFor();
  });
  await attempt("close the picker", async () => {
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.locator(".bottom-sheet").waitFor({ state: "detached" });
  });
  await page.getByTestId("fold").click();
  await take("history", async () => {
    await tab(page, "Train");
    await page.getByRole("button", { name: "History" }).click();
    await page.getByTestId("workout-row").first().waitFor();
  });
  await take("detail", async () => {
    await page.getByTestId("workout-row").first().click();
    await page.getByTestId("set-row").first().waitFor();
  }, { tall: phone && 1900 });
  await take("edit-set", async () => {
    await page.getByTestId("set-row").nth(3).click();
    await page.getByTestId("edit-save").waitFor();
  });
  await escape("edit set");
  await take("progress", async () => {
    await tab(page, "Progress");
    await page.getByTestId("total-volume").waitFor();
    await page.getByTestId("estimate").first().locator("svg").waitFor();
  }, { tall: phone ? 4200 : 2400 });
  await take("progress-year", async () => {
    const before = await page.getByTestId("total-workouts").innerText();
    await page.getByRole("radio", { name: "Year", exact: true }).click();
    await page.waitForFunction((was) => document.querySelector('[data-test="total-workouts"]')?.textContent !== was, before);
  }, { tall: phone && 4200 });
  await take("why-muscle", async () => {
    await page.locator("[aria-labelledby=per-muscle] .bar-row").first().click();
    await page.locator(".bottom-sheet li").first().waitFor();
  });
  await escape("why muscle");
  await take("why-estimate", async () => {
    await page.getByTestId("estimate").first().locator(".dot.last").click();
    await page.locator(".bottom-sheet .big").waitFor();
  });
  await escape("why estimate");
  await take("notes", async () => {
    await tab(page, "Crew");
    await page.getByTestId("timeline").getByText("Leg press seat").waitFor();
  });
  await take("me", async () => {
    await tab(page, "Me");
    await page.getByTestId("undo-import").waitFor();
  }, { tall: phone && 1200 });
  await take("storage", async () => {
    await page.getByTestId("to-storage").click();
    await page.getByText(/^Tables (built|opened) in/).waitFor();
  });
  await take("import", async () => {
    await tab(page, "Me");
    await page.getByTestId("to-import").click();
    await page.getByTestId("file").waitFor({ state: "attached" });
  });
  await take("import-preview", async () => {
    const other = year(2, { weeks: 8 }).csv.replaceAll("Pendlay Row (Barbell)", "Pendlay Rows").replaceAll("Face Pull (Cable)", "Facepull rope");
    await page.getByTestId("file").setInputFiles({ name: "strong-8-weeks.csv", mimeType: "text/csv", buffer: Buffer.from(other.replace(",28.0,10.0,", ",28.0,-3,")) });
    await page.getByTestId("plan-sets").waitFor();
  }, { tall: phone && 2200 });
  await context.close();
}

try {
  await empty("phone");
  await empty("wide");
  await prepare();
  await screens("phone");
  await screens("wide");
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed.length ? `failed:\n${failed.join("\n")}` : `all screens are in ${out}`);
process.exitCode = failed.length ? 1 : 0;
