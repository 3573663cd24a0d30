// Several RxDB clients of one account write at the same time through bad networks, beside an account that none of them may
// see. Then the networks heal, and every device has to hold every row of its account, once, in whole chains.
//
//   node tests/replication/clients.mjs [--seeds N] [--from S]          SPOTTER_BIN, SPOTTER_DIST
//
// First the same run with planted faults, each of which it has to notice: a test that cannot fail says nothing.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import canonicalize from "canonicalize";
import { createRxDatabase } from "rxdb";
import { replicateRxCollection } from "rxdb/plugins/replication";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { Story, dice, ensure, pause, same, seeds, until } from "./lib.mjs";
import { contiguous, handlers } from "./handlers.mjs";
import { Proxy, forgetful, none, rough } from "./proxy.mjs";
import { Device, ZERO, ask, hashOf, invite, readAll, rowSchema, run, sealed, serve, signIn, signUp, terminalCode, uuid7 } from "./rows.mjs";

const story = new Story();
const root = new URL("../..", import.meta.url).pathname;

// ---------------------------------------------------------------------------------------------- a client

let databases = 0;

/** A device: an RxDB database in memory, its replication, and what it writes. */
class Client {
  started = 0;
  finished = 0;
  restarts = 0;
  errors = [];

  constructor({ world, account, signed, device_id, url, random, judge, plant }) {
    Object.assign(this, { world, account, token: signed.token, url, random, judge, plant });
    this.device = new Device({ device_id, person: account.persons[0], random });
  }

  async open(before) {
    const database = await createRxDatabase({ name: `device${(databases += 1)}`, storage: getRxStorageMemory(), multiInstance: false });
    this.database = database;
    const { rows } = await database.addCollections({ rows: { schema: rowSchema } });
    this.rows = rows;
    await before?.(this);
    await this.connect();
    return this;
  }

  async connect() {
    const { epoch } = await ask(this.world.server.url, "/replicate/hello", { token: this.token });
    const { pull, push } = handlers({ url: this.url, token: this.token, judge: this.judge, backoff: { first: 20, most: 200 }, again: 50 });
    const counted = async (checkpoint, batchSize) => {
      const nth = (this.started += 1);
      const page = await pull.handler(checkpoint, batchSize);
      if (page.documents.length < batchSize) this.finished = nth;
      return page;
    };
    this.replication = replicateRxCollection({
      collection: this.rows,
      replicationIdentifier: `spotter ${epoch}`,
      live: true,
      retryTime: 60,
      waitForLeadership: false,
      pull: { ...pull, handler: counted, batchSize: this.random.one([5, 20, 100]) },
      push: { handler: this.plant?.(push.handler, this.random) ?? push.handler, batchSize: this.random.one([3, 10, 50]) },
    });
    this.replication.error$.subscribe((err) => this.errors.push(err));
    this.connected?.();
  }

  /** Writes some rows at once, as an import or a whole workout does, or one, as a tick of a set does. */
  async write(count, device = this.device) {
    const rows = Array.from({ length: count }, () => device.anything());
    for (const row of rows) this.account.written.set(row.event_id, row);
    const { error } = await this.rows.bulkInsert(rows.map(({ _deleted, ...row }) => row));
    same(error.length, 0, "rows the device itself refused");
  }

  async session(bursts) {
    for (let nth = 0; nth < bursts; nth += 1) {
      await this.write(this.random.one([1, 1, 2, 3, 12]));
      // The app is closed and opened again, perhaps after more was written.
      if (this.random.roll() < 0.04) {
        await this.replication.cancel();
        if (this.random.roll() < 0.5) await this.write(this.random.between(1, 5));
        await this.connect();
        this.restarts += 1;
      }
      // The pace of training, as the seed has it.
      await pause(this.random.between(0, 50));
    }
  }

