// What a hostile client sends, and whether the server answers as it promised: a problem in words, nothing stored, nobody
// else disturbed. Usage: node requests.mjs [--from SEED] [--only WORDS-OF-A-STEP]
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { connect as connectTls } from "node:tls";
import { Story, dice, seeds, until } from "../replication/lib.mjs";
import { Device, ZERO, hashOf, sealed, uuid7 } from "../replication/rows.mjs";
import { JSON_TYPE, Line, MIB, NATIVE, Server, binary, counted, dist, fine, holds, is, refused, root, turnedDown } from "./lib.mjs";

const [seed] = seeds(1);
const chance = dice("hostile", seed);
console.log(`seed ${seed}`);
const story = new Story();
const only = process.argv.includes("--only") && process.argv[process.argv.indexOf("--only") + 1];
const step = (name, act) => !only || name.startsWith("the first account") || name.includes(only) ? story.step(name, act) : undefined;

const password = "correct horse battery staple";
const newDevice = (more = {}) => ({ device_id: chance.hex(16), name: "a phone", ...more });
const newId = () => uuid7(Date.now(), chance);
const spelt = (row) => (typeof row === "string" ? row : JSON.stringify(row));
const pushOf = (device_id, rows) => `{"device_id":${JSON.stringify(device_id)},"batch_id":"b","rows":[${rows.map(spelt).join(",")}]}`;
const rxOf = (rows) => `[${rows.map((row) => `{"newDocumentState":${spelt(row)}}`).join(",")}]`;

/** Somebody with one device and one person. */
class Account {
  constructor(server, name) {
    const device_id = chance.hex(16);
    Object.assign(this, { server, name, device_id, person: newId(), password });
    this.device = { device_id, name: `${name}'s phone`, person: this.person };
    this.scope = `u:${this.person}`;
    this.writer = new Device({ device_id, person: this.person, random: chance });
  }

  static async signUp(server, name, by) {
    const account = new Account(server, name);
    const invite = by ? await by.code("/admin/invites") : server.code();
    const answer = fine(await server.ask("POST", "/account/sign-up", { body: { name, password, invite, device: account.device } }));
    return Object.assign(account, { token: answer.json.token });
  }

  ask = (method, path, more) => this.server.ask(method, path, { token: this.token, ...more });
  push = (rows, device_id = this.device_id) => this.ask("POST", "/replicate/push", { body: pushOf(device_id, rows), headers: { accept: NATIVE } });
  pushRx = (rows) => this.ask("POST", "/replicate/push", { body: rxOf(rows) });
  hello = async () => fine(await this.ask("GET", "/replicate/hello")).json;
  code = async (path, body) => fine(await this.ask("POST", path, { body })).json.code;
  draft = (more) => this.writer.draft("note.kept", { text: "…" }, more);
  write = (more) => this.writer.write("note.kept", { text: "…" }, more);

  /** The account once more, on another device. */
  async join(device = newDevice()) {
    const answer = fine(await this.server.ask("POST", "/account/join", { body: { code: await this.code("/account/links"), device } }));
    return { device, token: answer.json.token };
  }

  async verdicts(rows) {
    const { results } = fine(await this.push(rows)).json;
    is(results.length, rows.length, "verdicts");
    return results;
  }

  async pulled() {
    return fine(await this.ask("GET", "/replicate/pull?batchSize=1000")).json.documents;
  }

  /** Everything of the account that may not change when something is refused. */
  async standing() {
    const { rows, epoch, view } = await this.hello();
    return { rows, epoch, view, chains: fine(await this.ask("GET", "/replicate/digest")).json.chains };
  }

  async unchanged(act) {
    const before = await this.standing();
    await act();
    is(await this.standing(), before, "what is stored");
  }
}

const server = await Server.start();
let mia, ben;

await step("the first account needs the server's own code, and makes one of however many want to be first", async () => {
  const wanted = ["mia", "eve", "mallory", "trudy"].map((name) => new Account(server, name));
  const signUp = (invite) => Promise.all(wanted.map(({ name, device }) => server.ask("POST", "/account/sign-up", { body: { name, password, invite, device } })));
  is(fine(await server.ask("GET", "/account/sign-up")).json, { first: true }, "whether it waits for the first account");
  (await signUp()).forEach((answer) => refused(answer, 403, "FORBIDDEN"));
  (await signUp("0".repeat(32))).forEach((answer) => refused(answer, 410, "CODE_USED"));
  const [, code] = /#invite=([0-9a-f]{32})$/m.exec(server.said);
  const answers = await signUp(code);
  const first = answers.findIndex(({ status }) => status === 200);
  holds(0 <= first, "nobody got in");
  answers.forEach((answer, nth) => nth === first || refused(answer, 410, "CODE_USED"));
  mia = Object.assign(wanted[first], { token: answers[first].json.token });
  ben = await Account.signUp(server, "ben", mia);
  is(fine(await mia.ask("GET", "/account")).json.admin, true, "the first one administers");
  is(fine(await ben.ask("GET", "/account")).json.admin, false, "the second one administers");
});
if (!ben) throw new Error("nothing can follow without two accounts");

// ---------------------------------------------------------------------------------------------- patience

// These take as long as the server's patience: they begin here and are looked at when everything else was asked.
const settingsFrame = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
const preface = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settingsFrame]);
const bodyHead = "POST /account/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const slow = [
  { name: "a header that is never finished", bytes: "GET / HTTP/1.1\r\nHost: a\r\n", within: 20 },
  { name: "half a line", bytes: "GET /acc", within: 20 },
  { name: "a header that comes byte by byte", bytes: "GET / HTTP/1.1\r\nHost: a\r\nX: ", drip: true, within: 20 },
  { name: "a connection that is kept and not used", bytes: "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", within: 20 },
  { name: "a body that is never finished", bytes: `${bodyHead}Content-Length: 1000\r\n\r\n{"name":"`, status: 400, within: 45 },
  { name: "a body in chunks that is never finished", bytes: `${bodyHead}Transfer-Encoding: chunked\r\n\r\n9\r\n{"name":"\r\n`, status: 400, within: 45 },
  { name: "a body that comes byte by byte", bytes: `${bodyHead}Content-Length: 100000\r\n\r\n{"name":"`, drip: true, status: 400, within: 45 },
  { name: "a connection that says nothing", bytes: "", within: 45 },
  { name: "half of HTTP/2's greeting", bytes: "PRI * HT", within: 45 },
  { name: "HTTP/2's greeting, and then nothing", bytes: preface, within: 45 },
].map((one) => {
  const line = new Line(server.port).say(one.bytes);
  // The pace of the attack, not a wait for anything.
  const drip = one.drip && setInterval(() => line.over || line.say("x"), 400);
  const ended = until(() => line.over, { what: `the server ends ${one.name}`, timeout: one.within * 1_000 })
    .then(() => (Date.now() - line.began) / 1_000, (err) => err)
    .finally(() => clearInterval(drip));
  return { ...one, line, ended };
});

// A stream whose sign-in is over in a moment; that is noticed with a heartbeat.
const expiring = await (async () => {
  const joined = await mia.join();
  server.sql(`update sign_ins set expires_ms = ${Date.now() + 5_000} where device_id = '${joined.device.device_id}'`);
  return server.stream(joined.token);
})();

// ---------------------------------------------------------------------------------------------- bodies

const bodies = [
  ["POST", "/account/sign-up"], ["POST", "/account/sign-in"], ["POST", "/account/join"], ["POST", "/account/password-reset"],
  ["POST", "/account/password"], ["POST", "/account/persons"], ["POST", "/admin/resets"], ["DELETE", "/account"], ["POST", "/replicate/push"],
  ["POST", "/replicate/push", { accept: NATIVE }],
];

await step("what is no JSON, or JSON of another shape, is a bad request and changes nothing", async () => {
  // As deep as a form may be long.
  const deep = 2_500;
  const wrong = [
    "", " ", "{", "[", '{"a":', '{"a":}', "{'a':1}", '{"name":"mia",}', "nul", "NaN", "\ufeff{}", "\u0000", '"', '"\\ud800"', '"\\u12"', "{}{}", "null", "true", "1", "1e999", '"text"', "{}",
    `{"seq":${"9".repeat(400)}}`, '{"name":1e400,"password":1e400,"device":1e400,"code":1e400,"person":1e400}', '{"name":"\\ud800","password":"\\udc00","code":"\\ud800","person":"\\ud800"}',
    Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), "[".repeat(deep), '{"a":'.repeat(deep), `${'{"a":'.repeat(deep)}1${"}".repeat(deep)}`,
    '{"name":null,"password":null,"code":null,"person":null,"device":null}', '{"name":[],"password":{},"code":[],"person":{},"device":[]}',
  ];
  await mia.unchanged(async () => {
    for (const [method, path, headers] of bodies) {
      for (const body of wrong) refused(await mia.ask(method, path, { body, headers }), 400, "BAD_REQUEST", `${method} ${path} with ${JSON.stringify(String(body).slice(0, 40))}`);
    }
  });
});

await step("fields that are missing, unknown or of another type are a bad request", async () => {
  const device = newDevice();
  const right = [
    ["POST", "/account/sign-up", { name: "new", password, device }], ["POST", "/account/sign-in", { name: "mia", password, device }],
    ["POST", "/account/join", { code: "0", device }], ["POST", "/account/password-reset", { code: "0", password }], ["POST", "/account/persons", { person: newId() }],
    ["POST", "/account/password", { password, new_password: "another one of these" }], ["POST", "/admin/resets", { name: "mia" }], ["DELETE", "/account", { password }], ["POST", "/replicate/push", { device_id: mia.device_id, batch_id: "b", rows: [] }],
  ];
  const others = [null, true, 1, -1, 1.5, 1e300, ["x"], { x: 1 }];
  await mia.unchanged(async () => {
    for (const [method, path, body] of right) {
      const headers = { accept: NATIVE };
      const without = (key) => Object.fromEntries(Object.entries(body).filter(([name]) => name !== key));
      const tries = [{ ...body, more: 1 }, ...Object.keys(body).flatMap((key) => [without(key), ...others.filter((other) => key !== "rows" || !Array.isArray(other)).map((other) => ({ ...body, [key]: other }))])];
      if (body.device) tries.push(...["device_id", "name"].map((key) => ({ ...body, device: { ...device, [key]: undefined } })), { ...body, device: { ...device, more: 1 } }, { ...body, device: { ...device, person: 7 } });
      for (const body of tries) {
        refused(await mia.ask(method, path, { body, headers }), 400, "BAD_REQUEST", `${method} ${path} with ${JSON.stringify(body).slice(0, 160)}`);
      }
    }
  });
});

