// Replication beside RxDB, TinyBase and better-sse: rows acknowledged per second, the first sync, from one device to
// another, a crowd of streams, an idle one. Every server has a process of its own. Before a time counts, what arrived must
// be exactly what was written: the same ids, or for sealed segments the same count and exclusive or of hashes per chain.
//
//   node benches/sync.mjs [push] [first] [tap] [screen] [fanout] [idle] [--runs 3] [--out FILE]
//     --rows 10000,100000    rows of a first sync
//     --singles 3200         rows pushed one by one in a run, over 32 connections
//     --hundreds 20000       rows pushed by the hundred in a run, over 4
//     --taps 300             rows from device to device, over all runs; --screens 30 ticks from screen to screen
//     --connections 1000,10000
//                            SPOTTER_BIN, SPOTTER_DIST, SPOTTER_CHROMIUM, SPOTTER_POSTGRES=postgres://user@host:port
//
// Rows are made before the clock starts. What is not level between us and a peer: our server has every row on the disk
// before it says so and looks up who asks; the peers' servers keep rows in memory and ask nobody. RxDB and TinyBase end a
// first sync with objects to query in memory; our segments end as the files that the engine reads, whose time to the first
// number is what benches/models.mjs measures.
import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRxDatabase } from "rxdb";
import { replicateRxCollection } from "rxdb/plugins/replication";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { createMergeableStore } from "tinybase";
import { createWsSynchronizer } from "tinybase/synchronizers/synchronizer-ws-client";
import { WebSocket } from "ws";
import { handlers } from "../tests/replication/handlers.mjs";
import { ensure, freePort, same, until } from "../tests/common.mjs";
import { dice } from "../tests/replication/lib.mjs";
import { Device, ask, readAll, rowSchema, signIn, signUp, terminalCode, uuid7 } from "../tests/replication/rows.mjs";
import { binary, dist, machine, quantiles, table } from "./lib.mjs";

const PARTS = ["push", "first", "tap", "screen", "fanout", "idle"];
const text = (otherwise) => ({ type: "string", default: otherwise });
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: text("3"), out: { type: "string" }, rows: text("10000,100000"), singles: text("3200"), hundreds: text("20000"), taps: text("300"), screens: text("30"),
    connections: text("1000,10000"),
  },
});
const numbers = (list) => list.split(",").map(Number);
const runs = Number(options.runs);
const asked = positionals.length ? positionals : PARTS;
for (const part of asked) ensure(PARTS.includes(part), `no part is called ${part}; there are ${PARTS.join(", ")}`);
const postgres = process.env.SPOTTER_POSTGRES;
const random = dice("sync bench");
const native = { accept: "application/vnd.spotter.push+json", "content-type": "application/json" };

const ms = (value) => (value === undefined ? "-" : value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value));
const round = (value) => Math.round(value * 100) / 100;
const median = (values) => quantiles(values).p50;

// ---------------------------------------------------------------------------------------------- processes

const children = new Set();
const folders = new Set();
const databases = new Set();
let databasesMade = 0;
const psql = (statement) => execFileSync("psql", ["--quiet", "--dbname", `${postgres}/postgres`, "--command", statement], { stdio: ["ignore", "ignore", "inherit"] });
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  for (const name of databases) psql(`drop database if exists ${name} with (force)`);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]]) process.once(signal, () => process.exit(code));

function temporary() {
  const folder = mkdtempSync(join(tmpdir(), "spotter-sync-bench-"));
  folders.add(folder);
  return folder;
}

const LIMIT = Number(execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim().replace("unlimited", "1000000"));
/** A process of this many descriptors that the kernel ends when this script ends, even if nothing here can run any more. */
function begin(command, files, stdio) {
  const keeper = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL"] : [];
  const child = spawn("sh", ["-c", 'ulimit -n "$0" && exec "$@"', String(files), ...keeper, ...command], { stdio });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((ended) => child.once("exit", ended));
  child.kill("SIGTERM");
  await gone;
}

/** Our server over a database that nothing is in. */
async function ours({ on = "sqlite", files = 4_096 } = {}) {
  const folder = temporary();
  let database = join(folder, "spotter.db");
  if (on === "postgres") {
    const name = `sync_bench_${process.pid}_${(databasesMade += 1)}`;
    psql(`create database ${name}`);
    databases.add(name);
    database = `${postgres}/${name}`;
  }
  const port = await freePort();
  const child = begin([binary, "serve", "--dist", dist, "--database", database, "--port", String(port), "--streams", "1000000"], files, ["ignore", "pipe", "inherit"]);
  await new Promise((listening, failed) => {
    child.stdout.once("data", listening);
    child.once("error", failed);
    child.once("exit", (code) => failed(new Error(`the server stopped with ${code}`)));
  });
  child.stdout.resume();
  return {
    url: `http://127.0.0.1:${port}`, port, pid: child.pid, database,
    stop: async () => {
      await end(child);
      if (on === "postgres") {
        const name = database.split("/").at(-1);
        psql(`drop database ${name}`);
        databases.delete(name);
      }
      rmSync(folder, { recursive: true, force: true });
      folders.delete(folder);
    },
  };
}