  /** Whatever was on its way has arrived, and a pull that began after this was asked has come to its end. */
  async settle() {
    const mark = this.started;
    this.replication.reSync();
    // RxDB forgets the wish when a frame stands before it, see handlers.mjs.
    const again = setInterval(() => this.replication.reSync(), 500);
    await until(() => mark < this.finished, { what: `${this.device.device_id} reads to the end` }).finally(() => clearInterval(again));
    await this.replication.awaitInSync();
  }

  async held() {
    return (await this.rows.find().exec()).map((row) => row.toMutableJSON());
  }

  /** RxDB keeps what is in memory until it is removed. */
  close() {
    return this.database.remove();
  }
}

// ---------------------------------------------------------------------------------------------- a world

/** A server, two accounts, some devices, a bad network for each. */
class World {
  clients = [];
  proxies = [];

  static async make({ seed, faults, judge = contiguous, plant }) {
    const world = new World();
    Object.assign(world, { seed, faults, judge, plant, random: dice(seed, "world") });
    world.server = await serve();
    const mia = await world.account("mia", terminalCode(world.server.database));
    const ben = await world.account("ben", await invite(world.server.url, mia.signed.token));
    for (let nth = world.random.between(3, 5); 0 < nth; nth -= 1) await world.join(mia);
    await world.join(ben);
    return world;
  }

  async account(name, code) {
    const { url } = this.server;
    const person = uuid7(Date.now(), this.random);
    const account = { name, persons: [person], written: new Map(), devices: 0, first: this.random.hex(16) };
    account.signed = await signUp(url, { name, device_id: account.first, person, invite: code });
    (this.accounts ??= []).push(account);
    return account;
  }

  /** One more device; `before` is what happens on it while it has never been online. */
  async join(account, before) {
    const { urls } = this.server;
    const url = urls[this.clients.length % urls.length];
    const device_id = account.devices === 0 ? account.first : this.random.hex(16);
    const signed = account.devices === 0 ? account.signed : await signIn(url, { name: account.name, device_id });
    const name = `${account.name} ${(account.devices += 1)}`;
    const proxy = this.faults && (await Proxy.start({ target: url, faults: this.faults, seed: this.seed, name }));
    if (proxy) this.proxies.push(proxy);
    const { judge, plant } = this;
    const random = dice(this.seed, name);
    const client = new Client({ world: this, account, signed, device_id, url: proxy?.url ?? url, random, judge, plant });
    this.clients.push(await client.open(before));
    return client;
  }

  /** No more faults, and every device gets the chance to say and to hear everything. */
  async heal() {
    for (const proxy of this.proxies) proxy.heal();
    // Once for what is still to be sent, once more for what others have sent meanwhile.
    for (const _ of [1, 2]) await Promise.all(this.clients.map((client) => client.settle()));
  }

  counts() {
    const sum = {};
    for (const { counts } of this.proxies) for (const [fault, count] of Object.entries(counts)) sum[fault] = (sum[fault] ?? 0) + count;
    return sum;
  }

  async close() {
    await Promise.all(this.clients.map((client) => client.close()));
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    await this.server.close();
  }
}

// ---------------------------------------------------------------------------------------------- what must hold

const bare = ({ _deleted, ...row }) => canonicalize(row);
const chainOf = (row) => `${row.scope}/${row.device_id}/${row.lane}`;

function chainsOf(rows) {
  const chains = new Map();
  for (const row of rows) chains.set(chainOf(row), [...(chains.get(chainOf(row)) ?? []), row]);
  return chains;
}

/** What `GET /replicate/digest` should say about some rows. */
function digestOf(rows) {
  const sums = [...chainsOf(rows)].map(([chain, links]) => {
    const xor = Buffer.alloc(32);
    for (const { h } of links) Buffer.from(h, "hex").forEach((byte, at) => (xor[at] ^= byte));
    return [chain, { n: links.length, max_dseq: Math.max(...links.map((row) => row.dseq)), xor: xor.toString("hex") }];
  });
  return Object.fromEntries(sums);
}

