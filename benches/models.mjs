// The models in headless Chromium beside DuckDB-WASM and sqlite-wasm: start to the first number, rebuild, refresh after one
// event, a dashboard of twelve questions, memory, bytes. All run the same SQL; the answers must be equal before a time
// counts. DuckDB-WASM 1.28 reads the same Parquet as we do. Its newest version has to fetch its Parquet reader from the
// network, so it is handed the same columns as Arrow, outside its time. SQLite has no arg_max, no integer division sign and
// no dates: it is handed the finished tables, with indexes, and answers the twelve questions only.
//
//   node benches/models.mjs [--events 10000,100000,1000000] [--runs 3] [--out file.json]     SPOTTER_BIN, SPOTTER_DIST, SPOTTER_SEED_LOG
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { brotliCompressSync } from "node:zlib";
import esbuild from "esbuild";
import { binary, browser, built, dist, machine, option, quantiles, root, serve, table, write } from "./lib.mjs";

const DIMS = ["dim_date", "dim_muscle_group", "exercise_catalog", "exercise_catalog_aliases", "exercise_catalog_muscles"];
const sizes = (option("events") ?? "10000,100000,1000000").split(",").map(Number);
const runs = Number(option("runs") ?? 3);

// ---- the same SQL for both ------------------------------------------------------------------------------------------

/** A file of an npm package, wherever in it. */
const wasmOf = (name, file) => {
  const folder = join(root, "benches/node_modules", name);
  return join(folder, readdirSync(folder, { recursive: true }).find((path) => basename(path) === file));
};

const files = (folder) => readdirSync(join(root, "sql", folder), { recursive: true }).filter((name) => name.endsWith(".sql")).map((name) => [basename(name, ".sql"), readFileSync(join(root, "sql", folder, name), "utf8")]);
const rendered = (text) => text.replace(/\{\{\s*config\([^}]*\}?[^}]*\)\s*\}\}/g, "").replace(/\{\{\s*(?:ref|source)\([^)]*?'(\w+)'\)\s*\}\}/g, "$1");

