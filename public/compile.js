const TRIES = 3;

/** A file of this build, compiled while it arrives. The browser may end the service worker in the middle of its answer, and a
 *  network may break off: it is asked for again, and only what keeps failing is an error. */
export async function compile(name) {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await WebAssembly.compileStreaming(fetch(new URL(name, import.meta.url)));
    } catch (err) {
      if (left === 0) throw err;
    }
  }
}
