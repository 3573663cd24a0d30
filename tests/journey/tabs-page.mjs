// What tabs.mjs puts into every page before the page's own scripts run: hands on the storage workers, a writer for each,
// and, for the yard (a bare page of the test), workers that are driven without an app around them.

/** Runs in the page. `soakHears` is tabs.mjs listening. */
export function inPage(build) {
  if (globalThis.soak) return;
  const Plain = globalThis.Worker;
  const here = `/b/${build}/`;
  const pause = (ms) => new Promise((next) => setTimeout(next, ms));
  /** Comparable between processes of one machine. */
  const now = () => performance.timeOrigin + performance.now();
  const said = (worker, wanted) =>
    new Promise((heard, failed) => {
      worker.addEventListener("message", ({ data }) => {
        const value = wanted(data);
        if (value !== undefined) heard(value);
      });
      worker.addEventListener("error", (event) => failed(new Error(event.message)));
    });

  /** A storage worker: the app's own, or a driven one. */
  class Lane {
    // Far above the ids that the app counts: both speak to the same worker.
    #next = 3_000_000_000;
    #waiting = new Map();
    storming = false;
    ended = false;

    constructor(worker) {
      this.worker = worker;
      this.ready = said(worker, (data) => data?.Ready);
      worker.addEventListener("message", ({ data }) => {
        const answer = data?.Saved ?? data?.Failed ?? data?.Report;
        this.#waiting.get(answer?.id)?.(answer);
        this.#waiting.delete(answer?.id);
      });
    }

    #ask(name, more) {
      const id = this.#next++;
      const answer = new Promise((heard) => this.#waiting.set(id, heard));
      this.worker.postMessage([{ [name]: { id, ...more } }]);
      return answer;
    }

    report = async () => (await this.#ask("Report", {})).report;

    async capture(texts, room, sender) {
      const draft = (text) => {
        const body = { message_id: crypto.randomUUID(), channel: "main", sender, text, at_ms: Date.now(), offset_min: 0 };
        return { scope: { Room: room }, fact: { kind: "message.posted", body }, seen: null };
      };
      const answer = await this.#ask("Capture", { drafts: texts.map(draft) });
      return answer;
    }

    /** Writes until the worker is gone: a drizzle, and in a storm without rest and several captures at once. */
    async write({ name, room, seed, early }) {
      const { person } = await this.ready;
      let state = seed;
      // mulberry32
      const roll = () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
      };
      for (let nth = 0; !this.ended; ) {
        const batch = () => Array.from({ length: 1 + Math.floor(roll() * 3) }, () => `${name}-${(nth += 1)}`);
        const batches = Array.from({ length: this.storming ? 4 : 1 }, batch);
        // What is written is known before it is: otherwise a row of a dead tab would look like nobody's.
        await soakHears(["tries", batches]);
        await Promise.all(batches.map(async (texts) => {
          const saving = this.capture(texts, room, person);
          if (early) soakHears(["saved", texts, []]);
          const { rows, guarantee, problem } = await saving;
          // Not waited for: a row whose word did not reach the test counts as not acknowledged.
          if (problem) soakHears(["refused", problem.happened]);
          else soakHears(["saved", texts, rows.map((row) => row.event_id), guarantee]);
        }));
        if (!this.storming) await Promise.race([pause(100 + roll() * 600), new Promise((wake) => (this.wake = wake))]);
      }
    }

    storm(on) {
      this.storming = on;
      this.wake?.();
    }

    end() {
      this.ended = true;
      this.worker.terminate();
    }
  }

  const spawn = async (file) => {
    const worker = new Plain(here + file, { type: "module" });
    await said(worker, (data) => (data === "up" ? true : undefined));
    return worker;
  };
  const greet = async (file, before) => {
    const worker = await spawn(file);
    // It reads nothing and asks nobody before it is greeted.
    await before?.();
    const lane = new Lane(worker);
    worker.postMessage([{ Hello: { build } }]);
    const ready = await lane.ready;
    if (ready.memory_only) throw new Error(`a storage worker found no storage: ${JSON.stringify(ready.problems)}`);
    return lane;
  };

  /** One real projector turns rows into Parquet and back for every worker of the yard. */
  let parquet;
  const projector = () => (parquet ??= (async () => {
    const worker = await spawn("projector-start.js");
    const { port1, port2 } = new MessageChannel();
    const waiting = new Map();
    port1.onmessage = ({ data: [json, bytes] }) => {
      const { Done, NotDone } = JSON.parse(json);
      const id = (Done ?? NotDone)?.id;
      waiting.get(id)?.(NotDone ? { why: NotDone.why } : { bytes });
      waiting.delete(id);
    };
    worker.postMessage(["link", port2], [port2]);
    port1.postMessage([JSON.stringify({ Hello: { build } })]);
    let next = 0;
    return (word, bytes) => new Promise((heard) => {
      waiting.set(++next, heard);
      port1.postMessage([JSON.stringify({ [word]: { id: next } }), bytes]);
    });
  })());
  /** Gives a storage worker a wire as a projector has one. */
  const link = (lane, hears) => {
    const { port1, port2 } = new MessageChannel();
    const say = (word, bytes) => port1.postMessage(bytes ? [JSON.stringify(word), bytes] : [JSON.stringify(word)]);
    port1.onmessage = ({ data: [json, bytes] }) => {
      const word = JSON.parse(json);
      const [name, { id } = {}] = typeof word === "string" ? [word] : Object.entries(word)[0];
      hears({ name, id, bytes }, say);
    };
    lane.worker.postMessage(["link", port2], [port2]);
  };
  const unpacked = (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const rows = [];
    for (let at = 0; at < bytes.length; ) {
      const length = view.getUint32(at, true);
      rows.push(JSON.parse(new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + length))));
      at += 4 + length;
    }
    return rows;
  };
  const decoded = new Map();
  const rowsOf = async (file) => {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", file)).join();
    if (!decoded.has(hash)) {
      const { why, bytes } = await (await projector())("Decode", file);
      if (why) throw new Error(`a sealed file cannot be read: ${why}`);
      decoded.set(hash, unpacked(bytes));
    }
    return decoded.get(hash);
  };

  const driven = new Map();
  const lanes = () => [...(soak.own ? [["own", soak.own]] : []), ...driven];
  const lane = (name) => (name ? driven.get(name) : soak.own);

  globalThis.soak = {
    own: null,
    restored: 0,
    now,
    ready: async () => {
      while (!soak.own) await pause(5);
      return soak.own.ready;
    },
    drive: async (name) => {
      const fresh = await greet(`storage.js?${name}`);
      driven.set(name, fresh);
      link(fresh, async ({ name, id, bytes }, say) => {
        // Packed tables are for whoever shows something.
        if (name === "GoOnFrom") return say({ NotDone: { id, why: "no tables here" } });
        if (name !== "Encode" && name !== "Decode") return;
        const outcome = await (await projector())(name, bytes);
        if (outcome.why) say({ NotDone: { id, why: outcome.why } });
        else say({ Done: { id } }, outcome.bytes);
      });
    },
    // Not waited for: it ends with the page.
    write: (name, how) => void lane(name).write(how).catch((err) => soakHears(["failed", err.message])),
    storm: (name, on) => lane(name)?.storm(on),
    drop: (name) => {
      driven.get(name).end();
      driven.delete(name);
    },
    report: (name) => lane(name).report(),
    /** When a worker first says that it leads, other than this one; asked as the tabs themselves ask, which costs them next to nothing. */
    leads: (victim) => new Promise((found) => {
      const channel = new BroadcastChannel("spotter");
      const asking = setInterval(() => channel.postMessage([JSON.stringify("Ping")]), 10);
      soak.enough = () => {
        clearInterval(asking);
        channel.close();
        found(null);
      };
      channel.onmessage = ({ data: [json] }) => {
        const lane = JSON.parse(json).Beat?.lane;
        if (lane && lane !== victim) found(now());
      };
    }),

    /** Everything that a storage worker finds when it starts, row by row; `whole` ones or what matters of notes. `soakHears` may
     * take senses from it before. */
    read: async (name, whole = false) => {
      const reader = await greet(`storage.js?${name}`, () => soakHears(["started", name]));
      const { problems } = await reader.ready;
      const sealed = [];
      const open = [];
      await new Promise((loaded) => link(reader, ({ name, id, bytes }, say) => {
        // It wants the rows, not what was made of them.
        if (name === "GoOnFrom") say({ NotDone: { id, why: "no tables here" } });
        if (name === "Sealed") sealed.push(bytes);
        if (name === "Rows") open.push(...unpacked(bytes));
        if (name === "Loaded") loaded();
      }));
      const { generation, sealed_files, pool_files } = await reader.report();
      reader.end();
      const all = [...open];
      for (const file of sealed) all.push(...(await rowsOf(file)));
      const rows = whole ? all : all.map((row) => [row.event_id, row.kind === "message.posted" ? row.body.text : null, [row.device_id, row.lane, row.scope, row.dseq].join("/"), row.h]);
      return { rows, problems: problems.map((one) => one.happened), generation: Number(generation), sealed_files, pool_files };
    },

    /** What the app's own tables say: a storage worker and a projector as in a tab, and the questions that the screens ask. */
    asks: async () => {
      const storage = await greet("storage.js?asks");
      const tables = await spawn("projector-start.js");
      const { port1, port2 } = new MessageChannel();
      const stand = said(tables, (data) => data[0]?.Ready);
      tables.postMessage(["link", port2], [port2]);
      storage.worker.postMessage(["link", port1], [port1]);
      await stand;
      let id = 0;
      const ask = (name, params) => {
        const mine = ++id;
        const answer = said(tables, (data) => (data[0]?.Answer?.id === mine ? data[1] : undefined));
        tables.postMessage([{ Ask: { id: mine, asked: { name, params } } }]);
        return answer;
      };
      const rooms = await ask("rooms", {});
      const messages = [];
      for (const { room_id } of rooms) messages.push(...(await ask("messages", { room: { Text: room_id }, limit: { Int: 1_000_000 } })));
      const measured = said(tables, (data) => data[0]?.Measured);
      tables.postMessage([{ Measure: { id: 0, hashes: false } }]);
      const { events } = await measured;
      tables.terminate();
      storage.end();
      return { rooms: rooms.map((room) => room.room_id), texts: messages.map((message) => message.text), events: Number(events) };
    },
  };
  globalThis.Worker = class extends Plain {
    constructor(url, options) {
      super(url, options);
      if (String(url).endsWith("storage.js")) soak.own = new Lane(this);
    }
  };
  addEventListener("pageshow", (event) => (soak.restored += event.persisted ? 1 : 0));
}
