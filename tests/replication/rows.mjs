// Rows as a device writes them, and a server to send them to.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { blake3 } from "@noble/hashes/blake3.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import canonicalize from "canonicalize";
import { ensure, freePort, until } from "../common.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const dist = resolve(process.env.SPOTTER_DIST ?? join(root, "dist"));
const binary = process.env.SPOTTER_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/spotter/target"), "debug/spotter");
/** `postgres://user@host:port`; a server on which databases may be made. */
const postgres = process.env.SPOTTER_POSTGRES;

// ---------------------------------------------------------------------------------------------- ids

const hyphened = (bytes) => bytesToHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

/** RFC 9562 §5.7: 48 bits of UTC milliseconds, then chance. */
export function uuid7(ms, random) {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(ms) << 16n);
  bytes.set(random.bytes(10), 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return hyphened(bytes);
}

/** RFC 9562 §5.5 in the URL namespace: the same name is the same id on every device. */
export function uuid5(name) {
  const namespace = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex");
  const bytes = Uint8Array.from(createHash("sha1").update(namespace).update(name).digest().subarray(0, 16));
  bytes[6] = (bytes[6] & 0x0f) | 0x50;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return hyphened(bytes);
}

// ---------------------------------------------------------------------------------------------- rows

/** What the first row of a chain has for `prev`. */
export const ZERO = "0".repeat(64);

/** BLAKE3-256 over the canonical form (RFC 8785) of everything but these three; of an encrypted body over its own hash. */
export function hashOf(row) {
  const { h, sig, _deleted, ...hashed } = row;
  const hash = (value) => bytesToHex(blake3(utf8ToBytes(canonicalize(value))));
  if (hashed.enc === "x1") hashed.body = hash(hashed.body);
  return hash(hashed);
}

/** A row with its hash, and with the flag that RxDB wants on every document. */
export const sealed = (row) => ({ ...row, h: hashOf(row), _deleted: false });

/** A device that writes: its rows of one scope, each chained to the one before. */
export class Device {
  dseq = 0;
  prev = ZERO;
  #ticks = 0;

  constructor({ device_id, person, random, lane = "00" }) {
    Object.assign(this, { device_id, person, random, lane });
    this.session_id = uuid7(Date.now(), random);
  }

  /** The next row of the chain. It takes its place only by `keep`, so that a row the server refused leaves no hole. */
  draft(kind, body, more = {}) {
    const now = Date.now();
    const hlc = `${now.toString(16).padStart(12, "0")}-${(this.#ticks++ & 0xffff).toString(16).padStart(4, "0")}-${this.device_id}`;
    return sealed({
      event_id: uuid7(now, this.random), device_id: this.device_id, lane: this.lane, dseq: this.dseq + 1, prev: this.prev,
      scope: `u:${this.person}`, session_id: this.session_id, kind, v: 1, hlc, enc: "none", hdr: {}, body, ...more,
    });
  }

  keep(row) {
    [this.dseq, this.prev] = [row.dseq, row.h];
    return row;
  }

  write(kind, body, more) {
    return this.keep(this.draft(kind, body, more));
  }

  /** Something that a person does in a gym, or that a newer or more private build would write. */
  anything() {
    const { random } = this;
    const when = { at_ms: Date.now(), offset_min: random.one([-330, 0, 60]) };
    const id = uuid7(when.at_ms, random);
    return random.one([
      () => this.write("workout.started", { ...when, workout_id: id, name: random.one(["Push", "Zug – schwer", "脚の日 🦵"]), import_id: null }),
      () => this.write("body_weight.logged", { ...when, weighing_id: id, weight_g: random.between(50_000, 120_000), unit: "kg" }),
      () => this.write("profile.changed", { ...when, name: `Mia "${random.hex(6)}" \\ \u2028 ${random.one(["é", "💪", "\u0007"])}` }),
      // A kind and a version that no server knows yet, with a field of its own.
      () => this.write("set.dreamt", { ...when, "\u20ac": [random.between(-9, 9), null, { "\ufb33": true }] }, { v: 7, colour: random.hex(6) }),
      () => this.write("note.kept", Buffer.from(random.bytes(random.between(1, 200))).toString("base64url"), { enc: "x1" }),
    ])();
  }
}

/** The collection that rows are kept in. They are only ever inserted. */
export const rowSchema = {
  version: 0,
  primaryKey: "event_id",
  type: "object",
  properties: {
    event_id: { type: "string", maxLength: 36 },
    device_id: { type: "string" },
    lane: { type: "string" },
    dseq: { type: "integer" },
    prev: { type: "string" },
    scope: { type: "string" },
    session_id: { type: "string" },
    kind: { type: "string" },
    v: { type: "integer" },
    hlc: { type: "string" },
    enc: { type: "string" },
    hdr: { type: "object" },
    body: {},
    h: { type: "string" },
    sig: { type: "string" },
  },
  required: ["event_id", "device_id", "lane", "dseq", "prev", "scope", "session_id", "kind", "v", "hlc", "enc", "hdr", "body", "h"],
  // Fields that a newer build adds are under the hash: a client that drops them holds another row.
  additionalProperties: true,
};