/** Everything that is wrong with some rows, which should be those that were written. */
function* wrongWith(where, rows, account, accounts) {
  const seen = new Set();
  for (const row of rows) {
    if (seen.has(row.event_id)) yield ["doubled", `${where} holds ${row.event_id} twice`];
    seen.add(row.event_id);
    const written = account.written.get(row.event_id);
    if (written && bare(written) !== bare(row)) yield ["changed", `${where} holds another ${row.event_id}`];
    if (hashOf(row) !== row.h) yield ["changed", `${where}: the hash of ${row.event_id} is not its own`];
    const owner = accounts.find(({ persons }) => persons.some((person) => row.scope === `u:${person}`));
    if (owner !== account) yield ["foreign", `${where} holds a row of ${owner?.name}`];
    else if (!written) yield ["unknown", `${where} holds ${row.event_id}, which nobody wrote`];
  }
  const missing = [...account.written.keys()].filter((id) => !seen.has(id));
  if (missing.length) yield ["missing", `${where} lacks ${missing.length} of ${account.written.size} rows`];
  for (const [chain, links] of chainsOf(rows)) {
    let [dseq, prev] = [0, ZERO];
    for (const row of links.sort((a, b) => a.dseq - b.dseq)) {
      if (row.dseq !== dseq + 1 || row.prev !== prev) {
        yield ["hole", `${where}: after ${dseq} comes ${row.dseq} in ${chain}`];
        break;
      }
      [dseq, prev] = [row.dseq, row.h];
    }
  }
}

async function complaints(world) {
  const { server, accounts, clients, random } = world;
  const found = [];
  let stored = 0;
  let head;
  for (const account of accounts) {
    const { token } = account.signed;
    const { rows, head: at } = await readAll(server.url, token);
    [stored, head] = [stored + rows.length, at];
    found.push(...wrongWith("the server", rows, account, accounts));
    const small = random.between(1, 40);
    const again = await readAll(server.url, token, small);
    if (bare(again.rows) !== bare(rows)) found.push(["pages", `pages of ${small} rows are not the pages of 1000`]);

    const { chains } = await ask(server.url, "/replicate/digest", { token });
    const digest = Object.fromEntries(chains.map(({ chain, ...sum }) => [chain, sum]));
    const differs = (from) => canonicalize(digest) !== canonicalize(digestOf([...from]));
    if (differs(account.written.values())) found.push(["digest", `the digest of ${account.name} is not that of the written rows`]);

    for (const client of clients.filter((one) => one.account === account)) {
      const held = await client.held();
      found.push(...wrongWith(`${account.name}'s ${client.device.device_id}`, held, account, accounts));
      if (differs(held)) found.push(["digest", `${client.device.device_id} does not come to the server's digest`]);
    }
  }
  // Places in the log are handed out one by one: more places than rows means that something was stored and is hidden.
  if (head !== stored) found.push(["doubled", `the log has ${head} places and ${stored} rows`]);
  return found;
}

function told(found) {
  const lines = found.slice(0, 8).map(([kind, text]) => `${kind}: ${text}`);
  if (lines.length < found.length) lines.push(`and ${found.length - lines.length} more`);
  return lines.join("\n  ");
}

async function inWorld(options, act) {
  const world = await World.make(options);
  try {
    return await act(world);
  } catch (err) {
    const errors = world.clients.flatMap(({ errors }) => errors.map((one) => one.parameters?.errors?.[0]?.message ?? one.message));
    err.stack = `${err.stack}\n  last errors of the clients: ${[...new Set(errors)].slice(-4).join(" | ")}`;
    throw err;
  } finally {
    await world.close();
  }
}

const BURSTS = 25;
const session = (world, bursts) => Promise.all(world.clients.map((client) => client.session(bursts)));

async function converges(world) {
  await session(world, BURSTS);
  await world.heal();
  await nothingWrong(world);
}

async function nothingWrong(world) {
  const found = await complaints(world);
  if (found.length) throw new Error(told(found));
}

// ---------------------------------------------------------------------------------------------- the test notices