/** A process of sync-peers.mjs: `send` asks it something and returns what it says. */
async function peer(role, file, files = 4_096) {
  const script = fileURLToPath(new URL("sync-peers.mjs", import.meta.url));
  const command = [process.execPath, "--expose-gc", "--max-old-space-size=8192", script, role, ...(file ? [file] : [])];
  const child = begin(command, files, ["ignore", "inherit", "inherit", "ipc"]);
  const troubles = [];
  const said = () =>
    new Promise((heard, failed) => {
      const stopped = (code) => failed(new Error(`${role} stopped with ${code}`));
      child.once("exit", stopped);
      child.on("message", function listen(message) {
        if (message.trouble) return troubles.push(message.trouble);
        child.off("message", listen);
        child.off("exit", stopped);
        if (message.failed) failed(new Error(`${role}: ${message.failed}`));
        else heard(message);
      });
    });
  const { port, paths } = await said();
  const send = (message) => {
    const answer = said();
    child.send(message);
    return answer;
  };
  return { port, url: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}/`, paths, pid: child.pid, send, troubles, stop: () => end(child) };
}

// ---------------------------------------------------------------------------------------------- rows

const person = uuid7(Date.now(), random);
const device_id = random.hex(16);
const writer = (lane = "00", id = device_id) => new Device({ device_id: id, person, random, lane });

/** A set, as the app writes one. */
function made(device, nth) {
  const at_ms = Date.now();
  const body = {
    set_id: uuid7(at_ms, random), workout_id: device.session_id, exercise_id: "bench-press-barbell", exercise_no: 1 + ((nth >> 2) % 6), set_no: 1 + (nth % 4), at_ms,
    offset_min: 60, set_kind: "normal", unit: "kg", load_g: 40_000 + 500 * (nth % 160), reps: 1 + (nth % 12), rpe10: 60 + 5 * (nth % 8),
  };
  const { _deleted, ...row } = device.write("set.logged", body);
  return row;
}

const idsOf = (rows) => rows.map((row) => row.event_id ?? row).sort();
const sameRows = (found, written, what) => {
  const [a, b] = [idsOf(found), idsOf(written)];
  ensure(a.length === b.length && a.every((id, at) => id === b[at]), `${what}: ${a.length} rows, ${b.length} were written, or they are others`);
};

/** What chains of rows come to: `{ "scope/device/lane": [count, exclusive or of hashes] }`. */
function sums(parts) {
  const out = new Map();
  for (const { chain, n, xor } of parts) {
    const [count, sum] = out.get(chain) ?? [0, Buffer.alloc(32)];
    const other = Buffer.from(xor, "hex");
    out.set(chain, [count + n, sum.map((byte, at) => byte ^ other[at])]);
  }
  return Object.fromEntries([...out].sort(([a], [b]) => (a < b ? -1 : 1)).map(([chain, [n, xor]]) => [chain, [n, Buffer.from(xor).toString("hex")]]));
}
const sumsOf = (rows) => sums(rows.map((row) => ({ chain: `${row.scope}/${row.device_id}/${row.lane}`, n: 1, xor: row.h })));

// ---------------------------------------------------------------------------------------------- clients

/** One connection that is kept alive, one request at a time. */
class Line {
  agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor({ url, token }) {
    Object.assign(this, { url, token });
  }

  ask(method, path, { body, headers } = {}) {
    return new Promise((done, failed) => {
      const sent = request(this.url + path, { method, agent: this.agent, headers: { authorization: `Bearer ${this.token}`, ...headers, ...(body && { "content-length": body.length }) } }, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.once("error", failed);
        answer.once("end", () => {
          const whole = Buffer.concat(parts);
          if (answer.statusCode === 200) done(whole);
          else failed(new Error(`${method} ${path}: ${answer.statusCode} ${whole}`));
        });
      });
      sent.once("error", failed);
      sent.end(body);
    });
  }

  async json(path) {
    return JSON.parse(await this.ask("GET", path));
  }

  close() {
    this.agent.destroy();
  }
}

/** The body of a push, as a device of ours sends it. */
const batch = (rows) => Buffer.from(JSON.stringify({ device_id: rows[0].device_id, batch_id: rows[0].event_id, rows }));
const chunks = (list, size) => Array.from({ length: Math.ceil(list.length / size) }, (_, nth) => list.slice(nth * size, (nth + 1) * size));

/** Server-sent events of our server; `heard` is called with every message's data as text. Ends with `close`. */
async function stream({ url, token }, heard) {
  const agent = new Agent();
  let socket;
  await new Promise((opened, failed) => {
    const sent = request(`${url}/replicate/pull/stream`, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      if (answer.statusCode !== 200) return failed(new Error(`the stream: ${answer.statusCode}`));
      let rest = "";
      answer.setEncoding("utf8");
      answer.on("error", () => {});
      answer.on("data", (part) => {
        const messages = (rest + part).split("\n\n");
        rest = messages.pop();
        for (const message of messages) {
          if (message.includes("event: hello")) opened();
          else if (!message.startsWith(":")) heard(message.slice(message.indexOf("data: ") + 6));
        }
      });
    });
    sent.once("socket", (it) => (socket = it));
    sent.once("error", failed);
    sent.end();
  });
  return { socket, close: () => agent.destroy() };
}

let opened = 0;
/** An RxDB client in memory, not yet replicating. */
async function rxdb() {
  const database = await createRxDatabase({ name: `bench${process.pid}x${(opened += 1)}`, storage: getRxStorageMemory(), multiInstance: false });
  const { rows } = await database.addCollections({ rows: { schema: rowSchema } });
  return { database, rows };
}

function replicate(rows, { url, token, live }) {
  const { pull, push } = handlers({ url, token });
  const replication = replicateRxCollection({ collection: rows, replicationIdentifier: "spotter bench", live, retryTime: 100, waitForLeadership: false, pull, push });
  replication.error$.subscribe((err) => console.error(`RxDB: ${err.message}`));
  return replication;
}

/** A TinyBase store that follows the server's. Requests may take long: a first one carries everything. */
async function tinybase(ws, name) {
  const store = createMergeableStore(name);
  const socket = new WebSocket(ws, { maxPayload: 2 ** 30 });
  const errors = [];
  const synchronizer = await createWsSynchronizer(store, socket, 300, undefined, undefined, (err) => errors.push(String(err?.message ?? err)));
  return { store, socket, synchronizer, errors, close: () => synchronizer.destroy() };
}

/** Each contender in turn, every other run backwards. */
async function inTurn(contenders, act) {
  for (let run = 0; run < runs; run += 1) for (const one of run % 2 ? contenders.toReversed() : contenders) await act(one, run);
}

// ---------------------------------------------------------------------------------------------- push

/** What the disk itself takes: one small append and `fdatasync` after the other. */
function diskFloor() {
  const folder = temporary();
  const file = openSync(join(folder, "floor"), "a");
  const row = Buffer.alloc(800, 120);
  const took = [];
  for (let nth = 0; nth < 200; nth += 1) {
    const began = performance.now();
    writeSync(file, row);
    fdatasyncSync(file);
    took.push(performance.now() - began);
  }
  closeSync(file);
  return quantiles(took);
}

async function push() {
  const kinds = [
    { name: "1 row per request, 32 connections", size: 1, lines: 32, rows: Number(options.singles) },
    { name: "100 rows per request, 4 connections", size: 100, lines: 4, rows: Number(options.hundreds) },
  ];
  const stores = ["sqlite", ...(postgres ? ["postgres"] : [])];
  const contenders = kinds.flatMap((kind) => {
    // A lane for each connection: its rows arrive in their order.
    const lanes = Array.from({ length: kind.lines }, (_, lane) => {
      const device = writer(lane.toString(16).padStart(2, "0"));
      return Array.from({ length: Math.floor(kind.rows / kind.lines) }, (_, nth) => made(device, nth));
    });
    const bodies = lanes.map((rows) => chunks(rows, kind.size).map(batch));
    return stores.map((on) => ({ ...kind, on, bodies, written: lanes.flat(), rates: [], took: [] }));
  });
  const floor = diskFloor();
  await inTurn(contenders, async (one) => {
    const server = await ours(one);
    const { token } = await signUp(server.url, { name: "mia", device_id, person, invite: terminalCode(server.database) });
    const lines = one.bodies.map(() => new Line({ url: server.url, token }));
    for (const line of lines) await line.json("/replicate/hello");
    const answers = [];
    const began = performance.now();
    await Promise.all(lines.map(async (line, at) => {
      for (const body of one.bodies[at]) {
        const sent = performance.now();
        answers.push(await line.ask("POST", "/replicate/push", { body, headers: native }));
        one.took.push(performance.now() - sent);
      }
    }));
    const seconds = (performance.now() - began) / 1_000;
    const accepted = answers.flatMap((answer) => JSON.parse(answer).results).filter((verdict) => verdict.status === "accepted");
    sameRows(accepted, one.written, "acknowledged");
    const { chains } = await lines[0].json("/replicate/digest");
    same(sums(chains), sumsOf(one.written), "what the server holds");
    one.rates.push(one.written.length / seconds);
    lines.forEach((line) => line.close());
    await server.stop();
  });
  const results = contenders.map((one) => ({ name: one.name, on: one.on, rows: one.written.length, rowsPerSecond: quantiles(one.rates), request: quantiles(one.took) }));
  table(["push", "database", "rows/s p50", "min", "max", "request ms p50", "p99"], results.map((it) => [it.name, it.on, ...["p50", "min", "max"].map((q) => Math.round(it.rowsPerSecond[q])), ms(it.request.p50), ms(it.request.p99)]));
  console.log(`one append of 800 bytes and fdatasync here: p50 ${ms(floor.p50)} ms, p99 ${ms(floor.p99)} ms`);
  return { results, floor };
}

// ---------------------------------------------------------------------------------------------- first sync

/** As a device of ours does it: the list, its segments one after the other, then pages from where they end. */
async function bySegments(server, token) {
  const line = new Line({ url: server.url, token });
  const began = performance.now();
  const list = await line.json("/replicate/snapshot");
  const spans = [];
  let bytes = 0;
  for (const { scope, from, to } of list.segments) {
    const body = await line.ask("GET", `/replicate/snapshot/segment?scope=${encodeURIComponent(scope)}&from=${from}&to=${to}`);
    const begins = 4 + body.readUInt32LE(0);
    ensure(body.subarray(begins, begins + 4).equals(body.subarray(-4)) && body.subarray(-4).toString() === "PAR1", "a segment that was cut");
    spans.push(...JSON.parse(body.subarray(4, begins)));
    bytes += body.length;
  }
  const tail = [];
  for (let { checkpoint } = list, more = true; more; ) {
    const page = await line.json(`/replicate/pull?${new URLSearchParams({ batchSize: 1_000, checkpoint: JSON.stringify(checkpoint) })}`);
    tail.push(...page.documents);
    ({ checkpoint, more } = page);
  }
  const took = performance.now() - began;
  line.close();
  const check = (rows) => {
    const parts = spans.map(({ chain, sum }) => ({ chain, ...sum }));
    same(spans.reduce((count, { places }) => count + places.reduce((sum, [from, to]) => sum + to - from + 1, 0), 0) + tail.length, rows.length, "rows in segments and tail");
    same(sums([...parts, ...tail.map((row) => ({ chain: `${row.scope}/${row.device_id}/${row.lane}`, n: 1, xor: row.h }))]), sumsOf(rows), "the segments' sums");
  };
  return { took, bytes, check };
}

async function byPages(server, token) {
  const began = performance.now();
  const line = new Line({ url: server.url, token });
  const rows = [];
  let bytes = 0;
  for (let checkpoint, more = true; more; ) {
    const body = await line.ask("GET", `/replicate/pull?${new URLSearchParams({ batchSize: 1_000, ...(checkpoint && { checkpoint: JSON.stringify(checkpoint) }) })}`);
    bytes += body.length;
    const page = JSON.parse(body);
    rows.push(...page.documents);
    ({ checkpoint, more } = page);
  }
  const took = performance.now() - began;
  line.close();
  return { took, bytes, check: (written) => sameRows(rows, written, "by pages") };
}

async function byRxdb(server, token) {
  const { database, rows } = await rxdb();
  const began = performance.now();
  const replication = replicate(rows, { url: server.url, token, live: false });
  await replication.awaitInitialReplication();
  const took = performance.now() - began;
  const found = (await rows.find().exec()).map((row) => row.primary);
  await replication.cancel();
  await database.remove();
  return { took, check: (written) => sameRows(found, written, "RxDB") };
}

async function byTinybase(server, count) {
  const clients = [];
  let trouble;
  const began = performance.now();
  try {
    await Promise.race([
      new Promise((_, failed) => (trouble = failed)),
      Promise.all(Array.from({ length: server.paths }, async (_, path) => {
        const client = await tinybase(`${server.ws}${path}`, `client${(opened += 1)}`);
        clients.push(client);
        client.socket.on("close", (code, reason) => trouble(new Error(`the line was closed: ${code} ${reason}`)));
        await client.synchronizer.startSync();
      })),
    ]);
    const took = performance.now() - began;
    const found = clients.flatMap(({ store }) => store.getRowIds("events"));
    ensure(found.length === count, `${found.length} rows arrived of ${count}: ${[...clients.flatMap((client) => client.errors), ...server.troubles]}`);
    return { took, check: (written) => sameRows(found, written, "TinyBase") };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

async function first() {
  const results = [];
  for (const count of numbers(options.rows)) {
    const device = writer();
    const rows = Array.from({ length: count }, (_, nth) => made(device, nth));
    const file = join(temporary(), "rows.jsonl");
    writeFileSync(file, rows.map((row) => JSON.stringify({ ...row, _deleted: false })).join("\n"));
    const server = await ours();
    const { token } = await signUp(server.url, { name: "mia", device_id, person, invite: terminalCode(server.database) });
    const line = new Line({ url: server.url, token });
    for (const some of chunks(rows, 500)) await line.ask("POST", "/replicate/push", { body: batch(some), headers: native });
    line.close();
    const [simple, tiny] = await Promise.all([peer("dialect", file), peer("tinybase", file)]);
    const contenders = [
      { name: "ours, segments", sync: () => bySegments(server, token) },
      { name: "ours, pages of 1,000", sync: () => byPages(server, token) },
      { name: "RxDB, our server", sync: () => byRxdb(server, token) },
      { name: "RxDB, JS server in memory", sync: () => byRxdb(simple, "none") },
      { name: `TinyBase, WsServer, paths: ${tiny.paths}`, sync: () => byTinybase(tiny, count) },
    ].map((one) => ({ ...one, took: [] }));
    await inTurn(contenders, async (one) => {
      if (one.fails) return;
      globalThis.gc?.();
      try {
        const { took, bytes, check } = await one.sync();
        check(rows);
        one.took.push(took);
        one.bytes = bytes;
      } catch (err) {
        // A peer that cannot do this many is told of, not left out; ours has to.
        if (one.name.startsWith("ours")) throw err;
        one.fails = err.message;
      }
    });
    await Promise.all([server.stop(), simple.stop(), tiny.stop()]);
    const own = median(contenders[0].took);
    for (const { name, took, bytes, fails } of contenders) results.push({ rows: count, name, fails, bytes, ms: fails ? undefined : quantiles(took), oursBySegments: fails ? undefined : round(own / median(took)) });
  }
  table(
    ["first sync", "rows", "ms p50", "min", "max", "rows/s", "bytes/row", "segments / this"],
    results.map((it) => [it.name, it.rows, ...(it.fails ? ["fails", "", "", "", "", ""] : [ms(it.ms.p50), ms(it.ms.min), ms(it.ms.max), Math.round((it.rows / it.ms.p50) * 1_000), it.bytes ? Math.round(it.bytes / it.rows) : "-", it.oursBySegments])]),
  );
  for (const it of results.filter((it) => it.fails)) console.log(`${it.name} with ${it.rows} rows: ${it.fails}`);
  return { results };
}

// ---------------------------------------------------------------------------------------------- tap

/** Rows one after the other: `write` makes one travel; whoever `arrived(id)` is called for has it. */
async function race(rows, write) {
  let waiting;
  const arrived = (id) => waiting?.id === id && waiting.done(performance.now() - waiting.began);
  const travel = async (row) => {
    const there = new Promise((done) => (waiting = { id: row.event_id, done, began: performance.now() }));
    const sent = write(row);
    const took = await there;
    await sent;
    return took;
  };
  return { arrived, all: async () => {
    const took = [];
    for (const row of rows) took.push(await travel(row));
    return took;
  } };
}

async function twoDevices(server, name) {
  const ids = [random.hex(16), random.hex(16)];
  const own = uuid7(Date.now(), random);
  const invited = server.admin ? (await ask(server.url, "/admin/invites", { token: server.admin, body: {} })).code : terminalCode(server.database);
  const { token } = await signUp(server.url, { name, device_id: ids[0], person: own, invite: invited });
  server.admin ??= token;
  const other = await signIn(server.url, { name, device_id: ids[1] });
  return { device: new Device({ device_id: ids[0], person: own, random }), tokens: [token, other.token] };
}

/** Not counted: lines and code that are used for the first time. */
const WARM = 20;

async function tapOurs(server, count, name) {
  const { device, tokens } = await twoDevices(server, name);
  const rows = Array.from({ length: count + WARM }, (_, nth) => made(device, nth));
  const bodies = new Map(rows.map((row) => [row.event_id, batch([row])]));
  const line = new Line({ url: server.url, token: tokens[0] });
  const { arrived, all } = await race(rows, (row) => line.ask("POST", "/replicate/push", { body: bodies.get(row.event_id), headers: native }));
  const seen = [];
  const listening = await stream({ url: server.url, token: tokens[1] }, (data) => {
    for (const row of JSON.parse(data).documents) {
      seen.push(row.event_id);
      arrived(row.event_id);
    }
  });
  const took = await all();
  sameRows(seen, rows, "the other device");
  sameRows((await readAll(server.url, tokens[1])).rows, rows, "the server");
  listening.close();
  line.close();
  return took.slice(WARM);
}

async function tapRxdb(server, count, name) {
  const { device, tokens } = await twoDevices(server, name);
  const rows = Array.from({ length: count + WARM }, (_, nth) => made(device, nth));
  const [a, b] = [await rxdb(), await rxdb()];
  const lines = [replicate(a.rows, { url: server.url, token: tokens[0], live: true }), replicate(b.rows, { url: server.url, token: tokens[1], live: true })];
  await Promise.all(lines.map((line) => line.awaitInitialReplication()));
  const { arrived, all } = await race(rows, (row) => a.rows.insert(row));
  const listening = b.rows.insert$.subscribe((event) => arrived(event.documentId));
  // Two streams of this account stand: before, a row would come by a pull.
  await until(async () => /^\w*streams 2$/m.test(await (await fetch(`${server.url}/metrics`)).text()), { what: "both streams stand" });
  const took = await all();
  listening.unsubscribe();
  sameRows((await b.rows.find().exec()).map((row) => row.primary), rows, "the other RxDB");
  for (const line of lines) await line.cancel();
  for (const one of [a, b]) await one.database.remove();
  return took.slice(WARM);
}

async function tapTinybase(count) {
  const server = await peer("tinybase");
  const device = writer();
  const rows = Array.from({ length: count + WARM }, (_, nth) => made(device, nth));
  const texts = new Map(rows.map((row) => [row.event_id, JSON.stringify(row)]));
  const [a, b] = [await tinybase(`${server.ws}0`, "a"), await tinybase(`${server.ws}0`, "b")];
  await a.synchronizer.startSync();
  await b.synchronizer.startSync();
  const { arrived, all } = await race(rows, (row) => a.store.setCell("events", row.event_id, "row", texts.get(row.event_id)));
  b.store.addCellListener("events", null, "row", (_store, _table, id) => arrived(id));
  const took = await all();
  sameRows(b.store.getRowIds("events"), rows, "the other TinyBase");
  await a.close();
  await b.close();
  await server.stop();
  return took.slice(WARM);
}

async function tap() {
  const server = await ours();
  const each = Math.ceil(Number(options.taps) / runs);
  const contenders = [
    { name: "ours: push to stream", take: (run) => tapOurs(server, each, `ours${run}`) },
    { name: "RxDB, our server", take: (run) => tapRxdb(server, each, `rxdb${run}`) },
    { name: "TinyBase, WsServer", take: () => tapTinybase(each) },
  ].map((one) => ({ ...one, took: [] }));
  await inTurn(contenders, async (one, run) => one.took.push(...(await one.take(run))));
  await server.stop();
  const floor = diskFloor();
  const results = contenders.map(({ name, took }) => ({ name, ms: quantiles(took) }));
  table(["device to device, ms", "n", "p50", "p95", "p99", "max"], results.map((it) => [it.name, it.ms.n, ms(it.ms.p50), ms(it.ms.p95), ms(it.ms.p99), ms(it.ms.max)]));
  console.log(`ours is on the disk first; one append and fdatasync here: p50 ${ms(floor.p50)} ms`);
  return { results, floor };
}

// ---------------------------------------------------------------------------------------------- screen

/** Two browsers of one person: a tick on one, and the frame in which the other's Progress shows the new count. */
async function screen() {
  // It wants a build of the app, which the other parts do without.
  const app = await import("../tests/journey/lib.mjs");
  const story = new app.Story();
  const server = await ours();
  const url = `http://localhost:${server.port}`;
  const count = Number(options.screens);
  const took = [];
  try {
    const mia = await app.browse(story, temporary());
    await app.openApp(mia.page, url, "/me/sync");
    await mia.page.getByTestId("account-name").fill("Mia");
    await mia.page.getByTestId("account-password").fill("correct horse battery");
    await mia.page.getByTestId("account-invite").fill(terminalCode(server.database));
    await mia.page.getByTestId("account-go").click();
    const inSync = (page) => app.becomes(() => app.text(page.getByTestId("sync-line")), "Everything is on the server", "how things stand", { timeout: 30_000 });
    await inSync(mia.page);
    await mia.page.getByTestId("add-device").click();
    await app.until(async () => (await app.text(mia.page.getByTestId("code-link"))).includes("#join="), { what: "a link" });
    const link = await app.text(mia.page.getByTestId("code-link"));
    const other = await app.browse(story, temporary());
    await app.openApp(other.page, url, link.slice(url.length));
    await other.page.getByTestId("account-code").waitFor();
    await other.page.getByTestId("account-go").click();
    await inSync(other.page);

    await app.startWorkout(mia.page);
    await app.addExercise(mia.page, "Bench Press (Barbell)", "bench press barbell");
    const train = async (nth) => {
      if (nth && !(await mia.page.getByTestId(`tick-${nth}`).count())) await mia.page.getByTestId("add-set").click();
      await app.typeSet(mia.page, nth, { load: "60", reps: "5" });
    };
    // The first one only makes the tile appear.
    await train(0);
    await app.tick(mia.page, 0);
    await app.progress(other.page, "All");
    await app.becomes(() => app.text(other.page.getByTestId("total-sets")), "1", "sets on the other device");
    for (let nth = 1; nth <= count; nth += 1) {
      await train(nth);
      // Both browsers read the same clock of the same machine, in whole milliseconds.
      await other.page.evaluate((wanted) => {
        globalThis.shown = new Promise((shown) => {
          const look = () => {
            if (document.querySelector('[data-test="total-sets"]')?.textContent.trim() !== wanted) return;
            watch.disconnect();
            const changed = Date.now();
            // A message that is sent in a frame comes after that frame was painted.
            requestAnimationFrame(() => {
              const { port1, port2 } = new MessageChannel();
              port1.onmessage = () => shown({ changed, painted: Date.now() });
              port2.postMessage(0);
            });
          };
          const watch = new MutationObserver(look);
          watch.observe(document.body, { subtree: true, childList: true, characterData: true });
        });
      }, app.thousands(nth + 1));
      await mia.page.evaluate((nth) => {
        const tick = document.querySelector(`[data-test="tick-${nth}"]`);
        globalThis.tapped = new Promise((tapped) => tick.addEventListener("click", () => tapped(Date.now()), { capture: true, once: true }));
      }, nth);
      await app.tick(mia.page, nth);
      const [tapped, { changed, painted }] = [await mia.page.evaluate(() => globalThis.tapped), await other.page.evaluate(() => globalThis.shown)];
      took.push({ changed: changed - tapped, painted: painted - tapped });
    }
    app.same(story.errors, [], "what the consoles say");
  } finally {
    await story.close();
    await server.stop();
  }
  const results = [{ name: "ours, Chromium to Chromium", changed: quantiles(took.map((it) => it.changed)), painted: quantiles(took.map((it) => it.painted)) }];
  table(["tap to the other's screen, ms", "n", "changed p50", "p95", "painted p50", "p95", "max"], results.map((it) => [it.name, it.painted.n, it.changed.p50, it.changed.p95, it.painted.p50, it.painted.p95, it.painted.max]));
  return { results };
}