await step("ids that are none are a bad request", async () => {
  for (const device_id of ["", "0", "0123456789ABCDEF", "0123456789abcdeg", "0123456789abcdef0", "0123456789abcde\u0000", "é".repeat(8)]) {
    refused(await server.ask("POST", "/account/sign-in", { body: { name: "mia", password, device: newDevice({ device_id }) } }), 400, "BAD_REQUEST", `device ${device_id}`);
    refused(await mia.ask("DELETE", `/account/devices/${encodeURIComponent(device_id) || "%20"}`), 400, "BAD_REQUEST", `device ${device_id}`);
  }
  refused(await mia.ask("DELETE", "/account/devices/%ff%fe"), 400, "BAD_REQUEST");
  refused(await mia.ask("DELETE", `/account/devices/${chance.hex(16)}`), 404, "NOT_FOUND");
  for (const person of ["", "mia", "019aa411", `${newId()}0`, `u:${newId()}`]) {
    refused(await mia.ask("POST", "/account/persons", { body: { person } }), 400, "BAD_REQUEST", `person ${person}`);
    refused(await server.ask("POST", "/account/join", { body: { code: "0", device: newDevice({ person }) } }), 400, "BAD_REQUEST", `person ${person}`);
  }
});

await step("a list is not taken for the object whose fields it has in order", async () => {
  const link = await mia.code("/account/links");
  const device = [chance.hex(16), "a phone", null];
  const { epoch, head, view } = await mia.hello();
  const lists = [
    ["POST", "/account/sign-in", ["mia", password, device]], ["POST", "/account/join", [link, device]], ["POST", "/account/join", { code: link, device }],
    ["POST", "/account/persons", [newId()]], ["POST", "/admin/resets", ["mia"]], ["POST", "/replicate/push", [[mia.draft(), null]]],
    ["POST", "/replicate/push", [mia.device_id, "b", [mia.draft()]], { accept: NATIVE }],
  ];
  const taken = [];
  const note = (answer, what) => answer.status === 400 || taken.push(`${what}: ${answer.status}`);
  for (const [method, path, body, headers] of lists) note(await mia.ask(method, path, { body, headers }), `${method} ${path} ${headers ? "in our dialect" : ""}`);
  const checkpoint = encodeURIComponent(JSON.stringify([epoch, head, view]));
  note(await mia.ask("GET", `/replicate/pull?checkpoint=${checkpoint}`), "a checkpoint");
  is(taken, [], "lists that were taken");
});

await step("only JSON is read, whatever it is called", async () => {
  const types = [undefined, "", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application/jsonp", "application/json-patch+json", "json", "application/json, text/plain"];
  for (const [method, path, headers] of bodies) {
    for (const type of types) refused(await mia.ask(method, path, { body: "[]", headers: { ...headers, "content-type": type } }), 415, "UNSUPPORTED", `${method} ${path} as ${type}`);
  }
  for (const type of ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;x=y", NATIVE]) {
    is(fine(await mia.ask("POST", "/replicate/push", { body: "[]", headers: { "content-type": type } }), type).json, [], "rows in conflict");
  }
});

await step("a form of another page cannot write, not even where no body is expected", async () => {
  for (const [method, path] of [["POST", "/account/links"], ["POST", "/admin/invites"], ["DELETE", `/account/devices/${chance.hex(16)}`]]) {
    for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]) {
      refused(await mia.ask(method, path, { body: "a=b", headers: { "content-type": type } }), 415, "UNSUPPORTED", `${method} ${path} as ${type}`);
    }
  }
});

await step("a body that is cut off stores nothing", async () => {
  const whole = pushOf(mia.device_id, [mia.draft(), mia.draft()]);
  const head = `POST /replicate/push HTTP/1.1\r\nHost: ${server.host}\r\nAuthorization: Bearer ${mia.token}\r\nAccept: ${NATIVE}\r\nContent-Type: application/json\r\n`;
  await mia.unchanged(async () => {
    for (const [framing, sent] of [
      [`Content-Length: ${whole.length}\r\n\r\n`, whole.slice(0, -1)],
      [`Content-Length: ${whole.length + 1}\r\n\r\n`, whole],
      ["Transfer-Encoding: chunked\r\n\r\n", `${whole.length.toString(16)}\r\n${whole}\r\n`],
      ["Transfer-Encoding: chunked\r\n\r\n", `${(whole.length + 2).toString(16)}\r\n${whole}\r\n0\r\n\r\n`],
      ["Transfer-Encoding: chunked\r\n\r\n", `zz\r\n${whole}\r\n0\r\n\r\n`],
      ["Transfer-Encoding: chunked\r\n\r\n", `ffffffffffffffff\r\n${whole}\r\n0\r\n\r\n`],
    ]) {
      const line = new Line(server.port).say(head + framing + sent);
      line.socket.end();
      await until(() => line.over, { what: `the server ends ${framing.trim()}` });
      const answer = line.answer();
      // Whoever cuts the line may get no answer; if there is one, it says why.
      if (answer) refused(server.heard("POST", "/replicate/push", answer), 400, "BAD_REQUEST");
    }
  });
});

// ---------------------------------------------------------------------------------------------- push

/** A row whose JSON is exactly this long. */
const long = (account, bytes) => {
  const empty = spelt(account.writer.draft("note.kept", { text: "" })).length;
  return account.writer.draft("note.kept", { text: "x".repeat(bytes - empty) });
};

