// All that an unmodified RxDB 17 client needs in order to replicate with a Spotter server:
//
//   const { pull, push } = handlers({ url: "https://spotter.example", token });
//   replicateRxCollection({ collection, replicationIdentifier: `spotter ${epoch}`, pull, push, live: true });
//
// The collection's primary key is `event_id`. Rows are immutable: they are inserted and never changed. `epoch` is what
// `GET /replicate/hello` says. A server that was restored from a backup has another one, and under another name RxDB
// begins anew: it reads everything and sends everything, so what the backup lacks is there again.
import { Observable } from "rxjs";

/** The server says something every 20 s. After this much silence the line is dead, whatever TCP thinks of it. */
const SILENCE_MS = 50_000;

/**
 * What to do with a frame of the stream when everything up to `cursor` was read. RxDB keeps the checkpoint of a frame as
 * it is and never asks for what lies before it, so a frame may only pass when nothing is missing between it and the cursor.
 */
export function contiguous(frame, cursor) {
  if (frame.checkpoint.epoch !== cursor?.epoch || frame.checkpoint.view !== cursor.view) return "gap";
  if (frame.checkpoint.seq <= cursor.seq) return "drop";
  return frame.prev.seq <= cursor.seq ? "apply" : "gap";
}

export function handlers({ url, token, judge = contiguous, backoff = { first: 1_000, most: 60_000 } }) {
  let cursor;

  async function ask(path, init = {}) {
    const response = await fetch(url + path, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
    if (response.ok) return response;
    // RxDB shows it on `error$` and asks again. 401 needs a new sign-in; every other code is explained in `detail`.
    const problem = await response.json().catch(() => ({}));
    throw Object.assign(new Error(`${response.status} ${problem.code}: ${problem.detail}`), { status: response.status, problem });
  }

  async function pull(checkpoint, batchSize) {
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
  async function push(rows) {
    const headers = { "content-type": "application/json" };
    return (await ask("/replicate/push", { method: "POST", headers, body: JSON.stringify(rows) })).json();
  }

  // `fetch` and not `EventSource`, which can neither send a token nor tell an error from a stream.
  const stream$ = new Observable((out) => {
    let over = false;
    let line;
    (async () => {
      for (let attempt = 0; !over; attempt += 1) {
        line = new AbortController();
        let watchdog;
        const alive = () => {
          clearTimeout(watchdog);
          watchdog = setTimeout(() => line.abort(), SILENCE_MS);
        };
        try {
          alive();
          const { body } = await ask("/replicate/pull/stream", { signal: line.signal });
          // A stream begins now. What came while nobody listened is pulled.
          out.next("RESYNC");
          let text = "";
          for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
            alive();
            attempt = 0;
            const messages = (text + chunk).split("\n\n");
            text = messages.pop();
            for (const message of messages) {
              // Comments are heartbeats; messages with a name (`hello`, `bye`, `eph`) are not about rows.
              if (!message.startsWith("data: ") && !message.startsWith("id: ")) continue;
              const frame = JSON.parse(message.slice(message.indexOf("data: ") + 6));
              const verdict = frame === "RESYNC" ? "gap" : judge(frame, cursor);
              if (verdict === "gap") out.next("RESYNC");
              if (verdict !== "apply") continue;
              cursor = frame.checkpoint;
              out.next({ documents: frame.documents, checkpoint: frame.checkpoint });
            }
          }
        } catch {
          // The line broke, or there is none. Rows are safe on both sides; only the news is late.
        } finally {
          clearTimeout(watchdog);
          line.abort();
        }
        // Full jitter, so that a thousand clients do not come back at one moment.
        const most = Math.min(backoff.most, backoff.first * 2 ** attempt);
        if (!over) await new Promise((next) => setTimeout(next, Math.random() * most));
      }
    })();
    return () => {
      over = true;
      line.abort();
    };
  });

  // 60 rows of the largest size, 64 KiB, stay below the 4 MiB of one push.
  return { pull: { handler: pull, stream$, batchSize: 1_000 }, push: { handler: push, batchSize: 60 } };
}