// ---------------------------------------------------------------------------------------------- fan-out

const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
/** User and system time so far, in milliseconds; the kernel counts in hundredths of a second. */
const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

/** Threads that a server keeps for a next request end after ten seconds, and their stacks with them: as long it must stay. */
const STILL_MS = 11_000;
async function settled(server) {
  await server.collect?.();
  let [since, last] = [Date.now(), resident(server.pid)];
  await until(() => {
    const now = resident(server.pid);
    if (256 * 1024 < Math.abs(now - last)) [since, last] = [Date.now(), now];
    return STILL_MS < Date.now() - since;
  }, { what: "memory stays as it is", timeout: 90_000 });
  await server.collect?.();
  return resident(server.pid);
}

const DEVICES = 8;
const PUSHES = 20;

async function crowdOurs(files) {
  const server = await ours({ files });
  const { token } = await signUp(server.url, { name: "mia", device_id, person, invite: terminalCode(server.database) });
  const tokens = [];
  for (let nth = 0; nth < DEVICES; nth += 1) tokens.push((await signIn(server.url, { name: "mia", device_id: random.hex(16) })).token);
  const device = writer();
  return {
    ...server, join: { port: server.port, path: "/replicate/pull/stream", tokens },
    push: (nth) => {
      const row = made(device, nth);
      return { port: server.port, path: "/replicate/push", headers: { ...native, authorization: `Bearer ${token}` }, text: batch([row]).toString(), marker: row.event_id };
    },
  };
}

