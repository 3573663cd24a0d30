// What the hostile checks share: a server that is watched, requests as they are written, sockets that misbehave, and an
// eye on every answer.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ensure, freePort, same, until } from "../common.mjs";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const dist = resolve(process.env.SPOTTER_DIST ?? join(root, "dist"));
export const binary = process.env.SPOTTER_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(homedir(), ".cache/spotter/target"), "debug/spotter");

export const MIB = 1 << 20;
export const NATIVE = "application/vnd.spotter.push+json";
export const JSON_TYPE = { "content-type": "application/json" };

// ---------------------------------------------------------------------------------------------- the server

const children = new Set();
const folders = new Set();
// A signal alone would leave the servers running.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
process.once("exit", () => {
  children.forEach((child) => child.kill("SIGKILL"));
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
});

export class Server {
  /** What it said at its start. */
  said = "";
  /** Lines it wrote to its error output: warnings, errors and panics. */
  complaints = "";
  /** Every answer that was read, for what has to hold of all of them. */
  answers = [];

  static async start(...more) {
    const server = new Server();
    const folder = mkdtempSync(join(tmpdir(), "spotter-hostile-"));
    folders.add(folder);
    server.database = join(folder, "spotter.db");
    server.port = await freePort();
    server.host = `localhost:${server.port}`;
    server.url = `http://${server.host}`;
    await server.begin(...more);
    return server;
  }

  /** Serves its database, once more after it has stopped. */
  async begin(...more) {
    const server = this;
    // As many files as a program may open where nobody thought of it.
    const limited = ["-c", 'ulimit -n 1024 && exec "$0" "$@"', binary];
    const child = spawn("/bin/sh", [...limited, "serve", "--dist", dist, "--database", server.database, "--port", String(server.port), ...more]);
    server.child = child;
    children.add(child);
    child.once("exit", () => children.delete(child));
    child.stderr.on("data", (bytes) => (server.complaints += bytes));
    await new Promise((listening, failed) => {
      child.stdout.on("data", (text) => {
        server.said += text;
        listening();
      });
      child.once("error", failed);
      child.once("exit", (code) => failed(new Error(`the server stopped with ${code}: ${server.complaints}`)));
    });
  }

  /** As when the power goes. */
  async kill() {
    const ended = new Promise((ended) => this.child.once("exit", ended));
    this.child.kill("SIGKILL");
    return ended;
  }

  /** The code that whoever sees the server's terminal has: an invitation, or the first account. */
  code = () => execFileSync(binary, ["invite", "--database", this.database], { encoding: "utf8" }).trim();

  /** Another command of the program, about this server's database. */
  command = (name, ...args) => execFileSync(binary, [name, "--database", this.database, ...args], { encoding: "utf8" }).trim();

  /** Asks it to stop, and returns its exit code. */
  async stop() {
    const ended = new Promise((ended) => this.child.once("exit", ended));
    this.child.kill("SIGTERM");
    return ended;
  }