await step("bad rows get a verdict each, and the good ones between them are kept", async () => {
  const changed = (change, more = {}) => sealed({ ...mia.draft(more), ...change });
  const without = (key) => {
    const { [key]: _, ...rest } = mia.draft();
    return key === "h" ? rest : sealed(rest);
  };
  // Text instead of an object where JavaScript could not write the row.
  const numbered = (field, number) => spelt(mia.draft()).replace(new RegExp(`"${field}":\\d+`), `"${field}":${number}`);
  const nested = (depth) => spelt(mia.draft()).replace('"hdr":{}', `"hdr":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);
  const bad = {
    "a hash of something else": { ...mia.draft(), h: "0".repeat(64) },
    "a hash in capitals": (() => { const row = mia.draft(); return { ...row, h: row.h.toUpperCase().replace(/^[0-9]+$/, "A".repeat(64)) }; })(),
    "a body that was changed": { ...mia.draft(), body: { text: "something else" } },
    "a field that was added": { ...mia.draft(), more: 1 },
    "no place": changed({ dseq: 0 }),
    "a place below": changed({ dseq: -1 }),
    "a place between": numbered("dseq", "1.5"),
    "a place that is no exact number": numbered("dseq", "9007199254740992"),
    "a place beyond 64 bits": numbered("dseq", "18446744073709551616"),
    "a place that is no number at all": numbered("dseq", "1e400"),
    "a place as text": changed({ dseq: "1" }),
    "a version below": changed({ v: -1 }),
    "a version beyond 32 bits": changed({ v: 2 ** 32 }),
    "a number with a point in its body": numbered("v", "1").replace('"text":"…"', '"text":1.5'),
    "a number that is not exact in its body": numbered("v", "1").replace('"text":"…"', '"text":9007199254740993'),
    "half a character": spelt(mia.draft()).replace("…", "\\ud800"),
    "an odd lane": changed({ lane: "zz" }),
    "an odd device": changed({ device_id: "ABCDEF0123456789" }),
    "an odd scope": changed({ scope: `crew:${newId()}` }),
    "an odd id": changed({ event_id: "1" }),
    "an odd session": changed({ session_id: "today" }),
    "an odd clock": changed({ hlc: "now" }),
    "a deletion": { ...mia.draft(), _deleted: true },
    "nothing": "null",
    "a number": "7",
    "a text": '"row"',
    "a list": "[1]",
    "an empty object": "{}",
    "a nest of 200": nested(200),
    "a nest of 10,000": nested(10_000),
    ...Object.fromEntries(["event_id", "device_id", "lane", "dseq", "prev", "scope", "session_id", "kind", "v", "hlc", "enc", "hdr", "body", "h"].map((key) => [`no ${key}`, without(key)])),
  };
  const { rows } = await mia.hello();
  const good = [mia.write()];
  const batch = [good[0]];
  for (const row of Object.values(bad)) batch.push(row, good[good.push(mia.write()) - 1]);
  const results = await mia.verdicts(batch);
  Object.keys(bad).forEach((what, nth) => turnedDown(results[nth * 2 + 1], "rejected", "BAD_ENVELOPE", what));
  good.forEach((row, nth) => is([results[nth * 2].status, results[nth * 2].event_id], ["accepted", row.event_id], `good row ${nth}`));
  is((await mia.pulled()).slice(-good.length), good, "the rows that are stored");
  is((await mia.hello()).rows, rows + good.length, "how many there are");
  // The other dialect has no word for one row: the batch is refused, and what was good in it is stored all the same.
  const row = mia.write();
  refused(await mia.pushRx([bad["a hash of something else"], row]), 400, "BAD_ENVELOPE");
  is((await mia.verdicts([row]))[0].status, "duplicate", "the good row beside it");
});

await step("a deletion is none, however it is spelt", async () => {
  const spellings = ['"_deleted":1', '"_deleted":"true"', '"_deleted":null', '"_deleted":{}', '"_deleted":false,"_deleted":true', '"_deleted":true,"_deleted":true'];
  const results = await ben.verdicts(spellings.map((spelling) => spelt(ben.draft()).replace('"_deleted":false', spelling)));
  is(spellings.filter((_, nth) => results[nth].status !== "rejected"), [], "spellings that were stored");
});

await step("the hash of the row before is a hash", async () => {
  const results = await ben.verdicts(["", "x", ZERO.slice(1), `${ZERO}0`, "G".repeat(64)].map((prev) => ben.draft({ prev })));
  results.forEach((verdict) => turnedDown(verdict, "rejected", "BAD_ENVELOPE", "a row after no hash"));
});

await step("NUL and every other odd character is stored and handed out as it came", async () => {
  const texts = ["\u0000", "\u0000\u0001\u001f", "\u2028\u2029", "\u{10ffff}", "\ufffe", "</script>", "'; drop table events; --", "\u202e", "\ufeff"];
  const rows = texts.map((text) => mia.write({ body: { text, [text]: text } }));
  is((await mia.verdicts(rows)).map(({ status }) => status), rows.map(() => "accepted"), "the verdicts");
  is((await mia.pulled()).slice(-rows.length), rows, "what is pulled");
});

await step("a row of 64 KiB is taken, one byte more is not, and the rest of its batch is", async () => {
  const whole = mia.writer.keep(long(mia, 64 * 1024));
  const [over, far, good] = [long(mia, 64 * 1024 + 1), long(mia, MIB), mia.write()];
  const results = await mia.verdicts([whole, over, far, good]);
  is([results[0].status, results[3].status], ["accepted", "accepted"], "the good ones");
  for (const nth of [1, 2]) {
    turnedDown(results[nth], "rejected", "ROW_TOO_LARGE", "a row that is too long");
    is(results[nth].event_id, [over, far][nth - 1].event_id, "its id");
  }
  refused(await mia.pushRx([over]), 413, "ROW_TOO_LARGE");
});

await step("501 rows are too many and 500 are not", async () => {
  const rows = Array.from({ length: 500 }, () => mia.write());
  await mia.unchanged(async () => {
    refused(await mia.push([...rows, mia.draft()]), 413, "REQUEST_TOO_LARGE");
    refused(await mia.pushRx([...rows, mia.draft()]), 413, "REQUEST_TOO_LARGE");
    refused(await mia.push(Array(100_000).fill("1")), 413, "REQUEST_TOO_LARGE");
  });
  is((await mia.verdicts(rows)).filter(({ status }) => status !== "accepted"), [], "rows that were not accepted");
});

/** A push of exactly so many bytes: JSON may have spaces anywhere. */
const padded = (account, row, bytes) => {
  const text = pushOf(account.device_id, [row]);
  return Buffer.from(text.slice(0, -1) + " ".repeat(bytes - Buffer.byteLength(text)) + "}");
};
const sized = (body, chunked) => mia.ask("POST", "/replicate/push", { body, chunked, headers: { accept: NATIVE } });

await step("a body of 4 MiB in chunks is taken", async () => {
  is(fine(await sized(padded(mia, mia.write(), 4 * MIB), true)).json.results[0].status, "accepted", "the verdict");
});
await step("a body of 4 MiB that says how long it is is taken", async () => {
  const row = mia.draft();
  is(fine(await sized(padded(mia, row, 4 * MIB), false)).json.results[0].status, "accepted", "the verdict");
  mia.writer.keep(row);
});
await step("a body of more than 4 MiB is refused, whether or not it says how long it is", async () => {
  await mia.unchanged(async () => {
    for (const chunked of [false, true]) {
      // Whether the refusal comes through while the rest is still being sent is looked at below.
      const answer = await sized(padded(mia, mia.draft(), 4 * MIB + 1), chunked).catch((err) => holds(/EPIPE|ECONNRESET/.test(err.code), err.message));
      if (answer) refused(answer, 413, "REQUEST_TOO_LARGE");
    }
    const head = `POST /replicate/push HTTP/1.1\r\nHost: ${server.host}\r\nAuthorization: Bearer ${mia.token}\r\nContent-Type: application/json\r\n`;
    for (const length of [5 * MIB, 2 ** 40, 2 ** 52]) {
      // Whoever asks first is told before anything travels.
      const answer = await server.raw(`${head}Content-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`, { path: "/replicate/push", whole: true, timeout: 10_000 });
      refused(answer, 413, "REQUEST_TOO_LARGE", `a body of ${length} bytes`);
    }
  });
});

await step("whoever is still sending a body that is too large reads the refusal", async () => {
  await mia.unchanged(async () => {
    // Without it a client cannot know that it has to halve the batch.
    const [body, tries, lost] = [Buffer.alloc(5 * MIB, " "), 64, []];
    const headers = { ...JSON_TYPE, authorization: `Bearer ${mia.token}`, accept: NATIVE };
    const send = () => fetch(`${server.url}/replicate/push`, { method: "POST", headers, body }).then((response) => response.json());
    for (let sent = 0; sent < tries; sent += 8) {
      for (const outcome of await Promise.allSettled(Array.from({ length: 8 }, send))) {
        if (outcome.value?.code !== "REQUEST_TOO_LARGE") lost.push(outcome.value?.code ?? String(outcome.reason.cause));
      }
    }
    is(lost, [], `refusals of ${tries} that were not read`);
  });
});

await step("an id that is used again with other content stores nothing, and is a conflict", async () => {
  const row = mia.write();
  const other = mia.draft({ event_id: row.event_id, body: { text: "other" } });
  const results = await mia.verdicts([row, other, row]);
  is(results.map(({ status }) => status), ["accepted", "conflict", "duplicate"], "the verdicts in one batch");
  turnedDown(results[1], "conflict", "ID_REUSED", "another row by this id");
  is(results[1].stored_h, row.h, "the hash of the row that has the id");
  await mia.unchanged(async () => {
    turnedDown((await mia.verdicts([other]))[0], "conflict", "ID_REUSED", "another row by this id, later");
    is(fine(await mia.pushRx([row, other])).json, [row], "rows in conflict");
  });
});

await step("the other dialect names the conflict also when both rows come in one batch", async () => {
  const row = mia.write();
  const other = mia.draft({ event_id: row.event_id, body: { text: "other" } });
  is(fine(await mia.pushRx([row, other])).json, [row], "rows in conflict");
});

await step("a push in another device's name is refused whole", async () => {
  await mia.unchanged(async () => {
    for (const device_id of [ben.device_id, chance.hex(16), "", "x".repeat(100_000)]) refused(await mia.push([mia.draft()], device_id), 403, "FORBIDDEN");
  });
});

await step("nobody writes into another's scope, nor learns what is in it", async () => {
  const [known] = await mia.pulled();
  const foreign = [
    mia.draft(), known, ben.draft({ scope: mia.scope }), ben.draft({ scope: mia.scope, event_id: known.event_id }), ben.draft({ scope: `u:${newId()}` }), ben.draft({ scope: `room:${newId()}` }),
    ben.draft({ scope: `room:${newId()}`, enc: "x1", body: "AAAA" }),
  ];
  const own = ben.write();
  await mia.unchanged(async () => {
    const results = await ben.verdicts([...foreign, own]);
    foreign.forEach((row, nth) => turnedDown(results[nth], "rejected", "FORBIDDEN_SCOPE", `row ${nth} of ${row.scope.slice(0, 5)}`));
    is(results.at(-1).status, "accepted", "his own row beside them");
  });
  is((await mia.pulled()).some(({ event_id }) => event_id === own.event_id), false, "she sees his row");
  refused(await ben.pushRx([known]), 403, "FORBIDDEN_SCOPE");
});

await step("an id of another's row tells nothing about that row", async () => {
  const [known] = await mia.pulled();
  const row = ben.draft({ event_id: known.event_id });
  const [verdict] = await ben.verdicts([row]);
  const rx = await ben.pushRx([row]);
  holds(!rx.text.includes(known.h) && !rx.text.includes(mia.person), `he was handed her row: ${rx.text.slice(0, 200)}`);
  is(verdict.stored_h, undefined, "the hash of her row, told to him");
});

// ---------------------------------------------------------------------------------------------- pull

await step("a page of no rows, of too many or of nonsense is refused, and never cut down in silence", async () => {
  for (const size of ["1001", "4294967296", "9223372036854775807"]) refused(await mia.ask("GET", `/replicate/pull?batchSize=${size}`), 400, "BATCH_TOO_LARGE");
  for (const size of ["0", "-1", "-0", "", "ten", "1.5", "1e3", "0x10", "99999999999999999999999", "%00", "1%2000", "1&batchSize=2"]) {
    refused(await mia.ask("GET", `/replicate/pull?batchSize=${size}`), 400, "BAD_REQUEST");
  }
  is(fine(await mia.ask("GET", "/replicate/pull?batchSize=1")).json.documents.length, 1, "rows of a page of one");
});

const pullAt = (account, checkpoint) => account.ask("GET", `/replicate/pull?checkpoint=${encodeURIComponent(typeof checkpoint === "string" ? checkpoint : JSON.stringify(checkpoint))}`);
const streamAt = (account, checkpoint) => account.ask("GET", `/replicate/pull/stream?checkpoint=${encodeURIComponent(typeof checkpoint === "string" ? checkpoint : JSON.stringify(checkpoint))}`);

await step("a checkpoint is an object with its three keys and nothing else", async () => {
  const { epoch, head, view } = await mia.hello();
  const right = { epoch, seq: head, view };
  const wrong = [
    1, "1", '"text"', "true", [], {}, "{", "[]]", { epoch }, { ...right, more: 1 }, { epoch, seq: head }, { epoch, view }, { seq: head, view }, { ...right, seq: String(head) }, { ...right, seq: -1 },
    { ...right, seq: 0.5 }, { ...right, seq: null }, { ...right, epoch: null }, { ...right, view: 7 }, `{"epoch":"${epoch}","seq":1e400,"view":"${view}"}`, `{"epoch":"${epoch}","seq":18446744073709551616,"view":"${view}"}`,
    `{"epoch":"${epoch}","seq":0,"seq":0,"view":"${view}"}`, `{"epoch":"\\ud800","seq":0,"view":"${view}"}`, "[".repeat(5_000),
  ];
  for (const at of [pullAt, streamAt]) for (const checkpoint of wrong) refused(await at(mia, checkpoint), 400, "BAD_REQUEST", `a checkpoint ${JSON.stringify(checkpoint).slice(0, 100)}`);
  fine(await pullAt(mia, right));
});

await step("a checkpoint of another life of the server, or beyond its end, begins anew", async () => {
  const { epoch, head, view } = await mia.hello();
  for (const at of [pullAt, streamAt]) {
    for (const other of [{ epoch: "another" }, { epoch: "" }, { epoch: `${epoch}\u0000` }, { epoch: epoch.toUpperCase() === epoch ? "x" : epoch.toUpperCase() }, { seq: head + 1 }, { seq: 2 ** 53 }]) {
      refused(await at(mia, { epoch, seq: 0, view, ...other }), 409, "EPOCH_CHANGED", JSON.stringify(other));
    }
    refused(await at(mia, `{"epoch":"${epoch}","seq":18446744073709551615,"view":"${view}"}`), 409, "EPOCH_CHANGED");
    for (const other of [{ view: "" }, { view: "0".repeat(16) }, { view: (await ben.hello()).view }]) refused(await at(mia, { epoch, seq: 0, view, ...other }), 409, "VIEW_CHANGED", JSON.stringify(other));
  }
  for (const [id, code] of [["another.1", "EPOCH_CHANGED"], [`${epoch}.${head + 1}`, "EPOCH_CHANGED"]]) {
    const refusedStream = await mia.ask("GET", "/replicate/pull/stream", { headers: { "last-event-id": id } });
    refused(refusedStream, 409, code, `coming back at ${id}`);
  }
});

await step("scopes that are unknown, another's, or none are refused everywhere, and all in the same words", async () => {
  const chain = (scope) => encodeURIComponent(`${scope}/${mia.device_id}/00`);
  const ways = {
    pull: (scope) => `/replicate/pull?scope=${encodeURIComponent(scope)}`,
    digest: (scope) => `/replicate/digest?scope=${encodeURIComponent(scope)}`,
    segment: (scope) => `/replicate/snapshot/segment?scope=${encodeURIComponent(scope)}&from=0&to=10`,
    chain: (scope) => `/replicate/pull?chain=${chain(scope)}`,
    blocks: (scope) => `/replicate/digest?chain=${chain(scope)}`,
  };
  for (const [name, way] of Object.entries(ways)) {
    const words = new Set();
    for (const scope of [mia.scope, `u:${newId()}`, `room:${newId()}`]) words.add(JSON.stringify(refused(await ben.ask("GET", way(scope)), 403, "FORBIDDEN_SCOPE", `${name} of ${scope}`)));
    is(words.size, 1, `${name}: ways to say no`);
  }
  for (const scope of ["", "u:", "u:1", "mia", "crew:1", "u:%", "'or 1=1--", "\u0000", "*"]) {
    for (const name of ["pull", "digest", "segment"]) refused(await ben.ask("GET", ways[name](scope)), 403, "FORBIDDEN_SCOPE", `${name} of ${JSON.stringify(scope)}`);
    for (const name of ["chain", "blocks"]) refused(await ben.ask("GET", ways[name](scope)), 400, "BAD_REQUEST", `${name} of ${JSON.stringify(scope)}`);
  }
  for (const chain of ["", "/", "///", `${mia.scope}/x/00`, `${mia.scope}/${mia.device_id}`, `${mia.scope}/${mia.device_id}/00/1`, `${mia.scope}/${mia.device_id}/ZZ`]) {
    for (const path of ["pull", "digest"]) refused(await mia.ask("GET", `/replicate/${path}?chain=${encodeURIComponent(chain)}`), 400, "BAD_REQUEST");
  }
});

await step("places and segments that are nonsense are refused or empty", async () => {
  const chain = encodeURIComponent(`${mia.scope}/${mia.device_id}/00`);
  const scope = encodeURIComponent(mia.scope);
  for (const value of ["-1", "x", "1.5", "", "1e2", "99999999999999999999"]) {
    for (const key of ["from", "to"]) {
      refused(await mia.ask("GET", `/replicate/pull?chain=${chain}&${key}=${value}`), 400, "BAD_REQUEST");
      refused(await mia.ask("GET", `/replicate/snapshot/segment?scope=${scope}&from=0&to=9&${key}=${value}`), 400, "BAD_REQUEST");
    }
  }
  for (const key of ["scope=x&from=0", "scope=x&to=0", "from=0&to=1", ""]) refused(await mia.ask("GET", `/replicate/snapshot/segment?${key}`), 400, "BAD_REQUEST");
  for (const [from, to] of [[9, 1], [2 ** 52, 2 ** 52 + 1], [0, 0]]) {
    is(fine(await mia.ask("GET", `/replicate/pull?chain=${chain}&from=${from + 1}&to=${to}`)).json.documents, [], "rows of no places");
    refused(await mia.ask("GET", `/replicate/snapshot/segment?scope=${scope}&from=${from}&to=${to}`), 400, "BAD_REQUEST", "a span that is no segment");
  }
});

// ---------------------------------------------------------------------------------------------- tokens and codes

const signedIn = [
  ["GET", "/account"], ["DELETE", "/account"], ["POST", "/account/links"], ["POST", "/account/persons"], ["POST", "/account/sign-out"], ["DELETE", `/account/devices/${mia.device_id}`],
  ["POST", "/account/sign-out-others"], ["POST", "/account/password"], ["POST", "/admin/invites"], ["POST", "/admin/resets"], ["GET", "/replicate/hello"], ["GET", "/replicate/pull"], ["POST", "/replicate/push"], ["GET", "/replicate/pull/stream"], ["GET", "/replicate/digest"],
  ["GET", "/replicate/snapshot"], ["GET", `/replicate/snapshot/segment?scope=${encodeURIComponent(mia.scope)}&from=0&to=9`],
];
const everywhere = async (headers, what) => {
  for (const [method, path] of signedIn) refused(await server.ask(method, path, { headers, body: method === "GET" ? undefined : {} }), 401, "AUTH_EXPIRED", `${what}: ${method} ${path}`);
};

await step("without a token, or with one that is none, nothing is answered", async () => {
  await mia.unchanged(async () => {
    await everywhere({}, "no token");
    await everywhere({ authorization: `Bearer ${"0".repeat(64)}` }, "a token nobody has");
    const tokens = [
      "", " ", "Bearer", "Bearer ", mia.token, `Basic ${mia.token}`, `Token ${mia.token}`, `Bearer ${mia.token}0`, `Bearer ${mia.token.slice(1)}`, `Bearer ${mia.token.toUpperCase().replace(/^\d+$/, "x")}`,
      `Bearer ${"\xff".repeat(64)}`, `Bearer ${"x".repeat(8_000)}`, `Bearer ' or '1'='1${" ".repeat(48)}`, "Bearer null", `Bearer ${mia.token},${mia.token}`,
    ];
    for (const authorization of tokens) refused(await server.ask("GET", "/account", { headers: { authorization } }), 401, "AUTH_EXPIRED", `authorization ${authorization.slice(0, 40)}`);
    for (const cookie of [`spotter=${mia.token}`, `__Host-spotter${mia.token}`, "__Host-spotter=", `x__Host-spotter=${mia.token}`, `__Host-spotter=${"0".repeat(64)}`, `__Host-spotter2=${mia.token}`]) {
      refused(await server.ask("GET", "/account", { headers: { cookie } }), 401, "AUTH_EXPIRED", `cookie ${cookie.slice(0, 20)}`);
    }
    for (const name of ["token", "access_token", "authorization", "__Host-spotter"]) refused(await server.ask("GET", `/account?${name}=${mia.token}`), 401, "AUTH_EXPIRED", "a token in the address");
  });
});

await step("a token shows its own account, and an administrator's doors only to administrators", async () => {
  is(fine(await ben.ask("GET", "/account")).json.persons, [ben.person], "his persons");
  is((await ben.pulled()).every(({ scope }) => scope === ben.scope), true, "all he pulls is his");
  const [segment] = fine(await ben.ask("GET", "/replicate/snapshot")).json.segments;
  is(segment.scope, ben.scope, "his snapshot");
  refused(await ben.ask("POST", "/admin/invites", { body: {} }), 403, "FORBIDDEN");
  refused(await ben.ask("POST", "/admin/resets", { body: { name: mia.name } }), 403, "FORBIDDEN");
  refused(await ben.ask("DELETE", `/account/devices/${mia.device_id}`), 404, "NOT_FOUND");
  refused(await ben.ask("POST", "/account/persons", { body: { person: mia.person } }), 409, "TAKEN");
  refused(await server.ask("POST", "/account/join", { body: { code: await ben.code("/account/links"), device: newDevice({ person: mia.person }) } }), 409, "TAKEN");
  refused(await mia.ask("POST", "/admin/resets", { body: { name: "nobody" } }), 404, "NOT_FOUND");
  fine(await mia.ask("GET", "/account"));
});

await step("a sign-in that was ended, shut out or has expired is none any more", async () => {
  const out = await mia.join();
  fine(await server.ask("POST", "/account/sign-out", { token: out.token }));
  await everywhere({ authorization: `Bearer ${out.token}` }, "signed out");
  const lost = await mia.join();
  fine(await mia.ask("DELETE", `/account/devices/${lost.device.device_id}`));
  await everywhere({ authorization: `Bearer ${lost.token}` }, "shut out");
  // Shut out is shut out: neither the password nor a link lets that device in, and the link is not spent by trying.
  refused(await server.ask("POST", "/account/sign-in", { body: { name: mia.name, password, device: lost.device } }), 403, "FORBIDDEN");
  const code = await mia.code("/account/links");
  refused(await server.ask("POST", "/account/join", { body: { code, device: lost.device } }), 403, "FORBIDDEN");
  fine(await server.ask("POST", "/account/join", { body: { code, device: newDevice() } }));
  const old = await mia.join();
  server.sql(`update sign_ins set expires_ms = 1 where device_id = '${old.device.device_id}'`);
  await everywhere({ authorization: `Bearer ${old.token}` }, "expired");
  fine(await mia.ask("GET", "/account"));
});

await step("a code serves once, for its own purpose and in its own time", async () => {
  const join = (code) => server.ask("POST", "/account/join", { body: { code, device: newDevice() } });
  const signUp = (invite, name = `n${chance.hex(8)}`) => server.ask("POST", "/account/sign-up", { body: { name, password, invite, device: newDevice() } });
  const reset = (code) => server.ask("POST", "/account/password-reset", { body: { code, password } });
  const make = { link: () => mia.code("/account/links"), invite: () => mia.code("/admin/invites"), reset: () => mia.code("/admin/resets", { name: "ben" }) };
  const use = { link: join, invite: signUp, reset };
  for (const [purpose, spend] of Object.entries(use)) {
    for (const code of ["", "0", "0".repeat(32), "x".repeat(10_000), "\u0000", "' or 1=1 --"]) refused(await spend(code), 410, "CODE_USED", `${purpose} ${code.slice(0, 12)}`);
    for (const [other, code] of await Promise.all(Object.entries(make).map(async ([other, make]) => [other, await make()]))) {
      if (other !== purpose) refused(await spend(code), 410, "CODE_USED", `${other} as ${purpose}`);
    }
    const late = await make[purpose]();
    server.sql("update codes set expires_ms = 1");
    refused(await spend(late), 410, "CODE_USED", `${purpose} that is over`);
    const code = await make[purpose]();
    fine(await spend(code), purpose);
    refused(await spend(code), 410, "CODE_USED", `${purpose} a second time`);
  }
  // His password was made anew: every sign-in of his has ended, and he comes in again.
  await everywhere({ authorization: `Bearer ${ben.token}` }, "before the reset");
  ben.token = fine(await server.ask("POST", "/account/sign-in", { body: { name: "ben", password, device: ben.device } })).json.token;
  const invite = await make.invite();
  refused(await signUp(invite, "BEN"), 409, "TAKEN");
  fine(await signUp(invite), "an invitation that was not used up by a name that is taken");
});

await step("of many who use one code at once, one gets in", async () => {
  const [link, invite] = [await mia.code("/account/links"), await mia.code("/admin/invites")];
  const joins = Array.from({ length: 20 }, () => server.ask("POST", "/account/join", { body: { code: link, device: newDevice() } }));
  const signUps = Array.from({ length: 8 }, () => server.ask("POST", "/account/sign-up", { body: { name: `r${chance.hex(8)}`, password, invite, device: newDevice() } }));
  for (const answers of [await Promise.all(joins), await Promise.all(signUps)]) {
    is(answers.filter(({ status }) => status === 200).length, 1, "those who got in");
    answers.filter(({ status }) => status !== 200).forEach((answer) => refused(answer, 410, "CODE_USED"));
  }
});

// ---------------------------------------------------------------------------------------------- names, passwords, guessing

await step("names and passwords keep to their limits, and case makes no second name", async () => {
  const signUp = async (more) => server.ask("POST", "/account/sign-up", { body: { name: `p${chance.hex(8)}`, password, invite: await mia.code("/admin/invites"), device: newDevice(), ...more } });
  for (const password of ["", "123456789", "x".repeat(201), "💪".repeat(9), "💪".repeat(201), "x".repeat(10_000)]) {
    refused(await signUp({ password }), 400, "BAD_REQUEST", `a password of ${password.length}`);
    refused(await server.ask("POST", "/account/password-reset", { body: { code: "0", password } }), 400, "BAD_REQUEST", `a new password of ${password.length}`);
  }
  for (const password of ["1234567890", "💪".repeat(10), "💪".repeat(200), " ".repeat(10), "\u0000".repeat(10)]) {
    const name = `p${chance.hex(8)}`;
    fine(await signUp({ name, password }), `a password of ${[...password].length}`);
    fine(await server.ask("POST", "/account/sign-in", { body: { name: ` ${name.toUpperCase()} `, password, device: newDevice() } }), "the same again, in capitals");
    refused(await server.ask("POST", "/account/sign-in", { body: { name, password: `${password} `, device: newDevice() } }), 401, "WRONG_PASSWORD");
  }
  for (const name of ["", " ", "\t\n", "x".repeat(61), "a\u0000b", "a\u0007b", "a\nb"]) {
    refused(await signUp({ name }), 400, "BAD_REQUEST", `a name ${JSON.stringify(name)}`);
    refused(await server.ask("POST", "/account/sign-in", { body: { name, password, device: newDevice() } }), 400, "BAD_REQUEST", `a name ${JSON.stringify(name)}`);
  }
  fine(await signUp({ name: "ж".repeat(60) }), "a name of 60");
  for (const name of ["ben", "BEN", "Ben", " ben "]) refused(await signUp({ name }), 409, "TAKEN", `the name ${name}`);
  for (const invite of [undefined, null]) refused(await server.ask("POST", "/account/sign-up", { body: { name: "new", password, invite, device: newDevice() } }), 403, "FORBIDDEN", "nobody invited them");
  for (const name of ["", " ", "\u0000"]) refused(await signUp({ device: newDevice({ name }) }), 400, "BAD_REQUEST", "a device without a name");
});

await step("a device's name is as long as the description of the API lets it be", async () => {
  refused(await server.ask("POST", "/account/join", { body: { code: await mia.code("/account/links"), device: newDevice({ name: "x".repeat(61) }) } }), 400, "BAD_REQUEST");
});

const guess = (name, password = "wrong guess") => server.ask("POST", "/account/sign-in", { body: { name, password, device: newDevice() } });

await step("guessing is slowed down, for that name and no other, and not for ever", async () => {
  for (const known of [true, false]) {
    const name = `g${chance.hex(8)}`;
    if (known) await Account.signUp(server, name, mia);
    for (const spelling of [name, name.toUpperCase(), ` ${name}`, name]) refused(await guess(spelling), 401, "WRONG_PASSWORD", spelling);
    const { retry_after_ms } = refused(await guess(name.toUpperCase()), 429, "SLOW_DOWN");
    holds(retry_after_ms <= 1_000, "the first wait is short");
    refused(await guess(name, password), 429, "SLOW_DOWN", "also with the right password");
    // Another name is not slowed.
    fine(await guess("ben", password));
    refused(await guess(`other${name}`), 401, "WRONG_PASSWORD");
    if (!known) continue;
    await until(async () => (await guess(name, password)).status === 200, { what: "the wait is over" });
    refused(await guess(name), 401, "WRONG_PASSWORD", "a right password forgets the wrong ones");
  }
});

await step("guessing is slowed down also for whoever wants to erase an account", async () => {
  const account = await Account.signUp(server, `e${chance.hex(8)}`, mia);
  const erase = (password) => account.ask("DELETE", "/account", { body: { password } });
  for (let tries = 0; tries < 4; tries += 1) refused(await erase("wrong guess"), 401, "WRONG_PASSWORD");
  refused(await erase("wrong guess"), 429, "SLOW_DOWN");
  fine(await account.ask("GET", "/account"));
});

await step("guessing many times at once is slowed down as well", async () => {
  const { name } = await Account.signUp(server, `g${chance.hex(8)}`, mia);
  const answers = await Promise.all(Array.from({ length: 40 }, () => guess(name)));
  const tried = answers.filter(({ status }) => status === 401).length;
  answers.filter(({ status }) => status !== 401).forEach((answer) => refused(answer, 429, "SLOW_DOWN"));
  // Four are free, and some may have been on their way.
  holds(tried <= 8, `${tried} of 40 guesses at once were tried`);
});

await step("a crowd that nobody invited does not keep the others from signing in", async () => {
  const crowd = Array.from({ length: 500 }, () => server.ask("POST", "/account/sign-up", { body: { name: `c${chance.hex(8)}`, password, device: newDevice() } }));
  const invited = await guess("ben", password);
  const answers = await Promise.all(crowd);
  fine(invited, "somebody with a password");
  answers.forEach((answer) => refused(answer, 403, "FORBIDDEN", "somebody without an invitation"));
});

// ---------------------------------------------------------------------------------------------- other sites

await step("a page of another site cannot write with the cookie of ours", async () => {
  const own = { origin: server.url, "sec-fetch-site": "same-origin" };
  const signIn = { name: mia.name, password, device: newDevice() };
  const signed = fine(await server.ask("POST", "/account/sign-in", { body: signIn, headers: own }));
  is(signed.json.token, undefined, "a token that scripts can read");
  const device = { "spotter-device": signed.json.device_secret };
  const [cookie, ...marks] = signed.headers["set-cookie"][0].split("; ");
  holds(/^__Host-spotter=[0-9a-f]{64}$/.test(cookie), `the cookie is ${cookie}`);
  for (const mark of ["Path=/", "HttpOnly", "Secure", "SameSite=Strict"]) holds(marks.includes(mark), `the cookie has no ${mark}`);
  holds(!marks.some((mark) => /^domain/i.test(mark)), "the cookie is for one host");
  const writes = [
    ["POST", "/account/links", {}], ["POST", "/admin/invites", {}], ["POST", "/account/persons", { person: newId() }], ["POST", "/replicate/push", []], ["POST", "/account/sign-out", {}],
    ["DELETE", `/account/devices/${mia.device_id}`], ["DELETE", "/account", { password }], ["POST", "/account/sign-in", signIn], ["POST", "/account/sign-up", {}], ["PUT", "/account", {}],
  ];
  const foreign = [
    { origin: "https://evil.example" }, { origin: "null" }, { origin: "" }, { origin: `http://localhost:${server.port + 1}` }, { origin: `http://${server.host}.evil.example` }, { origin: "http://localhost" }, { origin: `https://${server.host}` },
    { origin: `http://evil@${server.host}` }, { origin: server.host }, { "sec-fetch-site": "cross-site" }, { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
  ];
  await mia.unchanged(async () => {
    for (const headers of foreign) {
      for (const [method, path, body] of writes) refused(await server.ask(method, path, { body, headers: { cookie, ...device, ...headers } }), 403, "FORBIDDEN", `${method} ${path} from ${JSON.stringify(headers)}`);
      for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
        refused(await server.ask("POST", "/replicate/push", { body: "[]", headers: { cookie, ...device, ...headers, "content-type": type } }), 403, "FORBIDDEN");
      }
    }
  });
  fine(await server.ask("GET", "/account", { headers: { cookie, ...device } }));
  fine(await server.ask("POST", "/account/links", { body: {}, headers: { cookie, ...device, ...own } }), "our own page");
  const preflight = await server.ask("OPTIONS", "/replicate/push", { headers: { origin: "https://evil.example", "access-control-request-method": "POST" } });
  refused(preflight, 405, "METHOD_NOT_ALLOWED", "asking beforehand");
  const gone = fine(await server.ask("POST", "/account/sign-out", { headers: { cookie, ...own, ...JSON_TYPE } }));
  holds(/^__Host-spotter=; .*Max-Age=0/.test(gone.headers["set-cookie"][0]), "the cookie is taken back");
  // Also from whoever did not hear that answer and asks once more.
  const again = await server.ask("POST", "/account/sign-out", { headers: { cookie, ...own, ...JSON_TYPE } });
  refused(again, 401, "AUTH_EXPIRED", "signed out once more");
  holds(/^__Host-spotter=; .*Max-Age=0/.test(again.headers["set-cookie"]?.[0]), "the cookie of no sign-in is taken back too");
  refused(await server.ask("GET", "/account", { headers: { cookie, ...device } }), 401, "AUTH_EXPIRED");
});