async function crowdBetterSse(files) {
  const server = await peer("better-sse", "20000", files);
  const device = writer();
  const at = (seq) => ({ epoch: "0123456789abcdef", seq, view: "0123456789abcdef" });
  return {
    ...server, join: { port: server.port, path: "/" },
    collect: () => server.send({ collect: true }),
    push: (nth) => {
      const row = made(device, nth);
      return { port: server.port, path: "/", text: JSON.stringify({ prev: at(nth), documents: [row], checkpoint: at(nth + 1) }), marker: row.event_id };
    },
  };
}

async function fanout() {
  const results = [];
  for (const count of numbers(options.connections)) {
    const files = count + 1_000;
    if (LIMIT < files) {
      console.log(`fan-out to ${count}: skipped, a process may open ${LIMIT} files here (ulimit -Hn)`);
      continue;
    }
    const contenders = [
      { name: "ours", make: crowdOurs },
      { name: "better-sse", make: crowdBetterSse },
    ].map((one) => ({ ...one, memory: [], last: [], half: [], cpu: [] }));
    await inTurn(contenders, async (one) => {
      const server = await one.make(files);
      const readers = await peer("crowd", undefined, files);
      // Some come and go first: what a server allocates once is not what a connection costs.
      await readers.send({ act: "join", count: 64, ...server.join });
      await readers.send({ act: "push", ...server.push(0) });
      await readers.send({ act: "leave" });
      const before = await settled(server);
      const { joined } = await readers.send({ act: "join", count, ...server.join });
      same(joined, count, "streams");
      one.memory.push(((await settled(server)) - before) / count);
      await readers.send({ act: "push", ...server.push(1) });
      const spent = cpu(server.pid);
      for (let nth = 0; nth < PUSHES; nth += 1) {
        const { last, half } = await readers.send({ act: "push", ...server.push(2 + nth) });
        one.last.push(last);
        one.half.push(half);
      }
      one.cpu.push(((cpu(server.pid) - spent) * 1_000) / PUSHES / count);
      await readers.stop();
      await server.stop();
    });
    const peerOf = (what) => median(contenders[1][what]);
    for (const one of contenders) {
      results.push({
        connections: count, name: one.name, bytesPerConnection: quantiles(one.memory), lastMs: quantiles(one.last), halfMs: quantiles(one.half), cpuMicrosPerDelivery: quantiles(one.cpu),
        ofPeer: { memory: round(median(one.memory) / peerOf("memory")), last: round(median(one.last) / peerOf("last")), cpu: round(median(one.cpu) / peerOf("cpu")) },
      });
    }
  }
  table(
    ["fan-out", "streams", "KB each", "all have it, ms p50", "p99", "half p50", "server CPU us each", "/ peer: memory", "all", "CPU"],
    results.map((it) => [it.name, it.connections, ms(it.bytesPerConnection.p50 / 1024), ms(it.lastMs.p50), ms(it.lastMs.p99), ms(it.halfMs.p50), ms(it.cpuMicrosPerDelivery.p50), it.ofPeer.memory, it.ofPeer.last, it.ofPeer.cpu]),
  );
  return { results, devices: DEVICES, pushes: PUSHES };
}

