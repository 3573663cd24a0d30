// A bad network between one client and the server. What happens to the nth request of a kind comes from the seed alone.
import { Agent, createServer, request as send } from "node:http";
import { dice, pause } from "./lib.mjs";

/** Probabilities. Of the faults of a request at most one happens; delays come on top. */
export const rough = {
  request: {
    /** The request never arrives. */
    "dropped request": 0.06,
    /** Everything is lost for some requests in a row. */
    "dead zone": 0.02,
    /** The server handled it; nobody learns that. */
    "dropped answer": 0.08,
    /** Half an answer, and the connection breaks. */
    "broken answer": 0.04,
    /** Half an answer, and it looks whole. */
    "short answer": 0.03,
    /** Something on the way answers instead of the server. */
    "foreign answer": 0.03,
    /** Sent twice at once. */
    "doubled request": 0.06,
    /** Arrives once more long after it was answered. */
    "late repetition": 0.05,
  },
  delay: { odds: 0.4, most: 80 },
  frame: { "lost frame": 0.1, "doubled frame": 0.08, "frames swapped": 0.12, "broken stream": 0.03 },
};

export const mild = {
  request: { "dropped request": 0.03, "dropped answer": 0.04, "broken answer": 0.02, "doubled request": 0.04, "late repetition": 0.03 },
  delay: { odds: 0.3, most: 20 },
  frame: { "lost frame": 0.1, "doubled frame": 0.05, "frames swapped": 0.05, "broken stream": 0.02 },
};

export const none = { request: {}, delay: { odds: 0, most: 0 }, frame: {} };

/** Only the stream is bad: nothing but its frames gets lost. */
export const forgetful = { request: {}, delay: { odds: 0.5, most: 40 }, frame: { "lost frame": 0.15, "frames swapped": 0.1 } };

const STREAM = "/replicate/pull/stream";
/** Headers that are about one connection, or that no longer hold for what the proxy makes of the body. */
const own = new Set(["connection", "keep-alive", "transfer-encoding", "content-length", "host"]);
const without = (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name)));

export class Proxy {
  /** How often each fault happened. */
  counts = {};
  #agent = new Agent({ keepAlive: true });
  #sockets = new Set();
  #streams = new Set();
  #late = new Set();
  #nth = {};
  #dead = 0;

  static async start({ target, faults, seed, name }) {
    const proxy = new Proxy();
    Object.assign(proxy, { target: new URL(target), faults, seed, name });
    // What fails here is either a fault on purpose or a client that is gone, and both look the same from outside.
    proxy.server = createServer((request, response) => proxy.#pass(request, response).catch(() => response.destroy()));
    proxy.server.on("connection", (socket) => {
      proxy.#sockets.add(socket);
      socket.once("close", () => proxy.#sockets.delete(socket));
    });
    await new Promise((listening) => proxy.server.listen(0, "127.0.0.1", listening));
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  /** From here on everything arrives, once and in order; whatever stream was open has to be opened again. */
  heal() {
    this.faults = none;
    this.#dead = 0;
    this.cut();
  }

  /** Breaks the streams that are open. */
  cut() {
    for (const response of this.#streams) response.destroy();
  }

  async stop() {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.allSettled(this.#late);
    this.#agent.destroy();
  }

  #count(fault) {
    this.counts[fault] = (this.counts[fault] ?? 0) + 1;
  }

  async #pass(request, response) {
    const path = request.url.split("?")[0];
    const kind = `${request.method} ${path}`;
    const nth = (this.#nth[kind] = (this.#nth[kind] ?? 0) + 1);
    const chance = dice(this.seed, this.name, kind, nth);
    const { delay } = this.faults;
    const slow = () => (chance.roll() < delay.odds ? (this.#count("delay"), pause(chance.between(1, delay.most))) : undefined);

    let fault = chance.which(this.faults.request);
    if (fault === "dead zone") this.#dead = chance.between(2, 6);
    if (0 < this.#dead) {
      this.#dead -= 1;
      fault = "dead zone";
    }
    if (fault) this.#count(fault);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    await slow();

    if (fault === "dropped request" || fault === "dead zone") return void response.destroy();
    if (fault === "foreign answer") {
      // A hotel's sign-in page, or a gateway that cannot reach anybody.
      const page = chance.roll() < 0.5;
      response.writeHead(page ? 200 : 502, { "content-type": "text/html" });
      return void response.end("<!doctype html><title>Please sign in</title>");
    }
    if (path === STREAM) return this.#stream(request, response, chance);

    const ask = () => this.#ask(request, body);
    let answer;
    if (fault === "doubled request") {
      const both = await Promise.all([ask(), ask()]);
      answer = both[chance.between(0, 1)];
    } else {
      answer = await ask();
    }
    if (fault === "late repetition") {
      const late = pause(chance.between(50, 300)).then(ask).catch(() => {});
      this.#late.add(late);
      late.finally(() => this.#late.delete(late));
    }
    await slow();

    if (fault === "dropped answer") return void response.destroy();
    const half = answer.body.subarray(0, chance.between(0, Math.max(0, answer.body.length - 1)));
    if (fault === "broken answer") {
      response.writeHead(answer.status, { ...answer.headers, "content-length": answer.body.length });
      return void response.write(half, () => response.destroy());
    }
    const whole = fault === "short answer" ? half : answer.body;
    response.writeHead(answer.status, { ...answer.headers, "content-length": whole.length });
    response.end(whole);
  }

  #open(request, headers = {}) {
    const { hostname, port } = this.target;
    const { method, url: path } = request;
    return send({ hostname, port, agent: this.#agent, method, path, headers: { ...without(request.headers), ...headers } });
  }

  #ask(request, body) {
    return new Promise((answered, failed) => {
      const passed = this.#open(request, { "content-length": body.length });
      passed.once("error", failed);
      passed.once("response", async (answer) => {
        try {
          const chunks = [];
          for await (const chunk of answer) chunks.push(chunk);
          answered({ status: answer.statusCode, headers: without(answer.headers), body: Buffer.concat(chunks) });
        } catch (err) {
          failed(err);
        }
      });
      passed.end(body);
    });
  }

  async #stream(request, response, chance) {
    const passed = this.#open(request, { "accept-encoding": "identity" });
    response.once("close", () => passed.destroy());
    const answer = await new Promise((came, failed) => passed.once("error", failed).once("response", came).end());
    response.writeHead(answer.statusCode, without(answer.headers));
    response.flushHeaders();
    this.#streams.add(response);
    response.once("close", () => this.#streams.delete(response));

    let held;
    let release;
    const say = (message) => response.write(`${message}\n\n`);
    const letGo = () => {
      clearTimeout(release);
      if (held !== undefined && !response.destroyed) say(held);
      held = undefined;
    };
    answer.setEncoding("utf8");
    let text = "";
    for await (const chunk of answer) {
      const messages = (text + chunk).split("\n\n");
      text = messages.pop();
      for (const message of messages) {
        const fault = chance.which(this.faults.frame);
        if (chance.roll() < this.faults.delay.odds) await pause(chance.between(1, this.faults.delay.most));
        if (response.destroyed) return;
        if (fault) this.#count(fault);
        if (fault === "lost frame") continue;
        if (fault === "broken stream") {
          return void response.write(message.slice(0, chance.between(0, message.length)), () => response.destroy());
        }
        if (fault === "frames swapped" && held === undefined) {
          held = message;
          // A frame nobody follows comes late instead.
          release = setTimeout(letGo, 150);
          continue;
        }
        say(message);
        if (fault === "doubled frame") say(message);
        letGo();
      }
    }
    letGo();
    response.end();
  }
}