// ---------------------------------------------------------------------------------------------- methods, files, headers

await step("methods that an address does not take are refused by name", async () => {
  const { paths } = fine(await server.ask("GET", "/openapi.json")).json;
  const routes = Object.entries({ ...paths, "/replicate/pull/stream": { get: 1 }, "/openapi.json": { get: 1 } });
  for (const [template, taken] of routes) {
    const path = template.replace("{device_id}", "0".repeat(16));
    const takes = Object.keys(taken).map((method) => method.toUpperCase());
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "MKCOL"].filter((method) => !takes.includes(method))) {
      const answer = await server.ask(method, path);
      refused(answer, 405, "METHOD_NOT_ALLOWED");
      is(answer.headers.allow?.split(",").map((one) => one.trim()).filter((one) => one !== "HEAD").sort(), takes.sort(), `what ${path} takes`);
    }
  }
  for (const path of ["/api", "/api/v1/rows", "/replicate", "/replicate/none", "/account/none/at/all", "/admin/none", "/admin/%2e%2e/x", "/replicate/snapshot/none"]) {
    for (const method of ["GET", "POST", "DELETE"]) refused(await server.ask(method, path), 404, "NOT_FOUND");
  }
  for (const path of ["/", "/index.html", "/b/none/none.js", "/healthz", "/metrics"]) for (const method of ["POST", "PUT", "DELETE", "PATCH"]) is((await server.ask(method, path)).status, 405, `${method} ${path}`);
});