// ---------------------------------------------------------------------------------------------- idle

async function idle() {
  const server = await ours();
  const better = await peer("better-sse");
  const tiny = await peer("tinybase");
  const { token } = await signUp(server.url, { name: "mia", device_id, person, invite: terminalCode(server.database) });
  const client = await tinybase(`${tiny.ws}0`, "idle");
  await client.synchronizer.startSync();
  /** Bytes on the line from one heartbeat to the second after it. */
  const beats = (url, path, headers) =>
    new Promise((done, failed) => {
      const sent = request(url + path, { agent: new Agent(), headers }, (answer) => {
        const seen = [];
        answer.on("data", (part) => {
          if (!/(^|\n):/.test(part.toString())) return;
          seen.push({ at: performance.now(), bytes: answer.socket.bytesRead });
          if (seen.length < 3) return;
          const [from, to] = [seen[0], seen[2]];
          done({ everyMs: Math.round((to.at - from.at) / 2), bytesPerMinute: round(((to.bytes - from.bytes) * 60_000) / (to.at - from.at)) });
          sent.destroy();
        });
        answer.on("error", () => {});
      });
      sent.once("error", failed);
      sent.end();
    });
  const began = { at: performance.now(), bytes: client.socket._socket.bytesRead };
  const [own, theirs] = await Promise.all([beats(server.url, "/replicate/pull/stream", { authorization: `Bearer ${token}` }), beats(better.url, "/")]);
  const took = performance.now() - began.at;
  const silent = round(((client.socket._socket.bytesRead - began.bytes) * 60_000) / took);
  await client.close();
  await Promise.all([server.stop(), better.stop(), tiny.stop()]);
  const results = [{ name: "ours", ...own }, { name: "better-sse, as it comes", ...theirs }, { name: "TinyBase, WsServer", everyMs: undefined, bytesPerMinute: silent }];
  table(["idle", "heartbeat s", "bytes/min"], results.map((it) => [it.name, it.everyMs ? (it.everyMs / 1_000).toFixed(1) : "none", it.bytesPerMinute]));
  console.log("bytes of HTTP and WebSocket to the client; TCP, IP and TLS come on top. Without a heartbeat a dead line is not noticed.");
  return { results };
}