  /** Bytes of memory it has now. */
  memory() {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.child.pid}/status`, "utf8"))[1]) * 1024;
  }

  /** How many of its open files are sockets, and how many the database's. */
  files() {
    const folder = `/proc/${this.child.pid}/fd`;
    const open = readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(join(folder, name))];
      } catch {
        return []; // It was closed while it was looked at.
      }
    });
    return { sockets: open.filter((name) => name.startsWith("socket:")).length, database: open.filter((name) => name.startsWith(this.database)).length };
  }

  /** Bytes that wait in the kernel: what the server has not read yet, and what nobody took of what it wrote. */
  waiting() {
    const [unread, untaken] = [[], []];
    for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
      const [, local, , , queues] = line.trim().split(/\s+/);
      if (parseInt(local?.split(":")[1], 16) !== this.port) continue;
      const [out, into] = queues.split(":").map((bytes) => parseInt(bytes, 16));
      unread.push(into);
      untaken.push(out);
    }
    const sum = (all) => all.reduce((sum, one) => sum + one, 0);
    return { unread: sum(unread), untaken: sum(untaken) };
  }

  /** A count of `/metrics`. */
  async metric(name) {
    const { text } = await this.ask("GET", "/metrics");
    const line = text.split("\n").find((line) => line.startsWith(`spotter_${name} `));
    ensure(line, `there is no count ${name}`);
    return Number(line.split(" ").at(-1));
  }

  /** Does something to the database behind the server's back, such as letting time pass. */
  sql(statement) {
    const script = "import sqlite3, sys\nlink = sqlite3.connect(sys.argv[1], timeout=20)\nprint(link.execute(sys.argv[2]).fetchall() or '')\nlink.commit()";
    return execFileSync("python3", ["-c", script, this.database, statement], { encoding: "utf8" }).trim();
  }

  /**
   * One request on a connection of its own, with exactly these headers: `fetch` would not send an Origin or a Cookie.
   * A `body` that is no text and no bytes is sent as JSON.
   */
  async ask(method, path, { token, headers = {}, body, chunked = false } = {}) {
    const bytes = body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    const all = { ...(token && { authorization: `Bearer ${token}` }), ...(body !== undefined && JSON_TYPE), ...headers };
    // A header may be taken away by saying that it is nothing.
    for (const [name, value] of Object.entries(all)) if (value === undefined) delete all[name];
    if (bytes !== undefined && !chunked) all["content-length"] = Buffer.byteLength(bytes);
    const answer = await new Promise((answered, failed) => {
      const sent = request({ host: "127.0.0.1", port: this.port, method, path, headers: { host: this.host, ...all }, agent: false }, (response) => {
        const parts = [];
        response.on("data", (part) => parts.push(part));
        response.on("error", failed);
        response.on("end", () => answered({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(parts) }));
      });
      sent.on("error", failed);
      sent.setTimeout(60_000, () => sent.destroy(new Error(`${method} ${path}: no answer in a minute`)));
      if (chunked) for (let at = 0; at < bytes.length; at += 65_536) sent.write(bytes.slice(at, at + 65_536));
      sent.end(chunked ? undefined : bytes);
    });
    return this.heard(method, path, answer);
  }

  heard(method, path, { status, headers, bytes }) {
    this.answers.push({ method, path, status, headers });
    return { method, path, status, headers, text: bytes.toString("utf8"), bytes, get json() { return JSON.parse(this.text); } };
  }

  /** One request as these bytes say. Resolves when the server closed the connection or, with `whole`, when an answer is whole. */
  async raw(bytes, { path = "?", whole = false, timeout = 60_000 } = {}) {
    const line = new Line(this.port);
    line.say(bytes);
    try {
      await until(() => line.over || (whole && line.answer()), { what: `an answer to ${JSON.stringify(String(bytes).slice(0, 60))}`, timeout });
      const answer = line.answer();
      return answer && this.heard(String(bytes).split(" ")[0], path, answer);
    } finally {
      line.close();
    }
  }

  /** A stream of server-sent events. Resolves when its answer has begun. */
  stream(token, { checkpoint, headers = {}, path } = {}) {
    const query = checkpoint === undefined ? "" : `?checkpoint=${encodeURIComponent(JSON.stringify(checkpoint))}`;
    return new Promise((begun, failed) => {
      const sent = request({ host: "127.0.0.1", port: this.port, path: path ?? `/replicate/pull/stream${query}`, headers: { host: this.host, authorization: `Bearer ${token}`, ...headers }, agent: false }, (response) => {
        this.answers.push({ method: "GET", path: "/replicate/pull/stream", status: response.statusCode, headers: response.headers });
        begun(new Events(sent, response));
      });
      sent.on("error", failed);
      sent.setTimeout(60_000, () => sent.destroy(new Error("a stream that says nothing for a minute")));
      sent.end();
    });
  }
}

/** A plain connection that says what it is told and remembers what it hears. */
export class Line {
  heard = Buffer.alloc(0);
  /** The other side has closed it. */
  over = false;

  constructor(port) {
    this.socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    this.socket.on("data", (bytes) => (this.heard = Buffer.concat([this.heard, bytes])));
    // A reset is a way to close, too.
    this.socket.on("error", () => (this.over = true));
    this.socket.on("end", () => (this.over = true));
    this.socket.on("close", () => (this.over = true));
    this.opened = new Promise((opened) => this.socket.once("connect", opened).once("close", opened));
    this.began = Date.now();
  }

  say(bytes) {
    this.socket.write(bytes);
    return this;
  }

  /** The first answer, if all of it has come. */
  answer() {
    const end = this.heard.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const [first, ...lines] = this.heard.subarray(0, end).toString("latin1").split("\r\n");
    const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
    const length = Number(headers["content-length"] ?? 0);
    const bytes = this.heard.subarray(end + 4, end + 4 + length);
    if (bytes.length < length) return undefined;
    return { status: Number(first.split(" ")[1]), headers, bytes };
  }

  close() {
    this.socket.destroy();
  }
}

/** The events of one stream (WHATWG HTML, "Interpreting an event stream"). */
export class Events {
  /** `{ event, data, id }` of each. */
  said = [];
  comments = 0;
  ended = false;
  #rest = "";
  #event = {};

  constructor(sent, response) {
    Object.assign(this, { sent, response, status: response.statusCode, body: "" });
    response.setEncoding("utf8");
    response.on("data", (text) => (this.status === 200 ? this.#take(text) : (this.body += text)));
    for (const end of ["end", "close", "error"]) response.on(end, () => (this.ended = true));
  }

  #take(text) {
    this.#rest += text;
    for (;;) {
      const line = /\r\n|\n|\r(?!$)/.exec(this.#rest);
      if (!line) return;
      this.#line(this.#rest.slice(0, line.index));
      this.#rest = this.#rest.slice(line.index + line[0].length);
    }
  }

  #line(line) {
    if (line === "") {
      if (this.#event.data !== undefined) this.said.push(this.#event);
      this.#event = {};
    } else if (line.startsWith(":")) {
      this.comments += 1;
    } else {
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (name === "data") this.#event.data = this.#event.data === undefined ? value : `${this.#event.data}\n${value}`;
      else this.#event[name] = value;
    }
  }

  /** What was said as JSON, but for the greeting. */
  get frames() {
    return this.said.filter(({ event }) => event === undefined).map(({ data }) => JSON.parse(data));
  }

  get greeted() {
    return this.said.some(({ event }) => event === "hello");
  }

  /** Why the server ended it, if it said so. */
  get bye() {
    const bye = this.said.find(({ event }) => event === "bye");
    return bye && JSON.parse(bye.data).code;
  }

  close() {
    this.sent.destroy();
  }
}

