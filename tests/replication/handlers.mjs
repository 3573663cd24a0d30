// All that an unmodified RxDB 17 client needs in order to replicate with a Spotter server:
//
//   const { pull, push } = handlers({ url: "https://spotter.example", token });
//   // In a page of the server's own origin, signed in there by a cookie: handlers({ url, secret }) with `device_secret`.
//   replicateRxCollection({ collection, replicationIdentifier: `spotter ${epoch}`, pull, push, live: true });
//
// The collection's primary key is `event_id`. Rows are immutable: they are inserted and never changed. `epoch` is what
// `GET /replicate/hello` says. A server that was restored from a backup has another one, and under another name RxDB
// begins anew: it reads everything and sends everything, so what the backup lacks is there again. Make one set of handlers
// for each replication that is started: they know how far that one has read.
import { Observable } from "rxjs";

/**
 * What to do with a frame of the stream when everything up to `cursor` was read. RxDB keeps the checkpoint of a frame as
 * it is and never asks for what lies before it, so a frame may only pass when nothing is missing between it and the cursor.
 */
export function contiguous(frame, cursor) {
  if (frame.checkpoint.epoch !== cursor?.epoch || frame.checkpoint.view !== cursor.view) return "gap";
  if (frame.checkpoint.seq <= cursor.seq) return "drop";
  return frame.prev.seq <= cursor.seq ? "apply" : "gap";
}

export function handlers({ url, token, secret, judge = contiguous, backoff, again = 1_000 }) {
  let cursor;
  /** Runs while a pull is wished for and none has begun. */
  let wish;

  async function ask(path, init) {
    const door = token ? { authorization: `Bearer ${token}` } : { "spotter-device": secret };
    const headers = { "content-type": "application/json", ...door };
    const response = await fetch(url + path, { ...init, headers });
    if (response.ok) return response;
    // RxDB shows it on `error$` and asks again. 401 needs a new sign-in; every other code is explained in `detail`.
    const problem = await response.json().catch(() => ({}));
    throw Object.assign(new Error(`${response.status} ${problem.code}: ${problem.detail}`), { status: response.status, problem });
  }

  async function pull(checkpoint, batchSize) {
    clearInterval(wish);
    const query = new URLSearchParams({ batchSize, ...(checkpoint && { checkpoint: JSON.stringify(checkpoint) }) });
    try {
      const page = await (await ask(`/replicate/pull?${query}`)).json();
      // Where RxDB is now, also when that is behind frames which are still in its queue: then it reads a little twice.
      cursor = page.checkpoint;
      return { documents: page.documents, checkpoint: page.checkpoint };
    } catch (err) {
      // Another epoch, or more to see than before: rows that are here already do no harm, so read from the beginning.
      if (err.status !== 409 || !checkpoint) throw err;
      return pull(undefined, batchSize);
    }
  }

  // A lost answer is repaired by sending again: the server knows rows by their content. The answer is the rows that
  // conflict, and for immutable rows that means an id that was used twice.
  const push = async (rows) => (await ask("/replicate/push", { method: "POST", body: JSON.stringify(rows) })).json();

  const stream$ = new Observable((out) => {
    const open = (signal) => ask("/replicate/pull/stream", { signal });
    // RxDB 17 drops a RESYNC that stands in its queue behind a frame, so it is said again until a pull begins. Of several
    // that wait RxDB makes one pull.
    const resync = () => {
      clearInterval(wish);
      wish = setInterval(() => out.next("RESYNC"), again);
      out.next("RESYNC");
    };
    const heard = (frame) => {
      const verdict = frame === "RESYNC" ? "gap" : judge(frame, cursor);
      if (verdict === "gap") resync();
      if (verdict !== "apply") return;
      cursor = frame.checkpoint;
      out.next({ documents: frame.documents, checkpoint: frame.checkpoint });
    };
    // A stream begins now; what came while nobody listened is pulled.
    const stop = listen({ open, opened: resync, heard, ...backoff });
    return () => {
      clearInterval(wish);
      stop();
    };
  });

  // 60 rows of the largest size, 64 KiB, stay below the 4 MiB of one push.
  return { pull: { handler: pull, stream$, batchSize: 1_000 }, push: { handler: push, batchSize: 60 } };
}

/** A message may spread its data over several lines. */
function dataOf(message) {
  const lines = message.split("\n").filter((line) => line.startsWith("data: "));
  return lines.map((line) => line.slice("data: ".length)).join("\n");
}

/**
 * Server-sent events over `fetch`: `EventSource` sends no token, gives up for good at the first error that has a status,
 * and does not notice a line that died in silence. Returns how to stop.
 */
function listen({ open, opened, heard, first = 1_000, most = 60_000, silence = 50_000 }) {
  let line;
  let over = false;
  (async () => {
    for (let attempt = 0; !over; attempt += 1) {
      line = new AbortController();
      let watchdog;
      // The server says something every 20 s. After this much silence the line is dead, whatever TCP thinks of it.
      const alive = () => {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => line.abort(), silence);
      };
      try {
        alive();
        const { body } = await open(line.signal);
        opened();
        const reader = body.pipeThrough(new TextDecoderStream()).getReader();
        let text = "";
        for (let part; !(part = await reader.read()).done; ) {
          alive();
          attempt = 0;
          const messages = (text + part.value).split("\n\n");
          text = messages.pop();
          // Comments are heartbeats; messages with a name (`hello`, `bye`, `eph`) are not about rows.
          for (const message of messages) if (/^(id|data): /.test(message)) heard(JSON.parse(dataOf(message)));
        }
      } catch {
        // The line broke, or there is none. Rows are safe on both sides; only the news is late.
      }
      clearTimeout(watchdog);
      line.abort();
      // Full jitter, so that a thousand clients do not come back at one moment.
      if (!over) await new Promise((next) => setTimeout(next, Math.random() * Math.min(most, first * 2 ** attempt)));
    }
  })();
  return () => {
    over = true;
    line.abort();
  };
}