/** Runs a world with a planted fault until it is noticed, with some seeds at most: what is lost is a matter of chance. */
function notices(name, kinds, options, tamper = () => {}) {
  return story.step(`noticed: ${name}`, async () => {
    let found = [];
    for (const seed of [1, 2, 3]) {
      found = await inWorld({ seed, ...options }, async (world) => {
        await session(world, BURSTS);
        await world.heal();
        await tamper(world);
        return complaints(world);
      });
      const seen = new Set(found.map(([kind]) => kind));
      if (kinds.every((kind) => seen.has(kind))) return `${found.length} complaints with seed ${seed}, first: ${found[0][1]}`;
    }
    throw new Error(`this test is blind: ${kinds.join(", ")} not among its complaints:\n  ${told(found)}`);
  });
}

await story.step("rows made here have the hashes of the rows that the app wrote", () => {
  const rows = readFileSync(join(root, "tests/fixtures/rows-v1.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  for (const row of rows) same(hashOf(row), row.h, `the hash of ${row.kind}`);
  ensure(20 < rows.length, "the file has too few rows");
});

await story.step("every complaint is made when there is a reason", () => {
  const [mia, ben] = ["mia", "ben"].map((name) => ({ name, persons: [uuid7(Date.now(), dice(name))], written: new Map() }));
  const device = new Device({ device_id: "0123456789abcdef", person: mia.persons[0], random: dice("complaints") });
  const rows = Array.from({ length: 5 }, () => device.anything());
  for (const row of rows) mia.written.set(row.event_id, row);
  const foreign = new Device({ device_id: "fedcba9876543210", person: ben.persons[0], random: dice("foreign") }).anything();
  const kinds = (held) => [...new Set([...wrongWith("here", held, mia, [mia, ben])].map(([kind]) => kind))].sort();
  same(kinds(rows.toReversed()), [], "complaints about all rows in another order");
  same(kinds(rows.slice(0, 4)), ["missing"], "complaints about a chain without its end");
  same(kinds(rows.toSpliced(2, 1)), ["hole", "missing"], "complaints about a chain without its middle");
  same(kinds([...rows, rows[4]]), ["doubled", "hole"], "complaints about a row that is there twice");
  same(kinds([...rows, foreign]), ["foreign"], "complaints about somebody else's row");
  same(kinds([...rows, device.anything()]), ["unknown"], "complaints about a row that nobody wrote");
  same(kinds(rows.with(1, { ...rows[1], body: {} })), ["changed"], "complaints about a changed body");
  same(kinds(rows.with(4, sealed({ ...rows[4], v: 9 }))), ["changed"], "complaints about a row that was written anew");
});

/**
 * A client of a server whose log has four rows comes to hold them. It sees the first at once; while it pulls again, because
 * the stream was opened, it hears `messages`, each when it has taken the one before.
 */
async function takesAll(messages) {
  const device = new Device({ device_id: "0123456789abcdef", person: uuid7(Date.now(), dice("few")), random: dice("few") });
  const rows = Array.from({ length: 4 }, () => device.anything());
  const at = (seq) => ({ epoch: "e", seq, view: "v" });
  const frame = (prev, seq) => ({ prev: at(prev), documents: rows.slice(prev, seq), checkpoint: at(seq) });
  let pulls = 0;
  let stream;
  let heard;
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    if (pathname.endsWith("/stream")) {
      stream = response.writeHead(200, { "content-type": "text/event-stream" });
      if (0 < pulls) stream.flushHeaders();
      return;
    }
    const nth = (pulls += 1);
    const from = JSON.parse(searchParams.get("checkpoint") ?? '{"seq":0}').seq;
    const to = nth < 3 ? 1 : rows.length;
    if (nth === 2) {
      for (const message of messages(frame)) {
        stream.write(message);
        await new Promise((taken) => (heard = () => setImmediate(taken)));
      }
    }
    response.end(JSON.stringify({ documents: rows.slice(from, to), checkpoint: at(Math.max(from, to)), more: false, head: to }));
    // The stream opens after the first pull, so that it leads to a second one.
    if (nth === 1) stream?.flushHeaders();
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const database = await createRxDatabase({ name: `device${(databases += 1)}`, storage: getRxStorageMemory(), multiInstance: false });
  try {
    const { rows: held } = await database.addCollections({ rows: { schema: rowSchema } });
    const judge = (...said) => (heard(), contiguous(...said));
    const url = `http://127.0.0.1:${server.address().port}`;
    const { pull } = handlers({ url, token: "none", judge, backoff: { first: 600_000, most: 600_000 } });
    replicateRxCollection({ collection: held, replicationIdentifier: "few", live: true, pull: { ...pull, batchSize: 100 } });
    await until(async () => (await held.find().exec()).length === rows.length, { what: "every row is here", timeout: 10_000 });
  } finally {
    await database.remove();
    server.closeAllConnections();
    server.close();
  }
}

await story.step("a gap that shows behind a frame which waits is read", () =>
  takesAll((frame) => [frame(1, 2), frame(3, 4)].map((one) => `id: ${one.checkpoint.seq}\ndata: ${JSON.stringify(one)}\n\n`)));

await story.step("a frame whose data has several lines is one frame", () =>
  takesAll((frame) => [`id: 4\n${JSON.stringify(frame(1, 4), null, 1).replaceAll(/^/gm, "data: ")}\n\n`]));

await notices("a client that takes every frame loses rows, and reading again does not bring them back", ["missing", "hole"], {
  faults: forgetful,
  judge: () => "apply",
});

await story.step("with the rule about frames the same clients lose nothing", async () => {
  for (const seed of [1, 2, 3]) await inWorld({ seed, faults: forgetful }, async (world) => converges(world));
});

await notices("a client that makes a new row of each attempt doubles rows", ["unknown", "hole"], {
  faults: rough,
  plant: (push, random) => {
    const anew = ({ newDocumentState: row }) => ({ newDocumentState: sealed({ ...row, event_id: uuid7(Date.now(), random) }) });
    let nth = 0;
    return (rows) => push((nth += 1) % 2 ? rows : rows.map(anew));
  },
});

await notices("a client that holds a row for sent before it was leaves a hole", ["missing", "hole", "digest"], {
  faults: rough,
  plant: (push) => {
    let nth = 0;
    return (rows) => push((nth += 1) === 5 ? rows.slice(1) : rows);
  },
});

await notices("a row of the other account on a device", ["foreign"], { faults: rough }, async ({ clients }) => {
  const [mia, ben] = [clients[0], clients.at(-1)];
  await mia.replication.cancel();
  await mia.rows.insert((await ben.held())[0]);
});

// ---------------------------------------------------------------------------------------------- it holds

const total = {};
let sent = 0;
let restarts = 0;
const all = seeds(12);
for (const seed of all) {
  await story.step(`devices converge after a bad network, seed ${seed}`, async () => {
    try {
      return await inWorld({ seed, faults: rough }, async (world) => {
        await converges(world);
        for (const [fault, count] of Object.entries(world.counts())) total[fault] = (total[fault] ?? 0) + count;
        for (const { written } of world.accounts) sent += written.size;
        for (const client of world.clients) restarts += client.restarts;
        return `${world.clients.length} devices, ${world.accounts.map(({ written }) => written.size).join(" + ")} rows`;
      });
    } catch (err) {
      err.stack = `seed ${seed}: node tests/replication/clients.mjs --seeds 1 --from ${seed}\n${err.stack}`;
      throw err;
    }
  });
}

await story.step("the faults took place", () => {
  const expected = ["delay", ...Object.keys(rough.request), ...Object.keys(rough.frame)];
  ensure(0 < Object.keys(total).length, "no fault took place");
  // A single seed that is looked at again need not have thrown all of them.
  if (6 < all.length) same(expected.filter((fault) => !total[fault]), [], "faults that never happened");
  return `${sent} rows, ${restarts} restarts, ${Object.entries(total).map(([fault, count]) => `${fault} ${count}`).join(", ")}`;
});

await story.step("news come by themselves: after a lost frame with the next one, after a broken stream with the next stream", () =>
  inWorld({ seed: 4, faults: none }, async (world) => {
    const [writer, reader] = world.clients;
    const faults = (network) => (world.proxies[1].faults = network);
    const holds = async (what) => until(async () => (await reader.held()).length === writer.account.written.size, { what, timeout: 10_000 });
    await writer.write(1);
    await holds("a row arrives");

    faults({ ...none, frame: { "lost frame": 1 } });
    await writer.write(3);
    await until(() => world.proxies[1].counts["lost frame"], { what: "a frame is lost" });
    const { started } = reader;
    faults(none);
    await writer.write(1);
    await holds("the next frame shows that one was lost");
    ensure(started < reader.started, "the lost frame was not lost");

    faults({ ...none, request: { "dropped request": 1 } });
    world.proxies[1].cut();
    await writer.write(3);
    await writer.replication.awaitInSync();
    await until(() => 2 < world.proxies[1].counts["dropped request"], { what: "the stream cannot be opened" });
    faults(none);
    await holds("a stream that is opened again brings what was missed");
    await nothingWrong(world);
  }));

await story.step("an id that is used twice: the second device takes the row that is stored", () =>
  inWorld({ seed: 1 }, async (world) => {
    const [mia] = world.accounts;
    await world.clients[0].write(1);
    await world.heal();
    const [stored] = await world.clients[0].held();
    const conflicts = [];
    await world.join(mia, async (twin) => {
      const body = { name: "twin", at_ms: 1, offset_min: 0 };
      const { _deleted, ...row } = twin.device.draft("profile.changed", body, { event_id: stored.event_id });
      await twin.rows.insert(row);
      twin.connected = () => twin.replication.conflict$.subscribe((conflict) => conflicts.push(conflict));
    });
    await world.heal();
    await nothingWrong(world);
    same(conflicts.length, 1, "conflicts");
  }));

await story.step("when an account may read more, its devices read it from the beginning", () =>
  inWorld({ seed: 3 }, async (world) => {
    const [mia] = world.accounts;
    await session(world, 5);
    await world.heal();
    const person = uuid7(Date.now(), world.random);
    await ask(world.server.url, "/account/persons", { token: mia.signed.token, body: { person } });
    mia.persons.push(person);
    const [first] = world.clients;
    await first.write(5, new Device({ device_id: first.device.device_id, person, random: world.random }));
    await session(world, 5);
    await world.heal();
    await nothingWrong(world);
  }));

await story.step("a server restored from a backup gets back what the backup lacks", () =>
  inWorld({ seed: 2 }, async (world) => {
    const { server } = world;
    await session(world, 5);
    await world.heal();
    const copy = join(server.folder, "copy.db");
    await run("backup", "--database", server.database, "--out", copy);
    await session(world, 5);
    await world.heal();
    const before = await readAll(server.url, world.accounts[0].signed.token);
    await server.stop();
    await run("restore", "--database", server.database, "--from", copy);
    await server.start();
    // A restore lets nobody in who may have been shut out since: everybody signs in again, and goes on.
    for (const client of world.clients) {
      await client.replication.cancel();
      client.account.signed = await signIn(server.url, { name: client.account.name, device_id: client.device.device_id });
      client.token = client.account.signed.token;
    }
    const lacking = await readAll(server.url, world.accounts[0].signed.token);
    ensure(lacking.rows.length < before.rows.length, "the backup lacks nothing");
    // Under the new name they read from the beginning, and send everything again.
    for (const client of world.clients) await client.connect();
    await world.heal();
    await nothingWrong(world);
    return `${before.rows.length - lacking.rows.length} of ${before.rows.length} rows`;
  }));

story.end();
// A replication that a failed step left behind keeps nobody waiting.
process.exit();