// ---------------------------------------------------------------------------------------------- what has to hold

let checks = 0;
export const counted = () => checks;

export function is(actual, expected, what) {
  checks += 1;
  same(actual, expected, what);
}

export function holds(condition, what) {
  checks += 1;
  ensure(condition, what);
}

const RETRY = {
  BAD_REQUEST: "never", BATCH_TOO_LARGE: "smaller", BAD_ENVELOPE: "never", AUTH_EXPIRED: "after_sign_in", WRONG_PASSWORD: "after_sign_in",
  FORBIDDEN_SCOPE: "after_grant", FORBIDDEN: "never", NOT_FOUND: "never", METHOD_NOT_ALLOWED: "never", EPOCH_CHANGED: "from_the_beginning",
  VIEW_CHANGED: "from_the_beginning", ID_REUSED: "never", TAKEN: "never", CODE_USED: "never", REQUEST_TOO_LARGE: "smaller",
  ROW_TOO_LARGE: "never", UNSUPPORTED: "after_update", SLOW_DOWN: "later", QUOTA: "after_quota",
};
const LIMITS = { row_bytes: 64 * 1024, push_rows: 500, push_bytes: 4 * MIB, batch_size: 1_000 };

/** The answer is a problem of this kind, whole and in words. */
export function refused(answer, status, code, what = `${answer?.method} ${answer?.path?.slice(0, 120)}`) {
  holds(answer, `${what}: there was no answer`);
  is([answer.status, answer.headers["content-type"]], [status, "application/problem+json"], `${what}: status and type of ${answer.text.slice(0, 200)}`);
  const { code: said, retry, detail, limits, ...more } = answer.json;
  is([said, retry], [code, RETRY[code]], `${what}: code and retry`);
  holds(typeof detail === "string" && 0 < detail.length, `${what}: it says nothing in words`);
  if (code === "BATCH_TOO_LARGE" || code === "REQUEST_TOO_LARGE") is(limits, LIMITS, `${what}: the limits`);
  const { retry_after_ms, ...unknown } = more;
  is(unknown, {}, `${what}: fields that no problem has`);
  if (status === 401) is(answer.headers["www-authenticate"], "Bearer", `${what}: how to sign in`);
  if (status === 429) {
    holds(0 < retry_after_ms, `${what}: when to come back`);
    is(answer.headers["retry-after"], String(Math.ceil(retry_after_ms / 1_000)), `${what}: when to come back, in the header`);
  }
  return answer.json;
}

export function fine(answer, what = `${answer.method} ${answer.path.slice(0, 120)}`) {
  is(answer.status, 200, `${what}: ${answer.text.slice(0, 200)}; its status`);
  return answer;
}

/** A verdict that is none of the good ones. */
export function turnedDown(verdict, status, code, what) {
  is([verdict.status, verdict.code, verdict.retry, verdict.seq], [status, code, RETRY[code], undefined], `${what}: the verdict`);
}
