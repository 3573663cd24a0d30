// The server is killed under load, again and again: what it acknowledged is there afterwards, once, and nothing else is.
//
//   node tests/replication/kill.mjs [--kills 12] [--from SEED] [--out FILE]          SPOTTER_BIN, SPOTTER_DIST
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "../common.mjs";
import { Story, dice, ensure, same, until } from "./lib.mjs";
import { Device, ask, invite, readAll, signUp, terminalCode } from "./rows.mjs";

const { values } = parseArgs({ options: { kills: { type: "string", default: "12" }, from: { type: "string", default: "1" }, out: { type: "string" } } });
const kills = Number(values.kills);
const random = dice("kill", Number(values.from));
const folder = mkdtempSync(join(tmpdir(), "spotter-kill-"));
const database = join(folder, "spotter.db");
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const native = "application/vnd.spotter.push+json";
const story = new Story();
let child;
process.once("exit", () => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function start() {
  child = spawn(process.env.SPOTTER_BIN, ["serve", "--dist", process.env.SPOTTER_DIST ?? "dist", "--database", database, "--port", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((listening, failed) => {
    child.stdout.once("data", listening);
    child.once("exit", (code) => failed(new Error(`the server stopped with ${code}`)));
  });
  child.removeAllListeners("exit");
}

async function kill() {
  const gone = new Promise((ended) => child.once("exit", ended));
  child.kill("SIGKILL");
  await gone;
}

/** A device that pushes without rest. What was not answered is sent again, in the same or in other batches. */
class Writer {
  acked = new Map();
  waiting = [];
  written = new Map();
  duplicates = 0;

  constructor(token, device) {
    Object.assign(this, { token, device });
  }

  write() {
    const row = this.device.anything();
    this.written.set(row.event_id, row);
    this.waiting.push(row);
  }

  async push() {
    while (this.waiting.length < 40) this.write();
    const rows = this.waiting.slice(0, random.between(1, 40));
    const answer = await ask(url, "/replicate/push", { token: this.token, accept: native, body: { device_id: this.device.device_id, batch_id: "b", rows } });
    rows.forEach((row, at) => {
      const { status, seq } = answer.results[at];
      ensure(status === "accepted" || status === "duplicate", `a row was ${status}`);
      if (status === "duplicate") this.duplicates += 1;
      this.acked.set(row.event_id, seq);
    });
    this.waiting = this.waiting.filter((row) => !this.acked.has(row.event_id));
  }
}

const people = [];
let lost = 0;
let doubled = 0;
let midway = 0;

await story.step(`${kills} kills under load: nothing acknowledged is lost, nothing is there twice`, async () => {
  await start();
  for (const name of ["mia", "ben"]) {
    const person = crypto.randomUUID();
    const device_id = random.hex(16);
    const { token } = await signUp(url, { name, device_id, person, invite: people.length ? await invite(url, people[0].token) : terminalCode(database) });
    people.push(new Writer(token, new Device({ device_id, person, random })));
  }
  for (let nth = 0; nth < kills; nth += 1) {
    let over = false;
    const load = people.map(async (person) => {
      while (!over) {
        try {
          await person.push();
        } catch (err) {
          if (!over) throw err;
          midway += 1;
        }
      }
    });
    // So many pushes later, wherever the server is by then.
    const goal = people[0].acked.size + random.between(1, 150);
    await until(() => goal <= people[0].acked.size, { what: "the load goes on" });
    over = true;
    await kill();
    await Promise.all(load);
    await start();
    for (const person of people) {
      const { rows } = await readAll(url, person.token);
      const seen = new Map();
      for (const row of rows) {
        doubled += seen.has(row.event_id) ? 1 : 0;
        seen.set(row.event_id, row);
      }
      const missing = [...person.acked.keys()].filter((id) => !seen.has(id));
      lost += missing.length;
      same(missing.length, 0, `kill ${nth + 1} of seed ${values.from}: acknowledged rows that are gone`);
      same([...seen.keys()].filter((id) => !person.written.has(id)), [], "rows that nobody wrote");
      for (const row of rows) same(row, person.written.get(row.event_id), "a row as it was written");
    }
    same(doubled, 0, "rows that are there twice");
  }
});

await story.step("afterwards the digest says what the pages say", async () => {
  for (const person of people) {
    while (person.waiting.length) await person.push().then(() => (person.waiting.length = 0));
    const { rows } = await readAll(url, person.token);
    const { chains } = await ask(url, "/replicate/digest", { token: person.token });
    const xor = rows.reduce((sum, row) => Buffer.from(row.h, "hex").map((byte, at) => byte ^ sum[at]), Buffer.alloc(32));
    same(chains.map(({ n, max_dseq, xor }) => [n, max_dseq, xor]), [[rows.length, Math.max(...rows.map((row) => row.dseq)), xor.toString("hex")]], "the chain's sum");
  }
});

const acknowledged = people.reduce((sum, person) => sum + person.acked.size, 0);
const report = { kills, acknowledged, lost, doubled, requests_cut: midway, resent_and_known: people.reduce((sum, person) => sum + person.duplicates, 0) };
console.log(JSON.stringify(report));
if (values.out) writeFileSync(values.out, JSON.stringify(report));
await kill();
story.end();
