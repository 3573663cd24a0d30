// RxDB's own tests for replication plugins, run against the server: once over a good network, then over bad ones.
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
import { getConfig, runReplicationBaseTestSuite, setConfig } from "rxdb/plugins/test-utils";
import { wrappedValidateAjvStorage } from "rxdb/plugins/validate-ajv";
import { allDocuments, documents } from "./documents.mjs";
import { Story, dice, ensure, pause, same, seeds } from "./lib.mjs";
import { Proxy, mild } from "./proxy.mjs";
import { Device, invite, serve, signIn, signUp, uuid7 } from "./rows.mjs";

const story = new Story();
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
const admin = await signUp(server.url, { name: "admin", device_id: chance.hex(16) });
let accounts = 0;

/** Runs the suite; `{ passed, failed, faults }`. */
async function suite({ faults, seed, idOf } = {}) {
  const proxies = [];
  let account;
  let devices = 0;

  /** An account that nobody wrote to yet: nothing is ever deleted from the server. */
  async function cleanUpServer() {
    const name = `person ${(accounts += 1)}`;
    const device_id = chance.hex(16);
    const person = uuid7(Date.now(), chance);
    const signed = await signUp(server.url, { name, device_id, person, invite: await invite(server.url, admin.token) });
    account = { name, person, token: signed.token };
  }

  async function replicate(collection, live) {
    const device_id = chance.hex(16);
    const { token } = await signIn(server.url, { name: account.name, device_id });
    const device = new Device({ device_id, person: account.person, random: chance });
    let { url } = server;
    if (faults) {
      const proxy = await Proxy.start({ target: url, faults, seed, name: `device ${(devices += 1)}` });
      proxies.push(proxy);
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

  const mocha = new Mocha({ timeout: 30_000 });
  mocha.suite.emit("pre-require", globalThis, null, mocha);
  runReplicationBaseTestSuite({
    startReplication: (collection) => replicate(collection, true),
    syncOnce: async (collection) => (await replicate(collection, false)).awaitInitialReplication(),
    getAllServerDocs: () => allDocuments(server.url, account.token),
    cleanUpServer,
    softDeletes: true,
    isDeleted: (document) => document._deleted,
    getPrimaryOfServerDoc: (document) => document.passportId,
  });
  const outcome = { passed: [], failed: [], faults: {} };
  const runner = mocha.run();
  runner.on("pass", (test) => outcome.passed.push(test.title));
  runner.on("fail", (test, err) => outcome.failed.push([test.title, err]));
  await new Promise((ended) => runner.once("end", ended));
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  for (const { counts } of proxies) for (const [fault, count] of Object.entries(counts)) outcome.faults[fault] = (outcome.faults[fault] ?? 0) + count;
  return outcome;
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

await story.step("RxDB's replication suite passes", async () => {
  const outcome = await suite();
  passes(outcome);
  return `${outcome.passed.length} tests`;
});

const total = {};
const all = seeds(5);
for (const seed of all) {
  await story.step(`RxDB's replication suite passes over a bad network, seed ${seed}`, async () => {
    try {
      const outcome = await suite({ faults: mild, seed });
      passes(outcome);
      for (const [fault, count] of Object.entries(outcome.faults)) total[fault] = (total[fault] ?? 0) + count;
      return `${outcome.passed.length} tests, ${Object.values(outcome.faults).reduce((a, b) => a + b, 0)} faults`;
    } catch (err) {
      err.stack = `seed ${seed}: node tests/replication/suite.mjs --seeds 1 --from ${seed}\n${err.stack}`;
      throw err;
    }
  });
}

await story.step("the faults took place", () => {
  if (3 < all.length) same(["delay", ...Object.keys(mild.request), ...Object.keys(mild.frame)].filter((fault) => !total[fault]), [], "faults that never happened");
  ensure(0 < Object.keys(total).length, "no fault happened");
  return Object.entries(total).map(([fault, count]) => `${fault} ${count}`).join(", ");
});

await server.close();
story.end();
