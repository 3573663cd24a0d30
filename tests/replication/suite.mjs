// RxDB's own tests for replication plugins, run against the server: once over a good network, then over bad ones. Then
// several devices change and delete the same documents at the same time, and have to come to the same states.
//
//   node tests/replication/suite.mjs [--seeds N] [--from S]          SPOTTER_BIN, SPOTTER_DIST
//
// They change and delete documents, which rows know nothing of: `documents.mjs` is in between. First they run over a lane
// that overwrites what it should compare, and have to fail.
import Mocha from "mocha";
import { addRxPlugin } from "rxdb";
import { RxDBDevModePlugin, disableWarnings } from "rxdb/plugins/dev-mode";
import { replicateRxCollection } from "rxdb/plugins/replication";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { getConfig, humansCollection, runReplicationBaseTestSuite, setConfig } from "rxdb/plugins/test-utils";
import { wrappedValidateAjvStorage } from "rxdb/plugins/validate-ajv";
import { allDocuments, documents } from "./documents.mjs";
import { Story, dice, ensure, pause, same, seeds, until } from "./lib.mjs";
import { Proxy, mild, rough } from "./proxy.mjs";
import { Device, invite, readAll, serve, signIn, signUp, terminalCode, uuid7 } from "./rows.mjs";

const story = new Story();
const total = {};
disableWarnings();
addRxPlugin(RxDBDevModePlugin);
// Tabs that talk to each other are not what is tested here, and need no sockets.
process.env.NODE_ENV = "fast";
setConfig({ storage: { name: "memory", getStorage: () => wrappedValidateAjvStorage({ storage: getRxStorageMemory() }) } });
// The first look at the configuration replaces the console by one that prints one argument.
const { log } = console;
console.log = () => {};
getConfig();
console.log = log;

const server = await serve();
const chance = dice("suite");
const admin = await signUp(server.url, { name: "admin", device_id: chance.hex(16), invite: terminalCode(server.database) });
let accounts = 0;

/** An account with documents, and devices that replicate them, each over a network of its own. */
class Lane {
  proxies = [];
  devices = [];

  static async make({ faults, seed, idOf } = {}) {
    const lane = Object.assign(new Lane(), { faults, seed, idOf, name: `person ${(accounts += 1)}`, person: uuid7(Date.now(), chance) });
    const code = await invite(server.url, admin.token);
    lane.token = (await signUp(server.url, { name: lane.name, device_id: chance.hex(16), person: lane.person, invite: code })).token;
    return lane;
  }

  async replicate(collection, live) {
    const { faults, seed, idOf, person } = this;
    const device_id = chance.hex(16);
    const { token } = await signIn(server.url, { name: this.name, device_id });
    const device = new Device({ device_id, person, random: chance });
    this.devices.push(device);
    let { url } = server;
    if (faults) {
      const proxy = await Proxy.start({ target: url, faults, seed, name: `device ${this.devices.length}` });
      this.proxies.push(proxy);
      url = proxy.url;
    }
    const { pull, push } = documents({ url, token, device, key: "passportId", idOf, backoff: { first: 20, most: 200 } });
    let replication;
    // The suite takes every error for a failure, and a bad network for none: asking again is up to the handlers.
    const patient = (handler) => async (...asked) => {
      for (;;) {
        try {
          return await handler(...asked);
        } catch (err) {
          if (!faults || replication.isStopped()) throw err;
          await pause(20);
        }
      }
    };
    replication = replicateRxCollection({
      collection,
      replicationIdentifier: "documents",
      live,
      waitForLeadership: false,
      retryTime: 60,
      pull: { ...pull, handler: patient(pull.handler), batchSize: 5 },
      push: { ...push, handler: patient(push.handler), batchSize: 5 },
    });
    return replication;
  }

  heal() {
    for (const proxy of this.proxies) proxy.heal();
  }

  /** How often each fault happened; the lane is over. */
  async close() {
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    const faults = {};
    for (const { counts } of this.proxies) add(faults, counts);
    return faults;
  }
}

/** Runs the suite; `{ passed, failed, faults }`. */
async function suite(options) {
  const lanes = [];
  const lane = () => lanes.at(-1);
  const mocha = new Mocha({ timeout: 30_000, reporter: class {} });
  mocha.suite.emit("pre-require", globalThis, null, mocha);
  runReplicationBaseTestSuite({
    startReplication: (collection) => lane().replicate(collection, true),
    syncOnce: async (collection) => (await lane().replicate(collection, false)).awaitInitialReplication(),
    getAllServerDocs: () => allDocuments(server.url, lane().token),
    // Nothing is ever deleted from the server: a new account has nothing yet.
    cleanUpServer: async () => void lanes.push(await Lane.make(options)),
    softDeletes: true,
    isDeleted: (document) => document._deleted,
    getPrimaryOfServerDoc: (document) => document.passportId,
  });
  const outcome = { passed: [], failed: [], faults: {} };
  const runner = mocha.run();
  runner.on("pass", (test) => outcome.passed.push(test.title));
  runner.on("fail", (test, err) => outcome.failed.push([test.title, err]));
  await new Promise((ended) => runner.once("end", ended));
  for (const one of lanes) add(outcome.faults, await one.close());
  return outcome;
}