const page = readFileSync(join(dist, "index.html"), "utf8");
const get = (path) => server.raw(`GET ${path} HTTP/1.1\r\nHost: ${server.host}\r\nConnection: close\r\n\r\n`, { path });

await step("no address leads out of the folder with the app's files", async () => {
  const up = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..\\", "..%5c", "%252e%252e%252f", "....//", ".%2e/", "%c0%ae%c0%ae/", "..;/", "..%00/"];
  const secrets = [/root:x:0/, /\[package\]|\[workspace\]/, /SQLite format/, /Apache License/];
  for (const one of up) {
    for (const target of ["Cargo.toml", "LICENSE", "etc/passwd"]) {
      for (const before of ["/", "/b/", "/icons/", "//"]) {
        for (const times of [1, 2, 8]) {
          const answer = await get(`${before}${one.repeat(times)}${target}`);
          holds(answer && [200, 307, 400, 404].includes(answer.status), `${before}${one.repeat(times)}${target}: ${answer?.status}`);
          holds(!secrets.some((secret) => secret.test(answer.text)), `${answer.path} handed out ${answer.text.slice(0, 60)}`);
          if (answer.status === 200) is(answer.text, page, `${answer.path} is the app`);
        }
      }
    }
  }
  for (const path of ["/%00", "/%ff%fe", "/%zz", "/%", "/b/%00.js", "/\\", "/C:/windows/win.ini", "/file:///etc/passwd", "/~root", "/index.html/", "/index.html/x", "/b", "/b/", "/?../../etc/passwd", "/con", "/."]) {
    const answer = await get(path);
    holds(answer && answer.status < 500 && answer.status !== 422, `${path}: ${answer?.status}`);
    holds(!secrets.some((secret) => secret.test(answer.text)), `${path} handed out something`);
  }
  for (const name of ["Cargo.toml", "LICENSE"]) holds(secrets.some((secret) => secret.test(readFileSync(join(root, name), "utf8"))), "what must not come would be known if it came");
});