// ---------------------------------------------------------------------------------------------- the server

/** Whatever ends this script ends its servers, and nothing of them stays on the disk. */
const children = new Set();
const folders = new Set();
process.once("exit", () => {
  children.forEach((child) => child.kill("SIGKILL"));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

/** Runs a program to its end. */
async function command(program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.resume();
  const code = await new Promise((ended, failed) => child.once("error", failed).once("close", ended));
  ensure(code === 0, `${program} ${args[0]} ended with ${code}`);
}

/** `spotter backup`, `spotter restore`, … */
export const run = (...args) => command(binary, args);

const askPostgres = (statement) => command("psql", ["--quiet", "--dbname", `${postgres}/postgres`, "--command", statement]);

let databases = 0;
/** A database that nothing is in: a SQLite file, or one of its own on the PostgreSQL server that the environment names. */
async function fresh(folder) {
  if (!postgres) return join(folder, "spotter.db");
  const name = `replication_${process.pid}_${(databases += 1)}`;
  await askPostgres(`create database ${name}`);
  return `${postgres}/${name}`;
}

const drop = (database) => postgres && askPostgres(`drop database ${database.split("/").at(-1)}`);

/** Starts the server and returns when it answers. */
async function start(database, port) {
  const url = `http://127.0.0.1:${port}`;
  const args = ["serve", "--dist", dist, "--database", database, "--port", String(port)];
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  child.once("exit", () => children.delete(child));
  await new Promise((listening, failed) => {
    child.stdout.once("data", listening);
    child.once("error", failed);
    child.once("exit", (code) => failed(new Error(`the server stopped with ${code}`)));
  });
  child.removeAllListeners("error");
  ensure((await fetch(`${url}/healthz`)).ok, "the server does not answer");
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((ended) => child.once("exit", ended));
    child.kill("SIGTERM");
    await gone;
    await until(() => fetch(`${url}/healthz`).then(() => false, () => true), { what: "the server is gone" });
  };
}

/** A server over a database of its own. It can be stopped and started again at the same address. */
export async function serve() {
  const folder = mkdtempSync(join(tmpdir(), "spotter-replication-"));
  folders.add(folder);
  const database = await fresh(folder);
  // Over PostgreSQL several processes serve one database, and what is said to one is heard by the readers of the other.
  const ports = await Promise.all(postgres ? [freePort(), freePort()] : [freePort()]);
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  let stops = [];
  const server = {
    url: urls[0], urls, folder, database,
    start: async () => {
      for (const port of ports) stops.push(await start(database, port));
    },
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
      stops = [];
    },
    close: async () => {
      await server.stop();
      await drop(database);
      rmSync(folder, { recursive: true, force: true });
      folders.delete(folder);
    },
  };
  try {
    await server.start();
  } catch (err) {
    await server.close();
    throw err;
  }
  return server;
}

// ---------------------------------------------------------------------------------------------- accounts

/** One request to the server itself, past every proxy. */
export async function ask(url, path, { token, body, accept } = {}) {
  const method = body === undefined ? "GET" : "POST";
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }), ...(accept && { accept }) };
  const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  const answer = await response.json();
  ensure(response.ok, `${method} ${path}: ${response.status} ${answer.code}: ${answer.detail}`);
  return answer;
}

const password = "correct horse battery staple";

/** The code that whoever sees the server's terminal has: it makes the first account. */
export const terminalCode = (database) => execFileSync(binary, ["invite", "--database", database], { encoding: "utf8" }).trim();

/** An account with its first device: `{ token, account }`, by an invitation or, the first one, by the terminal's code. */
export const signUp = (url, { name, device_id, person, invite }) =>
  ask(url, "/account/sign-up", { body: { name, password, invite, device: { device_id, name: `${name}'s first`, person } } });

/** One more device of an account. */
export const signIn = (url, { name, device_id }) =>
  ask(url, "/account/sign-in", { body: { name, password, device: { device_id, name: `${name}'s other` } } });

export const invite = async (url, token) => (await ask(url, "/admin/invites", { token, body: {} })).code;

/** Everything an account may read, page by page. */
export async function readAll(url, token, batchSize = 1_000) {
  const rows = [];
  for (let checkpoint; ; ) {
    const query = new URLSearchParams({ batchSize, ...(checkpoint && { checkpoint: JSON.stringify(checkpoint) }) });
    const page = await ask(url, `/replicate/pull?${query}`, { token });
    rows.push(...page.documents);
    const whole = page.documents.length < batchSize || page.checkpoint.seq === page.head;
    ensure(page.more === !whole, "a page that is not full, or ends at the head, says that it is the last, and no other does");
    if (!page.more) return { rows, checkpoint: page.checkpoint, head: page.head };
    checkpoint = page.checkpoint;
  }
}