const add = (sum, counts) => Object.entries(counts).forEach(([fault, count]) => (sum[fault] = (sum[fault] ?? 0) + count));
const countOf = (faults) => Object.values(faults).reduce((a, b) => a + b, 0);

/** Three devices change the same few documents; what they did is lost only where two of them did it at once. */
async function together(seed, { idOf, timeout } = {}) {
  const lane = await Lane.make({ faults: rough, seed, idOf });
  const ids = Array.from({ length: 6 }, (_, nth) => `document ${nth}`);
  const collections = [];
  try {
    const devices = await Promise.all([1, 2, 3].map(async (nth) => {
      const collection = await humansCollection.create(0, undefined, false);
      collections.push(collection);
      return { collection, replication: await lane.replicate(collection, true), random: dice(seed, "device", nth) };
    }));
    await Promise.all(devices.map(async ({ collection, random }) => {
      for (let nth = 0; nth < 50; nth += 1) {
        const id = random.one(ids);
        const found = await collection.findOne(id).exec();
        const change = { firstName: random.hex(4), age: random.between(0, 150) };
        if (!found) await collection.upsert({ passportId: id, lastName: "ÄÖ 💪", ...change });
        else if (random.roll() < 0.2) await found.incrementalRemove();
        else await found.incrementalPatch(change);
        await pause(random.between(0, 40));
      }
    }));
    lane.heal();
    const states = (all) => Object.fromEntries(all.filter((one) => !one._deleted).map(({ _deleted, ...one }) => [one.passportId, one]));
    await until(async () => {
      for (const { replication } of devices) {
        replication.reSync();
        await replication.awaitInSync();
      }
      const stored = states(await allDocuments(server.url, lane.token));
      for (const { collection } of devices) {
        const held = await collection.find().exec();
        same(states(held.map((one) => one.toJSON())), stored, "documents of a device");
      }
      return true;
    }, { what: "every device has the documents of the server", timeout });

    const { rows } = await readAll(server.url, lane.token);
    for (const id of ids) {
      const numbers = rows.filter(({ body }) => body.id === id).map(({ body }) => body.n).sort((a, b) => a - b);
      same(numbers, numbers.map((_, nth) => nth + 1), `states of ${id}`);
    }
    for (const { device_id } of lane.devices) {
      const places = rows.filter((row) => row.device_id === device_id).map((row) => row.dseq).sort((a, b) => a - b);
      same(places, places.map((_, nth) => nth + 1), `the chain of ${device_id}`);
    }
    return rows.length;
  } finally {
    await Promise.all(collections.map((collection) => collection.database.remove()));
    add(total, await lane.close());
  }
}

const titles = ["push replication to client-server", "two collections", "should keep the master state as default conflict handler"];
function passes({ passed, failed }) {
  if (failed.length) throw new Error(failed.map(([title, err]) => `${title}: ${err.stack ?? err.message}`).join("\n"));
  same(passed, titles, "the tests that passed");
}

await story.step("noticed: a lane that overwrites what it should compare", async () => {
  const { failed } = await suite({ idOf: () => uuid7(Date.now(), chance) });
  same(failed.map(([title]) => title), [titles[2]], "the tests that failed");
  return failed[0][1].message.split("\n")[0];
});

await story.step("noticed: devices that overwrite each other", async () => {
  for (const seed of [1, 2, 3]) {
    const options = { idOf: () => uuid7(Date.now(), chance), timeout: 2_000 };
    const complaint = await together(seed, options).then(() => undefined, (err) => err.message);
    if (complaint) return complaint.split(" (last")[0];
  }
  throw new Error("this test is blind");
});

await story.step("RxDB's replication suite passes", async () => {
  const outcome = await suite();
  passes(outcome);
  return outcome.passed.join("; ");
});

const all = seeds(10);
async function seeded(seed, act) {
  try {
    return await act(seed);
  } catch (err) {
    err.stack = `seed ${seed}: node tests/replication/suite.mjs --seeds 1 --from ${seed}\n${err.stack}`;
    throw err;
  }
}

for (const seed of all) {
  await story.step(`RxDB's replication suite passes over a bad network, seed ${seed}`, () =>
    seeded(seed, async () => {
      const outcome = await suite({ faults: mild, seed });
      passes(outcome);
      add(total, outcome.faults);
      return `${outcome.passed.length} tests, ${countOf(outcome.faults)} faults`;
    }));
  await story.step(`devices that change the same documents agree, seed ${seed}`, () =>
    seeded(seed, async () => `${await together(seed)} states`));
}

await story.step("the faults took place", () => {
  const expected = ["delay", ...Object.keys(rough.request), ...Object.keys(rough.frame)];
  ensure(0 < Object.keys(total).length, "no fault took place");
  // A single seed that is looked at again need not have thrown all of them.
  if (3 < all.length) same(expected.filter((fault) => !total[fault]), [], "faults that never happened");
  return Object.entries(total).map(([fault, count]) => `${fault} ${count}`).join(", ");
});

await server.close();
story.end();
// A replication that a failed step left behind keeps nobody waiting.
process.exit();
