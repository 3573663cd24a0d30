// What every browser script here needs: a server, a browser, figures.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, homedir, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, selectors } from "playwright-core";
import { freePort } from "../tests/common.mjs";

selectors.setTestIdAttribute("data-test");

export const root = fileURLToPath(new URL("..", import.meta.url));
export const dist = process.env.SPOTTER_DIST ?? join(root, "dist");
export const binary = process.env.SPOTTER_BIN ?? ["release", "debug"].map((kind) => join(process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/spotter/target"), kind, "spotter")).find(existsSync);
const options = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
};

export const browser = () => chromium.launch(options);
/** A browser whose storage is a folder, so that it can be closed and started again. */
export const profile = (folder, more = {}) => chromium.launchPersistentContext(folder, { ...options, viewport: { width: 390, height: 844 }, locale: "en-GB", ...more });

/** Ours, on a free port or on the one given; answers when it listens. */
export async function serve({ folder = dist, port } = {}) {
  if (!binary) throw new Error("no server: build it, or say where it is with SPOTTER_BIN");
  const at = port ?? (await freePort());
  const rows = mkdtempSync(join(tmpdir(), "spotter-bench-"));
  process.once("exit", () => rmSync(rows, { recursive: true, force: true }));
  const child = spawn(binary, ["serve", "--dist", folder, "--port", String(at), "--database", join(rows, "spotter.db")], { stdio: ["ignore", "pipe", "inherit"] });
  // Whatever ends this script ends the server: left alone it would hold the terminal's pipes open.
  process.once("exit", () => child.kill("SIGKILL"));
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("exit", (code) => reject(new Error(`the server stopped with ${code}`)));
  });
  return {
    url: `http://localhost:${at}`,
    port: at,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.once("exit", resolve);
        child.kill("SIGTERM");
      }),
  };
}

export const built = (folder = dist) => JSON.parse(readFileSync(join(folder, "build.json"), "utf8"));

/** Nearest rank. */
export function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
  const round = (x) => Math.round(x * 1000) / 1000;
  return { n: sorted.length, mean: round(sorted.reduce((sum, x) => sum + x, 0) / sorted.length), min: round(sorted[0]), p50: round(at(0.5)), p95: round(at(0.95)), p99: round(at(0.99)), max: round(sorted.at(-1)) };
}

export function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

export function machine(version) {
  return { node: process.version, chromium: version, cpu: cpus()[0]?.model.trim(), cpus: cpus().length, load: loadavg()[0], at: new Date().toISOString() };
}

export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join("  ");
  console.log([line(all[0]), widths.map((width) => "-".repeat(width)).join("  "), ...all.slice(1).map(line)].join("\n"));
}

export function write(result) {
  const out = option("out");
  if (!out) return;
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`written: ${out}`);
}

/** Asks the page again and again until the answer is true; unlike waitForFunction it waits for promises. */
export async function until(page, ask, argument, { timeout = 120_000, every = 500 } = {}) {
  const end = Date.now() + timeout;
  while (!(await page.evaluate(ask, argument))) {
    if (end < Date.now()) throw new Error(`not within ${timeout} ms: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/** Both workers stand: Today has its answer. */
export async function ready(page, timeout = 60_000) {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Today" }).click();
  await page.locator("#last-workout").or(page.getByText("Log your first set")).first().waitFor({ timeout });
}

export async function toImport(page) {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Me" }).click();
  await page.getByTestId("to-import").click();
}

/** How many rows the storage page says are kept in a second place because their file is young. */
export async function keptTwice(page) {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Me" }).click();
  await page.getByTestId("to-storage").click();
  const text = await page.locator(".facts > div", { hasText: "Kept twice for now" }).locator("dd").innerText();
  return Number(text.replace(/\D/g, ""));
}

/** How many rows really are in the second place. The storage page says 0 before the last of them are gone. */
export const births = (page) =>
  page.evaluate(() => new Promise((resolve, reject) => {
    const opening = indexedDB.open("spotter", 1);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const counting = opening.result.transaction("births").objectStore("births").count();
      counting.onerror = () => reject(counting.error);
      counting.onsuccess = () => {
        opening.result.close();
        resolve(counting.result);
      };
    };
  }));

export async function patiently(ask, what, { timeout = 300_000, every = 1000 } = {}) {
  const end = Date.now() + timeout;
  while (!(await ask())) {
    if (end < Date.now()) throw new Error(`not within ${timeout} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/** Chooses the file on the import screen and says kilograms. Ends when "Import n sets" can be tapped. */
export async function planImport(page, csv, name = "strong.csv") {
  await page.getByTestId("file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(csv) });
  await page.getByTestId("plan-sets").waitFor({ timeout: 120_000 });
  await page.getByRole("radio", { name: "kg", exact: true }).click();
  await page.locator('[data-test="run-import"]:not([disabled])').waitFor({ timeout: 120_000 });
}

export async function runImport(page) {
  await page.getByTestId("run-import").click();
  await page.getByTestId("imported").or(page.getByTestId("import-failed")).first().waitFor({ timeout: 600_000 });
  if (await page.getByTestId("import-failed").count()) throw new Error(`the import failed: ${await page.getByTestId("import-failed").innerText()}`);
}
