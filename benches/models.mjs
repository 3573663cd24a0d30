// The models in headless Chromium beside DuckDB-WASM: start to the first number, rebuild, refresh after one event, a
// dashboard of twelve questions, memory, bytes. Both read the same Parquet and run the same SQL; the answers must be
// equal before a time counts.
//
//   node benches/models.mjs [--events 10000,100000] [--runs 5] [--out file.json]     SPOTTER_BIN, SPOTTER_DIST, SPOTTER_SEED_LOG
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import esbuild from "esbuild";
import { browser, built, dist, machine, option, quantiles, root, serve, table, write } from "./lib.mjs";

const DIMS = ["dim_date", "dim_muscle_group", "exercise_catalog", "exercise_catalog_aliases", "exercise_catalog_muscles"];
const sizes = (option("events") ?? "10000,100000").split(",").map(Number);
const runs = Number(option("runs") ?? 5);

// ---- the same SQL for both ------------------------------------------------------------------------------------------

const files = (folder) => readdirSync(join(root, "sql", folder), { recursive: true }).filter((name) => name.endsWith(".sql")).map((name) => [basename(name, ".sql"), readFileSync(join(root, "sql", folder, name), "utf8")]);
const rendered = (text) => text.replace(/\{\{\s*config\([^}]*\}?[^}]*\)\s*\}\}/g, "").replace(/\{\{\s*(?:ref|source)\([^)]*?'(\w+)'\)\s*\}\}/g, "$1");

function models() {
  const all = new Map([...files("models/staging"), ...files("models/marts")].map(([name, text]) => [name, { sql: rendered(text), refs: [...text.matchAll(/ref\('(\w+)'\)/g)].map((found) => found[1]), view: text.includes("materialized='view'") }]));
  const order = [];
  const visit = (name) => {
    const model = all.get(name);
    if (!model || order.some((done) => done.name === name)) return;
    model.refs.forEach(visit);
    order.push({ name, ...model });
  };
  [...all.keys()].sort().forEach(visit);
  return order;
}

/** What Today and Progress ask, over the last year of the log. */
function dashboard(user, exercise, to) {
  const day = (before) => new Date((to - before) * 86_400_000).toISOString().slice(0, 10);
  const range = { from: day(365), to: day(0) };
  const asked = [
    ["totals", range], ["totals", { from: day(28), to: day(0) }], ["muscle_weeks", range], ["top_exercises", { ...range, limit: 6 }], ["records", { ...range, limit: 12 }],
    ["training_days", range], ["e1rm_series", { ...range, exercise }], ["workout_list", { before_ms: 4_102_444_800_000, limit: 20 }], ["exercise_list", {}], ["body_weights", { limit: 30 }],
    ["last_sets", { exercise, before_ms: 4_102_444_800_000 }], ["open_workouts", {}],
  ];
  const text = new Map(files("analyses"));
  const literal = (value) => (typeof value === "number" ? String(value) : `'${value}'`);
  return asked.map(([name, params]) => ({ name, params, sql: rendered(text.get(name)).replace(/:(\w+)/g, (whole, param) => ({ user, ...params }[param] === undefined ? whole : literal({ user, ...params }[param]))) }));
}

// ---- in the page ----------------------------------------------------------------------------------------------------