// ---------------------------------------------------------------------------------------------- all of it

if (!binary) throw new Error("no server: build it, or say where it is with SPOTTER_BIN");
const version = (program) => execFileSync(program, ["--version"], { encoding: "utf8" }).trim();
const said = [binary, process.env.SPOTTER_BIN ?? ""].join(" ");
const settings = {
  ...machine(asked.includes("screen") ? version(process.env.SPOTTER_CHROMIUM ?? "/usr/bin/chromium") : "not asked for"), binary, build: /\brelease\b/.test(said) ? "release" : /\bdebug\b/.test(said) ? "debug" : "unknown", database: `SQLite (WAL, FULL)${postgres ? " and PostgreSQL (synchronous_commit on)" : ""} in ${tmpdir()}`, runs,
  peers: "RxDB 17.6.0 (memory), TinyBase 10.0.1 with ws 8.23.0 (MergeableStore, a row is one cell of JSON), better-sse 0.16.1 on node:http", files: LIMIT,
  order: "in turn, every other run backwards", parts: asked.join(" "),
};
console.log(Object.entries(settings).map(([name, value]) => `${name}: ${value}`).join("\n"));
const acts = { push, first, tap, screen, fanout, idle };
for (const part of asked) {
  console.log(`\n${part}`);
  const began = performance.now();
  const result = await acts[part]();
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  console.log(`(${seconds} s)`);
  if (!options.out) continue;
  // Parts are run on their own, too: what others found stays, with the settings they had.
  const before = existsSync(options.out) ? JSON.parse(readFileSync(options.out, "utf8")) : {};
  mkdirSync(dirname(options.out), { recursive: true });
  writeFileSync(options.out, `${JSON.stringify({ bench: "sync", ...before, [part]: { settings, seconds, ...result } }, null, 2)}\n`);
}
if (options.out) console.log(`written: ${options.out}`);
process.exit();
