// What every script that drives the server or a browser needs: saying what must hold, asking until it does, a free port.
import { createServer } from "node:net";
import { isDeepStrictEqual } from "node:util";

export function ensure(condition, what) {
  if (!condition) throw new Error(what);
}

export function same(actual, expected, what) {
  ensure(isDeepStrictEqual(actual, expected), `${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(actual)}`);
}

export const pause = (ms) => new Promise((next) => setTimeout(next, ms));

/** Asks again and again until the answer is true; its last answer or error is in the complaint. */
export async function until(condition, { what = condition.toString(), timeout = 30_000 } = {}) {
  const end = Date.now() + timeout;
  let last;
  for (;;) {
    try {
      last = await condition();
      if (last) return last;
    } catch (err) {
      last = `threw ${err.message.split("\n")[0]}`;
    }
    if (end < Date.now()) throw new Error(`never came true in ${timeout / 1000} s: ${what} (last: ${JSON.stringify(last)})`);
    // The pace of asking, not a wait for anything.
    await pause(20);
  }
}

export const freePort = () =>
  new Promise((found, failed) => {
    const probe = createServer();
    probe.on("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });

/** How long the file is in which a page's tables are packed for the next start. */
export const packedBytes = (page) =>
  page.evaluate(async () => {
    const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
    const file = await pool.getFileHandle("tables-0").catch(() => null);
    return file ? (await file.getFile()).size : 0;
  });