/** Ours: the projector worker that ships, spoken to as the page and the storage worker do. */
const OURS = `
const next = (target, wanted) => new Promise((resolve, reject) => {
  target.addEventListener("message", function heard({ data }) {
    if (data?.[0]?.Failed) return reject(new Error(JSON.stringify(data[0].Failed)));
    const value = wanted(data);
    if (value !== undefined) { target.removeEventListener("message", heard); resolve(value); }
  });
});
const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
globalThis.ours = {
  async start({ build, dims, events, user, first }) {
    const [parquet, ...tables] = await Promise.all([bytes(events), ...dims.map((name) => bytes("/b/" + build + "/dims/" + name + ".parquet"))]);
    const began = performance.now();
    const worker = (this.worker = new Worker("/b/" + build + "/projector-start.js", { type: "module" }));
    await next(worker, (data) => data === "up" || undefined);
    const hello = next(worker, (data) => data[0] === "Hello" || undefined);
    worker.postMessage([{ Hello: { build } }]);
    await hello;
    const channel = new MessageChannel();
    this.port = channel.port1;
    worker.postMessage(["link", channel.port2], [channel.port2]);
    dims.forEach((name, at) => this.port.postMessage(["dims", name, tables[at]]));
    this.port.postMessage(["sealed", parquet]);
    const ready = next(worker, (data) => data[0].Ready);
    this.port.postMessage(["loaded", user]);
    await ready;
    const rows = await this.ask(first);
    return { took: performance.now() - began, rows };
  },
  id: 0,
  ask({ name, params }) {
    const id = ++this.id;
    const answer = next(this.worker, (data) => (data[0].Answer?.id === id ? data[1] : undefined));
    const said = Object.entries(params).map(([param, value]) => [param, typeof value === "number" ? { Int: value } : { Text: value }]);
    this.worker.postMessage([{ Ask: { id, asked: { name, params: said } } }]);
    return answer;
  },
  async measure(rebuild, hashes = false) {
    const id = ++this.id;
    const answer = next(this.worker, (data) => (data[0].Measured?.id === id ? data[0].Measured : undefined));
    const began = performance.now();
    this.worker.postMessage([{ [rebuild ? "Rebuild" : "Measure"]: rebuild ? { id } : { id, hashes } }]);
    const measured = await answer;
    return { took: performance.now() - began, bytes: Number(measured.table_bytes), events: Number(measured.events), inside: measured.refresh_ms, hashes: JSON.stringify(measured.hashes) };
  },
  /** One row in, the watched totals out. */
  async refresh(raw) {
    const row = new TextEncoder().encode(raw);
    const packed = new Uint8Array(4 + row.length);
    new DataView(packed.buffer).setUint32(0, row.length, true);
    packed.set(row, 4);
    const began = performance.now();
    this.port.postMessage(["rows", packed]);
    // The refresh runs after the messages that wait; whoever asks after that gets the new tables.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const rows = await this.ask(this.watched);
    const measured = await this.measure(false);
    if (measured.events !== ++this.known) throw new Error("the row was not taken: " + measured.events + ", not " + this.known);
    return { took: performance.now() - began, inside: measured.inside, rows };
  },
};
`;

const DUCK = `
import * as duckdb from "@duckdb/duckdb-wasm";
const plain = (value) => (typeof value === "bigint" ? Number(value) : value && typeof value === "object" && typeof value.valueOf() === "bigint" ? Number(value.valueOf()) : value);
globalThis.duck = {
  async start({ dims, events, build, models, first }) {
    const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
    const [parquet, ...tables] = await Promise.all([bytes(events), ...dims.map((name) => bytes("/b/" + build + "/dims/" + name + ".parquet"))]);
    const began = performance.now();
    const db = (this.db = new duckdb.AsyncDuckDB(new duckdb.VoidLogger(), new Worker("/bench/duckdb-browser-eh.worker.js")));
    await db.instantiate(location.origin + "/bench/duckdb-eh.wasm");
    // Sums are wider than a number of JavaScript; as doubles they are exact far beyond what is summed here.
    await db.open({ query: { castBigIntToDouble: true, castDecimalToDouble: true } });
    const connection = (this.connection = await db.connect());
    await db.registerFileBuffer("events.parquet", parquet);
    for (const [at, name] of dims.entries()) {
      await db.registerFileBuffer(name + ".parquet", tables[at]);
      await connection.query("create table " + name + " as select * from '" + name + ".parquet'");
    }
    for (const [name, csv] of Object.entries(globalThis.seeds)) {
      await db.registerFileText(name + ".csv", csv);
      await connection.query("create table " + name + " as select * from read_csv_auto('" + name + ".csv', header = true)");
    }
    await connection.query("create table events as select * exclude (raw) from 'events.parquet'");
    this.models = models;
    await this.rebuild();
    const rows = await this.ask(first);
    return { took: performance.now() - began, rows };
  },
  async rebuild() {
    const began = performance.now();
    for (const { name, sql, view } of this.models) await this.connection.query("create or replace " + (view ? "view " : "table ") + name + " as " + sql);
    return { took: performance.now() - began };
  },
  async ask({ sql }) {
    return (await this.connection.query(sql)).toArray().map((row) => Object.fromEntries(Object.entries(row.toJSON()).map(([name, value]) => [name, plain(value)])));
  },
};
`;

const temporary = (name) => mkdtempSync(join(tmpdir(), `spotter-${name}-`));

