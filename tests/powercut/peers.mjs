// The same power cuts for what others keep events in: how many commits each said are saved, and how many of them are gone.
// Nothing here fails when a peer loses rows: it is a comparison. Every peer is opened, written to and closed in order
// before, and all of that is on the disk; one event of 256 bytes a commit, each awaited as the peer's manual says.
//
//   node tests/powercut/peers.mjs --cuts N [--from SEED] [--out FILE.json] [--fresh] [--peer NAME]
//
// As root; SPOTTER_CHROMIUM. Before: npm install --prefix tests/powercut.
import { join } from "node:path";
import { ensure } from "../common.mjs";
import { dice } from "../replication/lib.mjs";
import { count, cutPlain, keepWarm, serveFolder, zero } from "./plain.mjs";
import { makeRig, option, whole, write } from "./rig.mjs";
import { PEERS, bundle, versions } from "./stores.mjs";

const fresh = process.argv.includes("--fresh");
const cuts = whole("cuts", 10);
const from = whole("from", 1);
const only = option("peer");
ensure(!only || PEERS.includes(only), `--peer is one of ${PEERS}`);
const peers = only ? [only] : PEERS;

const rig = makeRig();
const folder = join(rig.folder, "stores");
await bundle(folder);
const url = await serveFolder(folder);
const result = { cuts: 0, seed: from, fresh, versions, peers: Object.fromEntries(peers.map((name) => [name, zero()])), negative: { unflushed: zero() } };

async function cutAndCount(name, total, image, script, seed) {
  const began = Date.now();
  const outcome = await cutPlain(rig, image, url, script, name, dice(seed, "peer", name));
  count(total, outcome);
  console.log(`cut ${seed} ${name}: ${Object.entries(outcome).map(([what, n]) => `${what} ${n}`).join(", ")} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
}

try {
  await keepWarm(rig, "negative", url, "/negative.js", ["unflushed"]);
  await cutAndCount("unflushed", result.negative.unflushed, "negative", "/negative.js", from);
  ensure(0 < result.negative.unflushed.lost, "what was never flushed was not lost: this rig does not notice a loss");
  if (!fresh) await keepWarm(rig, "warm", url, "/peers.js", peers);
  for (let seed = from; seed < from + cuts; seed++) {
    for (const name of peers) {
      await cutAndCount(name, result.peers[name], fresh ? "empty" : "warm", "/peers.js", seed);
      result.cuts += 1;
      write(result);
    }
  }
  console.log(JSON.stringify(result, null, 2));
} catch (err) {
  console.log(`not ok: ${err.stack ?? err}`);
  process.exitCode = 1;
} finally {
  write(result);
  process.exit();
}