await step("an address that no file system could hold is answered like any other that is no file", async () => {
  for (const path of [`/${"a".repeat(300)}`, `/${"a".repeat(5_000)}`, `/b/${"%61".repeat(300)}/x.js`, `/${"a/".repeat(3_000)}`]) {
    const answer = await get(path);
    holds(answer && answer.status < 500, `an address of ${path.length} characters: ${answer?.status}`);
  }
});

await step("no address of ours leads to another host", async () => {
  for (const path of ["//icons", "//icons/..", "//b", "//evil.example/..%2f..%2ficons", "/\\evil.example/..", "//icons%2f.."]) {
    const { headers } = await get(path);
    holds(!/^[/\\]{2}|^[a-z]+:/i.test(headers.location ?? ""), `${path} leads to ${headers.location}`);
  }
});

const build = readdirSync(join(dist, "b"))[0];
await step("built files are kept for good, everything else is asked for each time", async () => {
  for (const name of readdirSync(join(dist, "b", build)).filter((name) => /\.(js|css|wasm)$/.test(name))) {
    for (const coding of ["identity", "br", "gzip, br"]) {
      const answer = fine(await server.ask("GET", `/b/${build}/${name}`, { headers: { "accept-encoding": coding } }));
      is(answer.headers["cache-control"], "public, max-age=31536000, immutable", `${name} in ${coding}`);
    }
    is((await server.ask("HEAD", `/b/${build}/${name}`)).headers["cache-control"], "public, max-age=31536000, immutable", `the head of ${name}`);
  }
  is((await server.ask("GET", `/b/${build}/app.js`, { headers: { range: "bytes=0-9" } })).status, 206, "a part");
  for (const range of ["bytes=9-0", "bytes=-0", "bytes=99999999-", "bytes=0-0,2-2,4-4", `bytes=${Array.from({ length: 1_000 }, (_, at) => `${at}-${at}`).join(",")}`, "bytes=x", "lines=1-2"]) {
    holds([200, 206, 416].includes((await server.ask("GET", `/b/${build}/app.js`, { headers: { range } })).status), `the part ${range.slice(0, 30)}`);
  }
  for (const path of ["/", "/index.html", "/history/1", `/b/${build}/none.js`, "/b/none/app.js", "/sw.js", "/manifest.webmanifest"]) {
    is((await server.ask("GET", path)).headers["cache-control"], "no-cache", `how ${path} is kept`);
  }
});

await step("a file of another build is missing, and is not the page", async () => {
  for (const path of ["/b/none/app.js", "/b/none/app_bg.wasm", `/b/${build}/none.js`, "/x.wasm", "/dims/x.parquet", "/app.js", "/me/app.js", "/nothing/of/ours"]) {
    const answer = await server.ask("GET", path, { headers: { accept: "text/html,*/*" } });
    is(answer.status, 404, path);
    holds(!/html/i.test(`${answer.headers["content-type"]} ${answer.text}`), `${path} is a page: ${answer.text.slice(0, 60)}`);
  }
  for (const path of ["/", "/index.html", "/train", "/history", `/history/${newId()}`, "/progress", "/crew", "/me", "/me/import", "/me/storage", "/me/sync?x=1"]) {
    is(fine(await server.ask("GET", path)).text, page, `${path} is the app`);
  }
  is(fine(await server.ask("GET", "/favicon.ico")).headers["content-type"], "image/png", "what browsers ask for by themselves");
});

await step("a built file that has not changed stays kept for good", async () => {
  const answer = await server.ask("GET", `/b/${build}/app.js`, { headers: { "if-modified-since": new Date(Date.now() + 86_400_000).toUTCString() } });
  is([answer.status, answer.headers["cache-control"]], [304, "public, max-age=31536000, immutable"], "the answer");
});

// ---------------------------------------------------------------------------------------------- HTTP

await step("requests that are no HTTP, or twice as much of it, are turned away", async () => {
  const host = "Host: a\r\n";
  const sent = [
    "\u0000\u0001\u0002\r\n\r\n", "HELO example\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", `GET / HTTP/9.1\r\n${host}\r\n`, `GET / HTTP/1.1\r\nHost a\r\n\r\n`, `GET / HTTP/1.1\r\n: a\r\n\r\n`,
    `GET / HTTP/1.1\r\n${host}X: a\u0000b\r\n\r\n`, `GET / HTTP/1.1\r\n${host}X : a\r\n\r\n`, `GET /a b HTTP/1.1\r\n${host}\r\n`, `GET /\u0001 HTTP/1.1\r\n${host}\r\n`,
    `GET / HTTP/1.1\r\n${host}${"x: 1\r\n".repeat(200)}\r\n`, `GET / HTTP/1.1\r\n${host}X: ${"a".repeat(600_000)}\r\n\r\n`, `GET /${"a".repeat(70_000)} HTTP/1.1\r\n${host}\r\n`,
    `${bodyHead}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, `${bodyHead}Content-Length: -1\r\n\r\n{}`, `${bodyHead}Content-Length: x\r\n\r\n{}`, `${bodyHead}Content-Length: +2\r\n\r\n{}`, `${bodyHead}Content-Length: 99999999999999999999999\r\n\r\n{}`,
    `${bodyHead}Transfer-Encoding: gzip\r\n\r\n{}`, `${bodyHead}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`, "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
  ];
  for (const bytes of sent) {
    const line = new Line(server.port).say(Buffer.from(bytes, "latin1"));
    line.socket.end();
    await until(() => line.over, { what: `the server ends ${JSON.stringify(bytes.slice(0, 60))}` });
    const answer = line.answer();
    holds(!line.heard.length || (answer && 400 <= answer.status && answer.status < 500 && answer.status !== 422), `${JSON.stringify(bytes.slice(0, 60))} was answered ${line.heard.toString().slice(0, 60)}`);
  }
  for (const bytes of ["CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"]) is((await server.raw(bytes, { whole: true })).status, 405, bytes.slice(0, 12));
  is((await server.raw("GET http://evil.example/healthz HTTP/1.1\r\nHost: a\r\n\r\n", { whole: true })).status, 200, "an address with a host in it");
});

await step("a second request hidden in the body of the first is not carried out", async () => {
  const hidden = `POST /account/sign-out HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ben.token}\r\n\r\n`;
  const head = `POST /account/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  for (const framing of [`Content-Length: ${hidden.length}\r\nContent-Length: 0\r\n`, `Content-Length: 0, ${hidden.length}\r\n`, `Content-Length: ${hidden.length}\r\n`, `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n`, `Transfer-Encoding: xchunked\r\nContent-Length: ${hidden.length}\r\n`]) {
    const line = new Line(server.port).say(`${head}${framing}\r\n${hidden}`);
    line.socket.end();
    await until(() => line.over, { what: "the server ends it" });
    fine(await ben.ask("GET", "/account"), framing);
  }
});

await step("connections that vanish leave nothing open", async () => {
  const before = server.files().sockets;
  const lines = Array.from({ length: 200 }, (_, nth) => {
    const line = new Line(server.port);
    const starts = ["", "GET /acc", `${bodyHead}Content-Length: 1000\r\n\r\n{`, `GET /replicate/pull/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${mia.token}\r\n\r\n`];
    return line.say(starts[nth % starts.length]);
  });
  await Promise.all(lines.map((line) => line.opened));
  await until(async () => 50 <= (await server.metric("streams")), { what: "the streams among them are open" });
  lines.forEach(({ socket }, nth) => (nth % 2 ? socket.resetAndDestroy() : socket.destroy()));
  await until(async () => (await server.metric("streams")) === 0, { what: "no stream is open" });
  await until(() => server.files().sockets <= before, { what: `as many sockets open as before (${before})` });
});

// ---------------------------------------------------------------------------------------------- streams

await step("signing out, being shut out, a new password and erasing end live streams, and no others", async () => {
  const erased = await Account.signUp(server, `s${chance.hex(8)}`, mia);
  const ways = [
    { of: mia, end: ({ token }) => server.ask("POST", "/account/sign-out", { token }) },
    { of: mia, end: ({ device }) => mia.ask("DELETE", `/account/devices/${device.device_id}`) },
    { of: ben, end: async () => server.ask("POST", "/account/password-reset", { body: { code: await mia.code("/admin/resets", { name: "ben" }), password } }) },
    { of: erased, end: () => erased.ask("DELETE", "/account", { body: { password } }) },
  ];
  const other = await server.stream(mia.token);
  await until(() => other.greeted, { what: "the greeting" });
  for (const { of, end } of ways) {
    const joined = await of.join();
    const stream = await server.stream(joined.token);
    await until(() => stream.greeted, { what: "the greeting" });
    fine(await end(joined));
    await until(() => stream.ended, { what: "the stream ends", timeout: 5_000 });
    is(stream.bye, "AUTH_EXPIRED", "why it ended");
    const again = await server.stream(joined.token);
    await until(() => again.ended, { what: "there is no other stream" });
    is(again.status, 401, "coming back");
  }
  const row = mia.write();
  is((await mia.verdicts([row]))[0].status, "accepted", "a row");
  await until(() => other.frames.some(({ documents }) => documents?.some(({ event_id }) => event_id === row.event_id)), { what: "the other stream goes on" });
  is(other.ended, false, "the other stream has ended");
  other.close();
  ben.token = fine(await server.ask("POST", "/account/sign-in", { body: { name: "ben", password, device: ben.device } })).json.token;
  is(server.sql(`select count(*) from events where scope = '${erased.scope}'`), "[(0,)]", "rows of the erased one");
});