function seedLog(events, folder) {
  const path = join(folder, `events-${events}.parquet`);
  const said = execFileSync(process.env.SPOTTER_SEED_LOG ?? join(process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/spotter/target"), "debug/examples/seed-log"), ["steady", "7", String(events), path, "300"], { encoding: "utf8" });
  return { path, ...JSON.parse(said), tail: readFileSync(`${path}.tail`, "utf8").split("\n").filter(Boolean) };
}

const same = (a, b) => {
  if (typeof a === "number" && typeof b === "number") return a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
  if (typeof a === "boolean" || typeof b === "boolean") return Number(a) === Number(b);
  return (a ?? null) === (b ?? null);
};

/** Dates are days for us and milliseconds for DuckDB's Arrow. */
function mustEqual(what, ours, theirs) {
  const day = (value) => (value instanceof Date ? value.getTime() / 86_400_000 : typeof value === "number" && Math.abs(value) > 1e11 && value % 86_400_000 === 0 ? value / 86_400_000 : value);
  const fits = ours.length === theirs.length && ours.every((row, at) => Object.keys(theirs[at]).every((name) => same(row[name], theirs[at][name]) || same(row[name], day(theirs[at][name]))));
  if (!fits) throw new Error(`${what}: the answers differ\nours  ${JSON.stringify(ours.slice(0, 3))}\nduckdb ${JSON.stringify(theirs.slice(0, 3))}`);
}

const folder = temporary("models-dist");
cpSync(dist, folder, { recursive: true });
const { build, sizes: shipped } = built(folder);
const bench = join(folder, "bench");
await esbuild.build({ stdin: { contents: DUCK, resolveDir: join(root, "benches") }, bundle: true, format: "esm", outfile: join(bench, "duck.js"), logLevel: "error" });
for (const name of ["duckdb-browser-eh.worker.js", "duckdb-eh.wasm"]) cpSync(join(root, "benches/node_modules/@duckdb/duckdb-wasm/dist", name), join(bench, name));
writeFileSync(join(bench, "ours.js"), OURS);
writeFileSync(join(bench, "index.html"), "<!doctype html><title>bench</title>");
const seeds = Object.fromEntries(["intensity_bands"].map((name) => [name, readFileSync(join(root, "sql/seeds", `${name}.csv`), "utf8")]));
const wire = { ours: shipped["projector_bg.wasm"].brotli + shipped["projector.js"].brotli, duckdb: ["duckdb-eh.wasm", "duckdb-browser-eh.worker.js", "duck.js"].reduce((sum, name) => sum + brotliCompressSync(readFileSync(join(bench, name)), { params: { 1: 9 } }).length, 0) };

const server = await serve({ folder });
const settings = { ...machine("headless"), build, runs, events: sizes, peer: "duckdb-wasm 1.28.0 (eh, one thread), Parquet built in", log: "steady_log, seed 7, shuffled", order: "ours, duckdb in turn; a page of its own each" };
console.log(Object.entries(settings).map(([name, value]) => `${name}: ${value}`).join("\n"), "\n");
const results = [];
for (const wanted of sizes) {
  const log = seedLog(wanted, temporary("log"));
  cpSync(log.path, join(bench, "events.parquet"));
  const asked = dashboard(log.user, "bench-press-barbell", log.last_day);
  const times = { ours: { start: [], rebuild: [], dashboard: [], refresh: [], inside: [] }, duck: { start: [], rebuild: [], dashboard: [] } };
  const memory = { ours: 0, duck: 0 };
  for (let run = 0; run < runs; run++) {
    const answers = {};
    for (const kind of run % 2 ? ["duck", "ours"] : ["ours", "duck"]) {
      const chrome = await browser();
      const page = await chrome.newPage();
      await page.goto(`${server.url}/bench/index.html`);
      await page.addScriptTag({ url: `/bench/${kind}.js`, type: "module" });
      await page.waitForFunction((kind) => globalThis[kind], kind);
      await page.evaluate((seeds) => (globalThis.seeds = seeds), seeds);
      const started = await page.evaluate(([kind, given]) => globalThis[kind].start(given), [kind, { build, dims: DIMS, events: "/bench/events.parquet", user: log.user, models: models(), first: asked[0] }]);
      times[kind].start.push(started.took);
      const hashes = () => page.evaluate(async (kind) => (kind === "ours" ? (await globalThis.ours.measure(false, true)).hashes : ""), kind);
      const before = await hashes();
      const rebuilt = await page.evaluate((kind) => (kind === "ours" ? globalThis.ours.measure(true) : globalThis.duck.rebuild()), kind);
      times[kind].rebuild.push(rebuilt.took);
      if (before !== (await hashes())) throw new Error(`${wanted} events: a rebuild gave other tables`);
      if (rebuilt.bytes) memory.ours = Math.max(memory.ours, rebuilt.bytes);
      const dashed = await page.evaluate(async ([kind, asked]) => {
        const rows = [];
        // Once to warm up, then the time of all twelve.
        for (const one of asked) rows.push(await globalThis[kind].ask(one));
        const began = performance.now();
        for (const one of asked) await globalThis[kind].ask(one);
        return { took: performance.now() - began, rows };
      }, [kind, asked]);
      times[kind].dashboard.push(dashed.took);
      answers[kind] = [started.rows, ...dashed.rows];
      const cdp = await chrome.newBrowserCDPSession();
      const processes = (await cdp.send("SystemInfo.getProcessInfo")).processInfo.filter((it) => it.type === "renderer");
      const resident = processes.map((it) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${it.id}/status`, "utf8"))?.[1] ?? 0) * 1024);
      memory[`${kind}Rss`] = Math.max(memory[`${kind}Rss`] ?? 0, ...resident);
      if (kind === "ours" && run === runs - 1) {
        const refreshed = await page.evaluate(async ([tail, watched]) => {
          globalThis.ours.watched = watched;
          globalThis.ours.known = (await globalThis.ours.measure(false)).events;
          const out = [];
          for (const raw of tail) {
            const { took, inside } = await globalThis.ours.refresh(raw);
            out.push([took, inside]);
          }
          return out;
        }, [log.tail, asked[0]]);
        times.ours.refresh.push(...refreshed.slice(20).map(([took]) => took));
        times.ours.inside.push(...refreshed.slice(20).map(([, inside]) => inside));
      }
      await chrome.close();
    }
    answers.ours.forEach((rows, at) => mustEqual(`${wanted} events, ${at ? asked[at - 1].name : "the first number"}`, rows, answers.duck[at]));
  }
  const of = (kind, what) => quantiles(times[kind][what]);
  results.push({ events: log.events, start: { ours: of("ours", "start"), duck: of("duck", "start") }, rebuild: { ours: of("ours", "rebuild"), duck: of("duck", "rebuild") }, dashboard: { ours: of("ours", "dashboard"), duck: of("duck", "dashboard") }, refresh: { toAnswer: of("ours", "refresh"), inside: of("ours", "inside") }, memory });
}
await server.stop();
rmSync(folder, { recursive: true, force: true });

const ratio = (it, what) => (it[what].ours.p50 / it[what].duck.p50).toFixed(2);
table(
  ["events", "start ours", "duckdb", "ratio", "rebuild ours", "duckdb", "ratio", "12 questions ours", "duckdb", "ratio", "refresh p50", "p99", "inside p99", "tables MB", "RSS ours MB", "duckdb MB"],
  results.map((it) => [it.events, Math.round(it.start.ours.p50), Math.round(it.start.duck.p50), ratio(it, "start"), Math.round(it.rebuild.ours.p50), Math.round(it.rebuild.duck.p50), ratio(it, "rebuild"), Math.round(it.dashboard.ours.p50), Math.round(it.dashboard.duck.p50), ratio(it, "dashboard"), it.refresh.toAnswer.p50.toFixed(1), it.refresh.toAnswer.p99.toFixed(1), it.refresh.inside.p99.toFixed(1), Math.round(it.memory.ours / 1e6), Math.round(it.memory.oursRss / 1e6), Math.round(it.memory.duckRss / 1e6)]),
);
console.log(`\nmedians in ms. engine on the wire, brotli: ours ${(wire.ours / 1e6).toFixed(2)} MB, duckdb-wasm ${(wire.duckdb / 1e6).toFixed(2)} MB`);
console.log("targets: start <= 0.5 of the peer, rebuild <= 1, 12 questions <= 1, refresh p99 <= 16 ms; projector <= 3.3 MB");
write({ bench: "models", settings, wire, results, targets: { start: 0.5, rebuild: 1, dashboard: 1, refreshP99Ms: 16, projectorBytes: 3_300_000 } });
