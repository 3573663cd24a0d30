// The worker side of plain.mjs: answers `open`, `commit`, `all` and `close` with whichever stores it is given.
const PAYLOAD = "x".repeat(180);

/** About 256 bytes, whatever a store makes of it. */
export const event = (n) => ({ id: `event-${String(n).padStart(12, "0")}`, n, at: 1_750_000_000_000 + n, payload: PAYLOAD });

/** A store is an async function that opens it and answers `{ commit(n), all(), close() }`; `all` answers every n it holds. */
export function answerWith(stores) {
  let store;
  onmessage = async ({ data: { what, n } }) => {
    try {
      if (what === "open") store = await stores[n]();
      postMessage({ answer: what === "open" ? true : await store[what](n) });
    } catch (err) {
      postMessage({ failed: `${err?.name ?? "Error"}: ${err?.message ?? err}` });
    }
  };
}