await step("a stream that comes back when the account may read more is told to pull", async () => {
  const account = await Account.signUp(server, `v${chance.hex(8)}`, mia);
  const stream = await server.stream(account.token);
  await until(() => stream.greeted, { what: "the greeting" });
  fine(await account.push([account.write()]));
  await until(() => stream.said.some(({ id }) => id), { what: "a frame with an id" });
  const { id } = stream.said.find(({ id }) => id);
  stream.close();
  const back = () => server.stream(account.token, { headers: { "last-event-id": id } });
  const same = await back();
  await until(() => same.greeted, { what: "the greeting of the same view" });
  const row = account.write();
  fine(await account.push([row]));
  await until(() => same.frames.length, { what: "its first word" });
  is(same.frames[0].documents, [row], "what it goes on with");
  same.close();
  // Rows of before are this person's, and a frame from here on would hide them.
  fine(await account.ask("POST", "/account/persons", { body: { person: newId() } }));
  const more = await back();
  await until(() => more.frames.length, { what: "its first word" });
  is([more.status, more.frames[0]], [200, "RESYNC"], "what it is told");
  more.close();
});

await step("a stream that opens while its sign-in ends does not outlive it", async () => {
  let opened = 0;
  for (let round = 0; round < 30; round += 1) {
    const joined = await mia.join();
    const out = server.ask("POST", "/account/sign-out", { token: joined.token });
    const streams = Array.from({ length: 12 }, () => server.stream(joined.token));
    const all = await Promise.all(streams);
    fine(await out);
    opened += all.filter(({ status }) => status === 200).length;
    await until(() => all.every(({ ended }) => ended), { what: "every stream of that sign-in has ended", timeout: 5_000 }).finally(() => all.forEach((stream) => stream.close()));
  }
  return `${opened} streams were open`;
});

// The stream of somebody who does not read any more, and is shut out then: looked at when everything else was asked.
let stuck;
await step("a stream whose reader has stopped fills up", async () => {
  const account = await Account.signUp(server, `s${chance.hex(8)}`, mia);
  const joined = await account.join();
  const stream = await server.stream(joined.token);
  await until(() => stream.greeted, { what: "the greeting" });
  stream.response.pause();
  await until(async () => {
    fine(await account.push(Array.from({ length: 16 }, () => account.writer.keep(long(account, 60_000)))));
    return 0 < server.waiting().untaken;
  }, { what: "the kernel takes no more for it" });
  // And then what the server itself keeps for one connection.
  for (let times = 0; times < 6; times += 1) fine(await account.push(Array.from({ length: 16 }, () => account.writer.keep(long(account, 60_000)))));
  const open = await server.metric("streams");
  fine(await account.ask("DELETE", `/account/devices/${joined.device.device_id}`));
  const closed = until(async () => (await server.metric("streams")) < open, { what: "the seat is free", timeout: 30_000 });
  stuck = { stream, closed: closed.then(() => undefined, (err) => err) };
});

await step("a row with line breaks between its fields comes whole over a stream, in the one spelling that rows have", async () => {
  const stream = await server.stream(mia.token);
  await until(() => stream.greeted, { what: "the greeting" });
  const spellings = [(row) => JSON.stringify(row, null, 2), (row) => JSON.stringify(row, null, "\t").replaceAll("\n", "\r\n"), (row) => JSON.stringify(row, null, 1).replaceAll("\n", "\r")];
  const stored = [];
  for (const spelling of spellings) {
    const row = mia.draft();
    const [verdict] = await mia.verdicts([spelling(row)]);
    is(verdict.status, "accepted", "the meaning counts");
    stored.push(mia.writer.keep(row));
  }
  const last = mia.write();
  stored.push(last);
  await mia.verdicts([last]);
  await until(() => stream.said.some(({ data }) => data.includes(last.event_id)), { what: "the last row" });
  stream.close();
  is(stream.frames.flatMap(({ documents }) => documents ?? []), stored, "the rows of the stream");
  holds(!stream.said.some(({ data }) => /[\r\n]/.test(data)), "a break between fields came through");
  turnedDown((await mia.verdicts([{ ...mia.draft(), sig: "00" }]))[0], "rejected", "BAD_ENVELOPE", "a row with a signature that nobody can check");
});

await step("a stream that is asked for by its head alone leaves no seat taken", async () => {
  const open = await server.metric("streams");
  for (let times = 0; times < 20; times += 1) is((await mia.ask("HEAD", "/replicate/pull/stream")).status, 200, "its head");
  await until(async () => (await server.metric("streams")) <= open, { what: "no more streams are open" });
});

// ---------------------------------------------------------------------------------------------- quota

await step("an account that is full is told so, row by row, and keeps what it has", async () => {
  const small = await Server.start("--quota-mb", "1");
  const zoe = await Account.signUp(small, "zoe");
  const rows = Array.from({ length: 20 }, () => zoe.writer.keep(long(zoe, 60_000)));
  const results = await zoe.verdicts(rows);
  const full = results.findIndex(({ status }) => status === "rejected");
  is(full, Math.floor(1_000_000 / 60_000), "the first that has no room");
  results.slice(full).forEach((verdict) => turnedDown(verdict, "rejected", "QUOTA", "a row without room"));
  is(await zoe.pulled(), rows.slice(0, full), "the rows that are stored");
  refused(await zoe.pushRx(rows.slice(full, full + 1)), 507, "QUOTA");
  is((await zoe.verdicts([rows[0]]))[0].status, "duplicate", "a row that is there is no new one");
  is(await small.stop(), 0, "the exit code");
});

// ---------------------------------------------------------------------------------------------- memory

// A server of its own, so that its memory is nobody else's doing.
const heavy = await Server.start();
const ada = await Account.signUp(heavy, "ada");
const mib = (bytes) => `${(bytes / MIB).toFixed(0)} MiB`;
/** Sixteen rows, a little less than what may wait for one reader. */
const batch = () => Array.from({ length: 16 }, () => ada.writer.keep(long(ada, 60_000)));

await step("a reader that stops reading costs no memory, and the others go on", async () => {
  // The first pushes make the server's own buffers.
  for (let times = 0; times < 12; times += 1) fine(await ada.push(batch()));
  const [stuck, alert] = [await heavy.stream(ada.token), await heavy.stream(ada.token)];
  await until(() => stuck.greeted && alert.greeted, { what: "the greetings" });
  stuck.response.pause();
  const before = heavy.memory();
  const [from, pushes] = [(await ada.hello()).head, 110];
  let most = before;
  for (let times = 0; times < pushes; times += 1) {
    is(fine(await ada.push(batch())).json.results.every(({ status }) => status === "accepted"), true, "every row is taken");
    most = Math.max(most, heavy.memory());
  }
  const { head } = await ada.hello();
  is(head - from, pushes * 16, "rows");
  // As a client reads it (replication.md): apply what continues, pull when something is missing.
  const read = () => {
    let [cursor, live] = [from, 0];
    for (const frame of alert.frames) {
      if (frame === "RESYNC") cursor = NaN;
      else if (!(frame.prev.seq <= cursor) && !Number.isNaN(cursor)) cursor = NaN;
      else [cursor, live] = [frame.checkpoint.seq, live + frame.documents.length];
    }
    return { cursor, live };
  };
  await until(() => read().cursor === head, { what: "the other reader is at the end" });
  holds((pushes * 16) / 2 < read().live, `the other reader got ${read().live} of ${pushes * 16} rows as they came`);
  holds(most - before < 48 * MIB, `the server took ${mib(most - before)} more`);
  stuck.response.resume();
  await until(() => stuck.frames.includes("RESYNC"), { what: "the stuck reader is told to pull" });
  fine(await ada.push([ada.write()]));
  await until(() => stuck.frames.at(-1)?.checkpoint?.seq === head + 1, { what: "the stuck reader is live again" });
  stuck.close();
  alert.close();
  return `${mib(most - before)} more for ${mib(pushes * 16 * 60_000)} of rows`;
});

await step("answers that nobody reads cost no memory", async () => {
  const before = heavy.memory();
  const lines = Array.from({ length: 4 }, () => new Line(heavy.port));
  for (const line of lines) {
    line.socket.pause();
    line.say(`GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(2_000));
  }
  // While they wait, others are answered; by then the server has done for them what it will.
  for (let times = 0; times < 60; times += 1) fine(await heavy.ask("GET", "/openapi.json"));
  const more = heavy.memory() - before;
  lines.forEach((line) => line.close());
  holds(more < 48 * MIB, `the server took ${mib(more)} more`);
  return `${mib(more)} more`;
});

await step("whoever has not signed in cannot fill the memory with bodies that never end", async () => {
  const before = heavy.memory();
  const lines = Array.from({ length: 48 }, () => new Line(heavy.port));
  const part = Buffer.alloc(3 * MIB, " ");
  const sent = lines.map((line) => new Promise((sent) => {
    line.socket.once("close", sent);
    line.socket.write(`${bodyHead}Content-Length: ${3 * MIB + 1}\r\n\r\n`);
    line.socket.write(part, sent);
  }));
  await Promise.all(sent);
  await until(() => heavy.waiting().unread === 0, { what: "the server has read what it will" });
  const more = heavy.memory() - before;
  lines.forEach((line) => line.close());
  holds(more < 48 * MIB, `the server took ${mib(more)} more for ${lines.length} of them`);
  return `${mib(more)} more`;
});

await step("hundreds of connections at once are served, and leave nothing behind", async () => {
  const { sockets } = heavy.files();
  const before = heavy.memory();
  const idle = Array.from({ length: 200 }, () => new Line(heavy.port).say("GET /hea"));
  const streams = await Promise.all(Array.from({ length: 200 }, () => heavy.stream(ada.token)));
  await until(() => streams.every(({ greeted }) => greeted), { what: "every stream is greeted" });
  is(await heavy.metric("streams"), 200, "streams that are open");
  const row = ada.write();
  fine(await ada.push([row]));
  await until(() => streams.every(({ said }) => said.some(({ data }) => data.includes(row.event_id))), { what: "every stream has the row" });
  const began = Date.now();
  const answers = await Promise.all(Array.from({ length: 200 }, () => ada.ask("GET", "/replicate/hello")));
  answers.forEach((answer) => fine(answer));
  const more = heavy.memory() - before;
  holds(more < 128 * MIB, `the server took ${mib(more)} more`);
  const took = Date.now() - began;
  streams.forEach((stream) => stream.close());
  idle.forEach((line) => line.close());
  await until(() => heavy.files().sockets <= sockets, { what: `as many sockets open as before (${sockets})` });
  is(await heavy.metric("streams"), 0, "streams that are open");
  return `200 answers in ${took} ms, ${mib(more)} more`;
});

await step("a burst of requests opens the database a few times and not once for each", async () => {
  for (let round = 0; round < 4; round += 1) {
    const answers = await Promise.all(Array.from({ length: 800 }, () => ada.ask("GET", "/replicate/hello")));
    is(answers.filter(({ status }) => status !== 200).map(({ status, text }) => `${status} ${text}`), [], "answers that are none");
  }
  const { database } = heavy.files();
  holds(database <= 32, `the database's files are open ${database} times`);
  return `${database} files of the database are open`;
});

// The last of these: what it takes may stay the process's own for long.
await step("segments that are asked for at once do not fill the memory", async () => {
  const before = heavy.memory();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, heavy.memory())), 5);
  const segment = ({ scope, from, to }) => ada.ask("GET", `/replicate/snapshot/segment?scope=${encodeURIComponent(scope)}&from=${from}&to=${to}`);
  const { segments, rows } = fine(await ada.ask("GET", "/replicate/snapshot")).json;
  const { head } = await ada.hello();
  is(rows, head, "rows of the snapshot");
  // Those that were listed, and one that somebody made up.
  for (const one of [...segments.slice(0, 2), { scope: ada.scope, from: 0, to: head }]) {
    const answers = await Promise.all(Array.from({ length: 3 }, () => segment(one)));
    answers.forEach((answer) => (answer.status === 400 && !segments.includes(one) ? refused(answer, 400, "BAD_REQUEST") : fine(answer)));
  }
  clearInterval(watch);
  holds(most - before < 512 * MIB, `the server took ${mib(most - before)} more for three at once of ${mib(rows * 60_000)}`);
  return `${mib(most - before)} more`;
});

