// The processes beside benches/sync.mjs: the servers that peers bring, and a crowd of readers. Each says its port over the
// channel it was started with and ends when that channel does, so that none outlives the bench.
//
//   dialect FILE     a minimal server in memory that speaks to RxDB as ours does: one JSON row a line in FILE
//   tinybase [FILE]  TinyBase's WsServer with stores of its own behind its paths, perhaps filled from FILE
//   better-sse       better-sse on node:http; what is posted goes to everybody who listens
//   crowd            many streams on raw sockets, and the pushes they wait for
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect } from "node:net";

const [role, file] = process.argv.slice(2);
const say = (message) => process.send(message);
const lines = () => (file ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []);
process.once("disconnect", () => process.exit());

const body = async (asked) => {
  const parts = [];
  for await (const part of asked) parts.push(part);
  return Buffer.concat(parts);
};
const listen = (server) => server.listen(0, "127.0.0.1", 4_096, () => say({ port: server.address().port }));

/** Rows stay as the text they came in: nothing is spelt anew for a page. */
function dialect() {
  const rows = lines();
  const page = (query) => {
    const after = JSON.parse(query.get("checkpoint") ?? "null")?.seq ?? 0;
    const to = Math.min(rows.length, after + Number(query.get("batchSize")));
    const checkpoint = JSON.stringify({ epoch: "0", seq: to, view: "0" });
    return `{"documents":[${rows.slice(after, to).join(",")}],"checkpoint":${checkpoint},"more":${to < rows.length},"head":${rows.length}}`;
  };
  listen(createServer((asked, answer) => {
    const { searchParams } = new URL(asked.url, "http://localhost");
    answer.setHeader("content-type", "application/json");
    answer.end(page(searchParams));
  }));
}

/** A WsServer gives a line up when 16 MiB wait on it, so a first sync of more rows than this is one of several paths. */
const PATH_ROWS = 10_000;

async function tinybase() {
  const { createMergeableStore } = await import("tinybase");
  const { createCustomPersister } = await import("tinybase/persisters");
  const { createWsServer } = await import("tinybase/synchronizers/synchronizer-ws-server");
  const { WebSocket, WebSocketServer } = await import("ws");
  const rows = lines();
  const paths = Math.max(1, Math.ceil(rows.length / PATH_ROWS));
  const stores = Array.from({ length: paths }, (_, nth) => {
    const store = createMergeableStore(`server${nth}`);
    store.transaction(() => rows.slice(nth * PATH_ROWS, (nth + 1) * PATH_ROWS).forEach((line) => store.setCell("events", JSON.parse(line).event_id, "row", line)));
    // A path's store lives behind a persister. This one keeps nothing: the store in memory is all there is.
    return createCustomPersister(store, async () => undefined, async () => {}, () => 0, () => {}, undefined, 2);
  });
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, maxPayload: 2 ** 30 });
  let ready = 0;
  const stands = () => {
    ready += 1;
    if (ready === paths) say({ port: server.address().port, paths });
  };
  createWsServer(server, (path) => [stores[Number(path)], stands], (err) => say({ trouble: String(err?.message ?? err) }));
  // A path begins with its first client, which takes until a question of the server's times out, and ends with its last.
  // These, which say nothing, keep that out of everybody's time.
  server.once("listening", () => stores.forEach((_, nth) => new WebSocket(`ws://127.0.0.1:${server.address().port}/${nth}`)));
}

async function betterSse() {
  const { createChannel, createSession } = await import("better-sse");
  const channel = createChannel();
  // What is sent is one text for all; spelling it anew for each session, which is the default, would only be slower.
  const options = { serializer: (text) => text, ...(file && { keepAlive: Number(file) }) };
  listen(createServer(async (asked, answer) => {
    if (asked.method === "GET") return channel.register(await createSession(asked, answer, options));
    const text = (await body(asked)).toString();
    channel.broadcast(text, "message", JSON.parse(text).checkpoint.seq);
    answer.end("[]");
  }));
  process.on("message", () => {
    globalThis.gc();
    say({ collected: true });
  });
}

// ---------------------------------------------------------------------------------------------- the crowd

/** So many are on their way at once: a listening socket's queue is short. */
const WAVE = 32;

function crowd() {
  const sockets = [];
  let waiting;

  const open = ({ port, path, headers }) =>
    new Promise((opened, failed) => {
      const socket = connect(port, "127.0.0.1");
      let tail = Buffer.alloc(0);
      let begun = false;
      socket.once("error", failed);
      socket.once("connect", () => socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n${headers}\r\n`));
      socket.on("close", () => {
        if (socket.wanted) say({ failed: "a stream was closed by the server" });
      });
      socket.on("data", (part) => {
        if (!begun) {
          tail = Buffer.concat([tail, part]);
          // Both say something at once: that much proves that the stream stands, and not only its head.
          const [head, first] = tail.toString("latin1").split("\r\n\r\n", 2);
          if (first === undefined || !first.includes("\n\n")) return;
          if (!head.startsWith("HTTP/1.1 200")) return failed(new Error(head.split("\r\n")[0]));
          [begun, tail, socket.wanted] = [true, undefined, true];
          sockets.push(socket);
          return opened();
        }
        if (!waiting) return;
        const seen = tail ? Buffer.concat([tail, part]) : part;
        if (seen.includes(waiting.marker)) {
          tail = undefined;
          waiting.heard();
        } else tail = seen.subarray(-128);
      });
    });

  async function join({ count, tokens, ...how }) {
    let left = count;
    const one = async () => {
      while (0 < left) {
        left -= 1;
        await open({ ...how, headers: tokens ? `Authorization: Bearer ${tokens[left % tokens.length]}\r\n` : "" });
      }
    };
    await Promise.all(Array.from({ length: Math.min(WAVE, count) }, one));
    say({ joined: sockets.length });
  }

  /** From the moment the push leaves until everybody has the row, in milliseconds. */
  async function push({ port, path, headers, text, marker }) {
    let heard = 0;
    let half;
    const began = performance.now();
    const all = new Promise((done) => {
      waiting = {
        marker: Buffer.from(marker),
        heard: () => {
          heard += 1;
          if (heard === Math.ceil(sockets.length / 2)) half = performance.now() - began;
          if (heard === sockets.length) done(performance.now() - began);
        },
      };
    });
    const answered = new Promise((done, failed) => {
      const sent = request({ port, path, host: "127.0.0.1", method: "POST", headers: { "content-type": "application/json", ...headers } }, async (answer) => {
        const said = (await body(answer)).toString();
        if (answer.statusCode === 200) done(performance.now() - began);
        else failed(new Error(`${answer.statusCode} ${said}`));
      });
      sent.once("error", failed);
      sent.end(text);
    });
    const [last, acknowledged] = await Promise.all([all, answered]);
    waiting = undefined;
    say({ last, half, acknowledged });
  }

  async function leave() {
    await Promise.all(sockets.splice(0).map((socket) => new Promise((closed) => {
      socket.wanted = false;
      socket.once("close", closed);
      socket.destroy();
    })));
    say({ left: true });
  }

  const acts = { join, push, leave };
  process.on("message", ({ act, ...more }) => acts[act](more).catch((err) => say({ failed: String(err.stack ?? err) })));
  say({ port: 0 });
}

await { dialect, tinybase, "better-sse": betterSse, crowd }[role]();
