// Documents that change and get deleted, over rows that never do: only what RxDB's own tests need, no part of the app.
//
// State n of a document is one immutable row whose id is made of the document's id and n. Two devices that both go from
// state 4 to state 5 write two rows with one id; the server keeps the first and answers `ID_REUSED` to the other. That is
// compare-and-set without a word of it on the wire.
import { isDeepStrictEqual } from "node:util";
import { map } from "rxjs";
import { handlers } from "./handlers.mjs";
import { ask, readAll, uuid5 } from "./rows.mjs";

export const KIND = "document.stated";
const NATIVE = "application/vnd.spotter.push+json";

/** What every document comes to, deleted ones too. */
export async function allDocuments(url, token) {
  const { rows } = await readAll(url, token);
  const newest = new Map();
  for (const { body } of rows) if ((newest.get(body.id)?.n ?? 0) < body.n) newest.set(body.id, body);
  return [...newest.values()].map(({ state }) => state);
}

/**
 * Handlers for a replication of documents with the primary key `key`. `idOf` is for tests that want to see what happens
 * without compare-and-set.
 */
export function documents({ url, token, device, key, idOf = (id, n) => uuid5(`${device.person}\n${id}\n${n}`), backoff }) {
  const rows = handlers({ url, token, backoff });
  /** By document: its states, the first at index 0. */
  const known = new Map();
  const newest = (id) => known.get(id)?.at(-1);

  function learn(documents) {
    for (const { body } of documents) {
      if (!known.has(body.id)) known.set(body.id, []);
      known.get(body.id)[body.n - 1] = body.state;
    }
    // A state that is known to be old would only be taken back by the next page. The account has nothing but documents,
    // so a full page of rows is a full page of documents, and RxDB asks for the next one.
    return documents.map(({ body }) => newest(body.id));
  }

  /**
   * RxDB says which state it thinks the server has, and documents carry no number: it is found by the content. 0 is a
   * document that is not there yet; nothing, a state that was never seen here.
   */
  function numberOf(assumed) {
    if (!assumed) return 0;
    const at = (known.get(assumed[key]) ?? []).findLastIndex((state) => isDeepStrictEqual(state, assumed));
    return at < 0 ? undefined : at + 1;
  }

  let read;
  /** Past RxDB's own pull, whose cursor must not move ahead of what RxDB has stored. */
  async function catchUp() {
    for (let more = true; more; ) {
      const query = new URLSearchParams({ batchSize: 1_000, ...(read && { checkpoint: JSON.stringify(read) }) });
      const page = await ask(url, `/replicate/pull?${query}`, { token });
      learn(page.documents);
      [read, more] = [page.checkpoint, page.more];
    }
  }

  let unsettled;
  /** Whether the server has this very row. One at a time, so that a refused row leaves no hole in the chain. */
  async function settle(row) {
    unsettled = row;
    const body = { device_id: device.device_id, batch_id: row.event_id, rows: [row] };
    const [verdict] = (await ask(url, "/replicate/push", { token, accept: NATIVE, body })).results;
    if (verdict.status === "rejected") throw new Error(`a document was rejected: ${verdict.code}`);
    unsettled = undefined;
    if (verdict.status === "conflict") return false;
    device.keep(row);
    learn([row]);
    return true;
  }

  async function push(writes) {
    // A row whose answer was lost may be stored: it is sent again as it was before its place in the chain is used.
    if (unsettled) await settle(unsettled);
    const conflicts = [];
    for (const { newDocumentState: state, assumedMasterState: assumed } of writes) {
      const id = state[key];
      if (isDeepStrictEqual(newest(id), state)) continue;
      // A state from before this program was started.
      if (numberOf(assumed) === undefined) await catchUp();
      const n = numberOf(assumed) + 1;
      if (n && (await settle(device.draft(KIND, { id, n, state }, { event_id: idOf(id, n) })))) continue;
      // The stored row is state n; the master is whatever state is the newest by now.
      await catchUp();
      if (!isDeepStrictEqual(newest(id), state)) conflicts.push(newest(id));
    }
    return conflicts;
  }

  // One thing at a time: RxDB pushes batches side by side, and there is one chain. A page that is newer than a conflict
  // must not arrive while RxDB settles that conflict either: it would be passed over.
  let queue = Promise.resolve();
  const inTurn = (act) => (queue = queue.then(act, act));

  return {
    pull: {
      handler: (checkpoint, batchSize) =>
        inTurn(async () => {
          const page = await rows.pull.handler(checkpoint, batchSize);
          return { ...page, documents: learn(page.documents) };
        }),
      // News only say that there is something to pull. RxDB keeps a frame while a push is on its way and applies it
      // afterwards; a document would be taken back to a state before the pushed one. Rows, which never change, do not mind.
      stream$: rows.pull.stream$.pipe(map(() => "RESYNC")),
    },
    push: { handler: (writes) => inTurn(() => push(writes)) },
  };
}