await step("pages of many profiles with long rows do not fill the memory, however many are asked for at once", async () => {
  const own = await Server.start();
  const many = await Account.signUp(own, "many");
  for (let nth = 0; nth < 12; nth += 1) {
    const person = newId();
    fine(await many.ask("POST", "/account/persons", { body: { person } }));
    const writer = new Device({ device_id: many.device_id, person, random: chance });
    for (let times = 0; times < 4; times += 1) {
      const rows = Array.from({ length: 32 }, () => writer.write("note.kept", { text: "x".repeat(59_000) }));
      is(fine(await many.push(rows)).json.results.every(({ status }) => status === "accepted"), true, "every row is taken");
    }
  }
  const [before, all] = [own.memory(), 12 * 4 * 32];
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, own.memory())), 5);
  const headers = { "spotter-protocol": "1" };
  const asked = Array.from({ length: 16 }, () => many.ask("GET", "/replicate/pull?batchSize=1000", { headers }));
  const answers = await Promise.all(asked).finally(() => clearInterval(watch));
  for (const answer of answers) holds(fine(answer).bytes.length < 5 * MIB && answer.json.more, "a page ends when it is long enough");
  holds(most - before < 256 * MIB, `the server took ${mib(most - before)} more for 16 pages of ${mib(all * 59_000)}`);
  let [checkpoint, rows] = [undefined, 0];
  for (;;) {
    const query = checkpoint ? `&checkpoint=${encodeURIComponent(JSON.stringify(checkpoint))}` : "";
    const page = fine(await many.ask("GET", `/replicate/pull?batchSize=1000${query}`, { headers })).json;
    [checkpoint, rows] = [page.checkpoint, rows + page.documents.length];
    if (!page.more) break;
  }
  is(rows, all, "rows of all pages");
  is(await own.stop(), 0, "the exit code");
  return `${mib(most - before)} more`;
});

await step("a certificate that was renewed is shown from the next connection on, and half of one changes nothing", async () => {
  const [certificate, key] = ["certificate.pem", "key.pem"].map((name) => join(dirname(server.database), name));
  const make = (name) => execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", `/CN=${name}`], { stdio: "ignore" });
  make("first");
  const own = await Server.start("--tls-cert", certificate, "--tls-key", key);
  const shown = () => new Promise((shown, failed) => {
    const socket = connectTls({ host: "127.0.0.1", port: own.port, rejectUnauthorized: false }, () => {
      shown(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.on("error", failed);
  });
  is(await shown(), "first", "the certificate");
  writeFileSync(certificate, "-----BEGIN CERTIFICATE-----\n");
  own.child.kill("SIGHUP");
  await until(() => own.complaints.includes("the one from before is used"), { what: "the server says that it cannot read it" });
  is(await shown(), "first", "the certificate");
  make("second");
  own.child.kill("SIGHUP");
  await until(async () => (await shown()) === "second", { what: "the new certificate" });
  is(await own.stop(), 0, "the exit code");
});

// ---------------------------------------------------------------------------------------------- restores

await step("a restore lets nobody in who was shut out, and no code is spent twice", async () => {
  const own = await Server.start();
  const kim = await Account.signUp(own, "kim");
  const thief = await kim.join();
  const code = await kim.code("/account/links");
  const backup = join(dirname(own.database), "backup.db");
  execFileSync(binary, ["backup", "--database", own.database, "--out", backup]);
  is(statSync(backup).mode & 0o777, 0o600, "who may read a backup");
  is(statSync(own.database).mode & 0o777, 0o600, "who may read the database");
  fine(await kim.ask("DELETE", `/account/devices/${thief.device.device_id}`));
  is(await own.stop(), 0, "the exit code");
  execFileSync(binary, ["restore", "--database", own.database, "--from", backup]);
  await own.begin();
  refused(await own.ask("GET", "/replicate/pull", { token: thief.token }), 401, "AUTH_EXPIRED");
  refused(await own.ask("POST", "/account/join", { body: { code, device: newDevice() } }), 410, "CODE_USED");
  fine(await own.ask("POST", "/account/sign-in", { body: { name: "kim", password, device: kim.device } }));
  is(await own.stop(), 0, "the exit code");
});

await step("a log that a crash left beside a database that somebody removed is not written into the restored one", async () => {
  const own = await Server.start();
  const kim = await Account.signUp(own, "kim");
  const kept = Array.from({ length: 40 }, () => kim.write());
  fine(await kim.push(kept));
  const backup = join(dirname(own.database), "backup.db");
  execFileSync(binary, ["backup", "--database", own.database, "--out", backup]);
  for (let times = 0; times < 20; times += 1) fine(await kim.push(Array.from({ length: 40 }, () => kim.write())));
  await own.kill();
  holds(0 < statSync(`${own.database}-wal`).size, "the crash left no log");
  rmSync(own.database);
  execFileSync(binary, ["restore", "--database", own.database, "--from", backup]);
  await own.begin();
  const { token } = fine(await own.ask("POST", "/account/sign-in", { body: { name: "kim", password, device: kim.device } })).json;
  const page = fine(await own.ask("GET", "/replicate/pull?batchSize=1000", { token })).json;
  is(page.documents.map(({ event_id }) => event_id), kept.map(({ event_id }) => event_id), "the rows of the backup");
  is(own.sql("pragma integrity_check"), "[('ok',)]", "the database");
  // Cut off before its last step, a restore leaves no place for an empty database that the first comer would own.
  is(await own.stop(), 0, "the exit code");
  copyFileSync(backup, `${own.database}.restoring`);
  rmSync(own.database);
  const err = await own.begin().then(() => undefined, (err) => err);
  holds(err?.message.includes("spotter restore"), `it started where a restore was begun: ${err?.message}`);
  is(existsSync(own.database), false, "an empty database");
});

// ---------------------------------------------------------------------------------------------- the end

for (const { name, line, ended, status } of slow) {
  await step(`${name} is ended by the server`, async () => {
    const took = await ended;
    const answer = line.answer();
    line.close();
    if (took instanceof Error) throw took;
    if (status) refused(server.heard("POST", "/account/sign-in", answer), status, "BAD_REQUEST", name);
    return `after ${took.toFixed(0)} s`;
  });
}

await step("a stream ends when the time of its sign-in is over", async () => {
  await until(() => expiring.ended, { what: "the stream ends" });
  is(expiring.bye, "AUTH_EXPIRED", "why it ended");
});

await step("a stream whose reader has stopped ends all the same when the device is shut out", async () => {
  const err = await stuck?.closed;
  stuck?.stream.close();
  if (err) throw err;
});

/** What is wrong with an answer, each kind once. */
const wrongs = (test) => {
  const found = [server, heavy].flatMap(({ answers }) => answers).filter(({ path }) => path !== "?").filter((answer) => !test(answer));
  return [...new Set(found.map(({ method, path, status }) => `${status} to ${method} ${path.split("?")[0].slice(0, 40)}`))];
};

await step("every answer had the headers that keep a page safe", async () => {
  const csp = ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "connect-src 'self'"];
  is(wrongs(({ headers }) => csp.every((rule) => headers["content-security-policy"]?.includes(rule)) && !/'unsafe-(inline|eval)'|\*/.test(headers["content-security-policy"])), [], "answers with a weak policy");
  is(wrongs(({ headers }) => headers["x-content-type-options"] === "nosniff"), [], "answers whose type may be guessed");
  is(wrongs(({ headers }) => headers["x-frame-options"] === "DENY"), [], "answers that may be framed");
  is(wrongs(({ headers }) => headers["referrer-policy"] === "no-referrer"), [], "answers that tell where somebody was");
  is(wrongs(({ headers }) => headers["cross-origin-resource-policy"] === "same-origin"), [], "answers that other sites may use");
  is(wrongs(({ headers }) => /\bcamera=\(\).*\bgeolocation=\(\)/.test(headers["permissions-policy"])), [], "answers that may ask for the camera");
  is(wrongs(({ headers }) => !Object.keys(headers).some((name) => name.startsWith("access-control-"))), [], "answers that other sites may read");
  is(wrongs(({ headers }) => !("server" in headers) && !("x-powered-by" in headers)), [], "answers that say what made them");
});

await step("no answer about an account may be kept on the way", async () => {
  const api = /^\/(replicate|account|admin|openapi\.json|healthz|readyz|metrics)(\/|\?|$)/;
  is(wrongs(({ path, headers }) => !api.test(path) || /\bno-store\b/.test(headers["cache-control"])), [], "answers that may be kept");
});

await step("no answer says that the server failed, and none is 422", async () => {
  is(wrongs(({ status }) => status !== 422 && status < 500), [], "answers that nobody should get");
});

await step("the server counted no failure, complained about nothing, and stops when it is told to", async () => {
  for (const one of [server, heavy]) {
    const { text } = await one.ask("GET", "/metrics");
    is(/^spotter_answers_total\{class="5xx"\} (\d+)$/m.exec(text)?.[1], "0", "failures it counted");
    is(one.sql("pragma integrity_check"), "[('ok',)]", "the database");
    is(await one.stop(), 0, "its exit code");
    is(one.complaints, "", "what it complained about");
  }
});

console.log(`${counted()} checks`);
story.end();
// Sockets that never ended keep nobody waiting.
process.exit();
