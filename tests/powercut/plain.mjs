// The same cuts for anything else that keeps events in a browser: a page of its own origin, one worker, one event of 256
// bytes a commit, each said as saved when the store says so.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { freePort, pause, until } from "../common.mjs";
import { listen } from "./rig.mjs";

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
const PAGE = "<!doctype html><title>plain</title><link rel=icon href=data:,>";

/** Serves the files of `folder`, isolated as some stores want it, on a port that stays the same for the whole run. */
export async function serveFolder(folder) {
  const port = await freePort();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
    try {
      const body = pathname === "/" ? PAGE : readFileSync(join(folder, normalize(pathname)));
      response.setHeader("content-type", TYPES[extname(pathname)] ?? TYPES[".html"]);
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((up) => server.listen(port, "127.0.0.1", up));
  server.unref();
  return `http://localhost:${port}/`;
}

// ---------------------------------------------------------------------------------------------- one store in a page

/** Starts the worker of `script` with the store `name`; afterwards `ask("commit" | "all" | "close", n)` in the page. */
export async function open(page, url, script, name) {
  await page.goto(url);
  await page.evaluate(
    async ([script, name]) => {
      const worker = new Worker(script, { type: "module" });
      globalThis.ask = (what, n) => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => (data.failed ? reject(new Error(data.failed)) : resolve(data.answer));
        worker.onerror = (event) => reject(new Error(event.message || "the worker did not load"));
        worker.postMessage({ what, n });
      });
      await ask("open", name);
    },
    [script, name],
  );
}

const commitFrom = (page, from, upTo, said) =>
  page.evaluate(
    async ([from, upTo, said]) => {
      for (let n = from; n < upTo; n++) {
        await ask("commit", n);
        if (said) tell(JSON.stringify({ saved: n }));
      }
    },
    [from, upTo, said],
  );

/** A disk on which every store was opened, wrote, and was closed in order, all of it written back: nothing is young. */
export async function keepWarm(rig, image, url, script, names) {
  rig.plug();
  const { context, page } = await rig.browser(rig.disk);
  for (const name of names) {
    await open(page, url, script, name);
    await commitFrom(page, 0, WARM, false);
    await page.evaluate(() => ask("close"));
  }
  await context.close();
  await rig.keep(image);
}

const WARM = 20;

/** One cut of one store, from the kept disk `image`: how many commits were acknowledged, and how many of those are gone. */
export async function cutPlain(rig, image, url, script, name, chance) {
  rig.plug(image);
  try {
    const saved = new Set(image === "empty" ? [] : Array.from({ length: WARM }, (_, n) => n));
    const old = saved.size;
    const before = await rig.browser(rig.disk);
    await listen(before.page, (said) => saved.add(said.saved));
    await open(before.page, url, script, name);
    // It ends with the browser.
    const writing = commitFrom(before.page, old, 1_000_000, true).catch((err) => err);
    await until(() => old + 5 <= saved.size, { what: `${name} has saved something` });
    await pause(chance.between(100, 3_000));
    const acked = new Set(saved);
    rig.cut();
    await rig.kill(rig.disk);
    await writing;

    await rig.replug();
    const after = await rig.browser(rig.after);
    let held = [];
    let broken;
    try {
      await open(after.page, url, script, name);
      held = await after.page.evaluate(() => ask("all"));
    } catch (err) {
      // A store that does not open any more holds nothing.
      broken = err.message.split("\n")[0];
    }
    await rig.kill(rig.after);
    const there = new Set(held);
    return {
      acked: acked.size,
      lost: [...acked].filter((n) => !there.has(n)).length,
      doubled: held.length - there.size,
      ...(broken ? { broken } : {}),
    };
  } finally {
    await rig.unplug();
  }
}

/** Adds one cut up. */
export function count(total, { acked, lost, doubled, broken }) {
  total.cuts += 1;
  total.acked += acked;
  total.lost += lost;
  total.doubled += doubled;
  if (0 < lost) total.cutsWithLoss += 1;
  if (broken) total.broken = [...new Set([...(total.broken ?? []), broken])];
}

export const zero = () => ({ cuts: 0, acked: 0, lost: 0, doubled: 0, cutsWithLoss: 0 });
