// Lighthouse on every screen, as a phone of the middle class sees it on its first visit: the mobile preset with its simulated
// throttling (4 times slower processor, 1.6 Mbit/s, 150 ms), a fresh profile each time, the median of several runs.
//
//   node benches/lighthouse.mjs [--runs 5] [--screen /me] [--out benches/results/lighthouse.json]     SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { built, machine, option, serve, table, write } from "./lib.mjs";

const runs = Number(option("runs") ?? 5);
const wanted = 0.95;
const screens = ["/", "/train", "/history", "/history/none", "/progress", "/crew", "/me", "/me/import", "/me/storage", "/me/sync"]
  .filter((screen) => [undefined, screen].includes(option("screen")));
const figures = {
  fcp_ms: "first-contentful-paint", lcp_ms: "largest-contentful-paint", speed_index_ms: "speed-index", blocking_ms: "total-blocking-time",
  layout_shift: "cumulative-layout-shift",
};
const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

async function look(url) {
  const chrome = await launch({
    chromePath: process.env.SPOTTER_CHROMIUM ?? "/usr/bin/chromium",
    chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic"],
  });
  try {
    const { lhr } = await lighthouse(url, { port: chrome.port, output: "json", logLevel: "silent", onlyCategories: ["performance", "accessibility", "best-practices"] });
    return lhr;
  } finally {
    await chrome.kill();
  }
}

const server = await serve();
const rows = [];
let version;
try {
  for (const screen of screens) {
    const seen = [];
    for (let run = 0, lost = 0; run < runs; ) {
      const lhr = await look(server.url + screen);
      // A trace that Lighthouse itself could not record is no run, and it asks for another one.
      if (lhr.runtimeError && 3 < ++lost) throw new Error(lhr.runtimeError.message);
      if (lhr.runtimeError) continue;
      seen.push(lhr);
      run++;
    }
    version = seen[0].environment.hostUserAgent.match(/Chrome\/([\d.]+)/)?.[1];
    const of = (category) => middle(seen.map((lhr) => lhr.categories[category].score));
    const row = { screen, performance: of("performance"), accessibility: of("accessibility"), best_practices: of("best-practices") };
    for (const [name, audit] of Object.entries(figures)) row[name] = Math.round(middle(seen.map((lhr) => lhr.audits[audit].numericValue)) * 1000) / 1000;
    row.all = seen.map((lhr) => lhr.categories.performance.score);
    // What holds a score down, by name.
    const below = (lhr) => ["accessibility", "best-practices"].flatMap((category) =>
      lhr.categories[category].auditRefs.filter((ref) => 0 < ref.weight && lhr.audits[ref.id].score !== null && lhr.audits[ref.id].score < 1).map((ref) => ref.id));
    row.remarks = [...new Set(seen.flatMap(below))].sort();
    rows.push(row);
    console.log(`${screen}: ${row.performance} (${row.all.join(" ")}), LCP ${row.lcp_ms} ms, blocked ${row.blocking_ms} ms${row.remarks.length ? `, ${row.remarks.join(" ")}` : ""}`);
    if (process.argv.includes("--why")) {
      const lhr = seen.at(-1);
      for (const id of ["lcp-breakdown-insight", "largest-contentful-paint-element"]) console.log(JSON.stringify(lhr.audits[id]?.details?.items)?.slice(0, 900));
      for (const task of lhr.audits["long-tasks"]?.details?.items ?? []) console.log(`  task ${task.url} at ${task.startTime.toFixed(0)}, ${task.duration.toFixed(0)} ms`);
      for (const entry of lhr.audits["network-requests"]?.details?.items ?? []) console.log(`  ${entry.url.split("/").at(-1)} ${entry.networkRequestTime.toFixed(0)}–${entry.networkEndTime.toFixed(0)} ms, ${entry.transferSize} B, ${entry.priority}`);
    }
  }
} finally {
  await server.stop();
}
table(["screen", "performance", "accessibility", "best practices", "FCP ms", "LCP ms", "blocked ms", "shift"], rows.map((row) =>
  [row.screen, row.performance, row.accessibility, row.best_practices, Math.round(row.fcp_ms), Math.round(row.lcp_ms), Math.round(row.blocking_ms), row.layout_shift]));
const below = rows.filter((row) => Math.min(row.performance, row.accessibility, row.best_practices) < wanted);
if (below.length) console.log(`below ${wanted}: ${below.map((row) => row.screen).join(", ")}`);
write({ bench: "lighthouse", settings: { preset: "mobile", throttling: "simulated", runs, wanted, build: built().build }, machine: machine(version), rows });