function models() {
  const all = new Map(["staging", "intermediate", "marts"].flatMap((folder) => files(`models/${folder}`)).map(([name, text]) => [name, { sql: rendered(text), refs: [...text.matchAll(/ref\('(\w+)'\)/g)].map((found) => found[1]), view: text.includes("materialized='view'") }]));
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
    dims.forEach((name, at) => this.port.postMessage([JSON.stringify({ Dimension: { name } }), tables[at]]));
    this.port.postMessage([JSON.stringify("Sealed"), parquet]);
    const ready = next(worker, (data) => data[0].Ready);
    this.port.postMessage([JSON.stringify({ Loaded: { person: user } })]);
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
    this.port.postMessage([JSON.stringify("Rows"), packed]);
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
import { tableToIPC } from "apache-arrow";
import * as newest from "duckdb-wasm-newest";
const plain = (value) => (typeof value === "bigint" ? Number(value) : value && typeof value === "object" && typeof value.valueOf() === "bigint" ? Number(value.valueOf()) : value);
// Sums are wider than a number of JavaScript; as doubles they are exact far beyond what is summed here.
const DOUBLES = { query: { castBigIntToDouble: true, castDecimalToDouble: true } };
async function open(duckdb, folder, options) {
  const db = new duckdb.AsyncDuckDB(new duckdb.VoidLogger(), new Worker(folder + "/duckdb-browser-eh.worker.js"));
  await db.instantiate(location.origin + folder + "/duckdb-eh.wasm");
  await db.open(options);
  return db;
}
const peer = {
  async rebuild() {
    const began = performance.now();
    for (const { name, sql, view } of this.models) await this.connection.query("create or replace " + (view ? "view " : "table ") + name + " as " + sql);
    return { took: performance.now() - began };
  },
  async ask({ sql }) {
    return (await this.connection.query(sql)).toArray().map((row) => Object.fromEntries(Object.entries(row.toJSON()).map(([name, value]) => [name, plain(value)])));
  },
};
globalThis.duck = {
  ...peer,
  async start({ dims, events, build, models, first }) {
    const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
    const [parquet, ...tables] = await Promise.all([bytes(events), ...dims.map((name) => bytes("/b/" + build + "/dims/" + name + ".parquet"))]);
    const began = performance.now();
    const db = await open(duckdb, "/bench", DOUBLES);
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
};
globalThis.newest = {
  ...peer,
  async start({ dims, events, build, models, first }) {
    const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
    const old = await open(duckdb, "/bench", {});
    const from = await old.connect();
    const db = await open(newest, "/bench/newest", DOUBLES);
    const connection = (this.connection = await db.connect());
    const hand = async (name, file, columns) => {
      await old.registerFileBuffer(file, await bytes(file === "events.parquet" ? events : "/b/" + build + "/dims/" + file));
      await connection.insertArrowFromIPCStream(tableToIPC(await from.query("select " + columns + " from '" + file + "'"), "stream"), { name, schema: "main", create: true });
    };
    await hand("events", "events.parquet", "* exclude (raw)");
    for (const name of dims) await hand(name, name + ".parquet", "*");
    await old.terminate();
    for (const [name, csv] of Object.entries(globalThis.seeds)) {
      await db.registerFileText(name + ".csv", csv);
      await connection.query("create table " + name + " as select * from read_csv_auto('" + name + ".csv', header = true)");
    }
    this.models = models;
    await this.rebuild();
    return { took: Number.NaN, rows: await this.ask(first) };
  },
};
`;

/** SQLite in a worker of its own: finished tables in, answers out. */
const SQLITE_WORKER = `
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";
let db;
self.onmessage = async ({ data: { id, tables, indexes, sql } }) => {
  if (tables) {
    const sqlite3 = await sqlite3InitModule({ locateFile: (name) => "/bench/" + name });
    db = new sqlite3.oo1.DB(":memory:");
    for (const [name, { columns, rows }] of Object.entries(tables)) {
      db.exec("create table " + name + " (" + columns.map(([column, type]) => column + " " + type).join(", ") + ")");
      db.exec("begin");
      const insert = db.prepare("insert into " + name + " values (" + columns.map(() => "?").join(", ") + ")");
      for (const row of rows) insert.bind(row).stepReset();
      insert.finalize();
      db.exec("commit");
    }
    for (const index of indexes) db.exec("create index ix_" + index.replace(/\\W+/g, "_") + " on " + index);
    db.exec("analyze");
    return self.postMessage({ id });
  }
  self.postMessage({ id, rows: db.selectObjects(sql) });
};
`;
const SQLITE = `
globalThis.sqlite = {
  id: 0,
  call(more) {
    const id = ++this.id;
    return new Promise((resolve, reject) => {
      this.worker.addEventListener("error", (event) => reject(new Error(event.message)), { once: true });
      this.worker.addEventListener("message", function heard({ data }) {
        if (data.id === id) { this.removeEventListener("message", heard); resolve(data.rows); }
      });
      this.worker.postMessage({ id, ...more });
    });
  },
  async start({ tables, first }) {
    this.worker = new Worker("/bench/sqlite-worker.js", { type: "module" });
    await this.call({ tables: await (await fetch(tables.url)).json(), indexes: tables.indexes });
    return { took: Number.NaN, rows: await this.ask(first) };
  },
  rebuild: async () => ({ took: Number.NaN }),
  // A date is its number of days, as it is in our answers.
  ask({ sql }) {
    return this.call({ sql: sql.replace(/cast\\('([^']+)' as date\\)/g, (_, day) => String(Date.parse(day) / 86400000)) });
  },
};
`;
const INDEXES = [
  "fact_workouts(user_id, workout_date)", "fact_workouts(user_id, exercise_id, started_ms)", "fact_workouts(workout_id)", "personal_records(user_id, workout_date)", "fact_sets(workout_id, exercise_id)", "int_workouts(workout_id)",
  "int_workouts(user_id, finished)", "workouts_by_muscle_group(user_id, workout_date)", "dim_date(date)", "dim_exercise(exercise_id)", "dim_muscle_group(muscle)", "fact_body_weights(user_id, at_ms)",
];

/** Our finished tables as SQLite takes them. */
function finishedTables(parquet) {
  const names = [...new Set(INDEXES.map((index) => index.split("(")[0]))];
  const out = {};
  for (const name of names) {
    const rows = execFileSync(binary, ["sql", `select * from ${name}`, "--events", parquet, "--format", "json"], { encoding: "utf8", maxBuffer: 2 ** 30, stdio: ["ignore", "pipe", "ignore"] }).split("\n").filter(Boolean).map((line) => JSON.parse(line));
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const day = (value) => (typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) ? Date.parse(value) / 86_400_000 : typeof value === "boolean" ? Number(value) : (value ?? null));
    const cells = rows.map((row) => columns.map((column) => day(row[column])));
    const type = (at) => ({ number: cells.every((row) => row[at] === null || Number.isInteger(row[at])) ? "integer" : "real", string: "text" })[typeof cells.find((row) => row[at] !== null)?.[at]] ?? "integer";
    out[name] = { columns: columns.map((column, at) => [column, type(at)]), rows: cells };
  }
  return out;
}

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
for (const name of ["duckdb-browser-eh.worker.js", "duckdb-eh.wasm"]) {
  cpSync(join(root, "benches/node_modules/@duckdb/duckdb-wasm/dist", name), join(bench, name));
  cpSync(join(root, "benches/node_modules/duckdb-wasm-newest/dist", name), join(bench, "newest", name));
}
await esbuild.build({ stdin: { contents: SQLITE_WORKER, resolveDir: join(root, "benches") }, bundle: true, format: "esm", outfile: join(bench, "sqlite-worker.js"), logLevel: "error" });
cpSync(wasmOf("@sqlite.org/sqlite-wasm", "sqlite3.wasm"), join(bench, "sqlite3.wasm"));
writeFileSync(join(bench, "sqlite.js"), SQLITE);
cpSync(join(bench, "duck.js"), join(bench, "newest.js"));
writeFileSync(join(bench, "ours.js"), OURS);
writeFileSync(join(bench, "index.html"), "<!doctype html><title>bench</title>");
const seeds = Object.fromEntries(["intensity_bands"].map((name) => [name, readFileSync(join(root, "sql/seeds", `${name}.csv`), "utf8")]));
const wire = { ours: shipped["projector_bg.wasm"].brotli + shipped["projector.js"].brotli, duckdb: ["duckdb-eh.wasm", "duckdb-browser-eh.worker.js"].reduce((sum, name) => sum + brotliCompressSync(readFileSync(join(bench, name)), { params: { 1: 9 } }).length, 0) };

const KINDS = ["ours", "duck", "newest", "sqlite"];
/** Tables are handed to SQLite as JSON and to the newest DuckDB as Arrow: beyond this many events that does not fit. */
const HANDED_MAX = 200_000;
const server = await serve({ folder });
const settings = { ...machine("headless"), build, runs, events: sizes, peers: "duckdb-wasm 1.28.0 and 1.32.0 (eh, one thread), sqlite-wasm 3.54.1 (memory, indexed, analyzed)", log: "steady_log, seed 7, shuffled", order: "in turn, every other run backwards; a page of its own each" };
console.log(Object.entries(settings).map(([name, value]) => `${name}: ${value}`).join("\n"), "\n");
const results = [];
const began = performance.now();
/** A line now and then: whoever waits sees that it goes on. */
const progress = (what) => console.log(`${String(Math.round((performance.now() - began) / 1_000)).padStart(5)} s  ${what}`);
for (const wanted of sizes) {
  progress(`${wanted} events: making the log`);
  const log = seedLog(wanted, temporary("log"));
  cpSync(log.path, join(bench, "events.parquet"));
  const asked = dashboard(log.user, "bench-press-barbell", log.last_day);
  writeFileSync(join(bench, "tables.json"), wanted <= HANDED_MAX ? JSON.stringify(finishedTables(log.path)) : "{}");
  const times = Object.fromEntries(KINDS.map((kind) => [kind, { start: [], rebuild: [], dashboard: [], refresh: [], inside: [] }]));
  const memory = {};
  const kinds = KINDS.filter((kind) => ["ours", "duck"].includes(kind) || wanted <= HANDED_MAX);
  for (let run = 0; run < runs; run++) {
    const answers = {};
    for (const kind of run % 2 ? kinds.toReversed() : kinds) {
      progress(`${wanted} events, run ${run + 1} of ${runs}: ${kind}`);
      const chrome = await browser();
      const page = await chrome.newPage();
      await page.goto(`${server.url}/bench/index.html`);
      await page.addScriptTag({ url: `/bench/${kind}.js`, type: "module" });
      await page.waitForFunction((kind) => globalThis[kind], kind);
      await page.evaluate((seeds) => (globalThis.seeds = seeds), seeds);
      const started = await page.evaluate(([kind, given]) => globalThis[kind].start(given), [kind, { build, dims: DIMS, events: "/bench/events.parquet", user: log.user, models: models(), first: asked[0], tables: { url: "/bench/tables.json", indexes: INDEXES } }]);
      times[kind].start.push(started.took);
      const hashes = () => page.evaluate(async (kind) => (kind === "ours" ? (await globalThis.ours.measure(false, true)).hashes : ""), kind);
      const before = await hashes();
      if (kind === "ours" && !isDeepStrictEqual(Object.fromEntries(JSON.parse(before)), log.hashes)) throw new Error(`${wanted} events: WebAssembly's tables are not the native ones`);
      const rebuilt = await page.evaluate((kind) => (kind === "ours" ? globalThis.ours.measure(true) : globalThis[kind].rebuild()), kind);
      times[kind].rebuild.push(rebuilt.took);
      if (before !== (await hashes())) throw new Error(`${wanted} events: a rebuild gave other tables`);
      if (rebuilt.bytes) memory.ours = Math.max(memory.ours ?? 0, rebuilt.bytes);
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
    for (const kind of kinds.slice(1)) answers.ours.forEach((rows, at) => mustEqual(`${wanted} events, ${kind}, ${at ? asked[at - 1].name : "the first number"}`, rows, answers[kind][at]));
  }
  const of = (kind, what) => (times[kind][what].length && !times[kind][what].some(Number.isNaN) ? quantiles(times[kind][what]) : undefined);
  const all = (what) => Object.fromEntries(KINDS.map((kind) => [kind, of(kind, what)]));
  results.push({ events: log.events, start: all("start"), rebuild: all("rebuild"), dashboard: all("dashboard"), refresh: { toAnswer: of("ours", "refresh"), inside: of("ours", "inside") }, memory });
}
await server.stop();
rmSync(folder, { recursive: true, force: true });

const median = (it, what, kind) => it[what][kind]?.p50;
const ratio = (it, what, kind) => (median(it, what, kind) === undefined ? "-" : (median(it, what, "ours") / median(it, what, kind)).toFixed(2));
table(
  ["events", "start", "/ duckdb", "rebuild", "/ duckdb", "/ newest", "12 questions", "/ duckdb", "/ newest", "/ sqlite", "refresh p50", "p99", "inside p99", "tables MB", "RSS ours MB", "duckdb MB"],
  results.map((it) => [
    it.events, Math.round(it.start.ours.p50), ratio(it, "start", "duck"), Math.round(it.rebuild.ours.p50), ratio(it, "rebuild", "duck"), ratio(it, "rebuild", "newest"), it.dashboard.ours.p50.toFixed(1), ratio(it, "dashboard", "duck"), ratio(it, "dashboard", "newest"),
    ratio(it, "dashboard", "sqlite"), it.refresh.toAnswer.p50.toFixed(1), it.refresh.toAnswer.p99.toFixed(1), it.refresh.inside.p99.toFixed(1), Math.round(it.memory.ours / 1e6), Math.round(it.memory.oursRss / 1e6), Math.round(it.memory.duckRss / 1e6),
  ]),
);
console.log(`\nmedians in ms. engine on the wire, brotli: ours ${(wire.ours / 1e6).toFixed(2)} MB, duckdb-wasm ${(wire.duckdb / 1e6).toFixed(2)} MB`);
console.log("targets: start <= 0.5 of the peer, rebuild <= 1, 12 questions <= 1, refresh p99 <= 16 ms; projector <= 3.3 MB");
write({ bench: "models", settings, wire, results, targets: { start: 0.5, rebuild: 1, dashboard: 1, refreshP99Ms: 16, projectorBytes: 3_300_000 } });
