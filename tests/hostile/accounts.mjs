// Attacks on accounts: whoever holds the phone next, a lost device, whoever comes first, a crowd that nobody knows. Each runs
// first against a server in front of which something takes that defence away, and has to notice; then against ours.
// Usage: node accounts.mjs [--only WORDS-OF-AN-ATTACK]
import { createServer, request } from "node:http";
import { Story, dice, seeds } from "../replication/lib.mjs";
import { Device, uuid7 } from "../replication/rows.mjs";
import { NATIVE, Server, counted, fine, holds, is, refused } from "./lib.mjs";

const [seed] = seeds(1);
const chance = dice("accounts", seed);
console.log(`seed ${seed}`);
const story = new Story();
const only = process.argv.includes("--only") && process.argv[process.argv.indexOf("--only") + 1];

const password = "correct horse battery staple";
const newDevice = (more = {}) => ({ device_id: chance.hex(16), name: "a phone", ...more });

/** The server as seen through something that changes what is said: `change({ method, path, headers, body })` changes it in
 * place, or returns an answer of its own. */
async function behind(server, change) {
  const front = createServer((asked, answer) => {
    const parts = [];
    asked.on("data", (part) => parts.push(part));
    asked.on("end", async () => {
      const it = { method: asked.method, path: asked.url, headers: { ...asked.headers }, body: Buffer.concat(parts).toString("utf8") };
      const own = await change(it);
      if (own !== undefined) return answer.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(own));
      if (it.body || it.headers["content-length"]) it.headers["content-length"] = Buffer.byteLength(it.body);
      const passed = request({ host: "127.0.0.1", port: server.port, method: it.method, path: it.path, headers: it.headers }, (response) => {
        answer.writeHead(response.statusCode, response.headers);
        response.pipe(answer);
      });
      passed.on("error", () => answer.destroy());
      passed.end(it.body);
    });
  });
  await new Promise((listening) => front.listen(0, "127.0.0.1", listening));
  const { port } = front.address();
  // Everything else is the server's own: its database, its terminal. Its name stays, as behind anything that passes names on.
  return Object.assign(Object.create(Server.prototype), server, { port, answers: [], close: () => front.close() });
}

const post = (server, path, body, more = {}) => server.ask("POST", path, { body, ...more });

/** Somebody with a device that is no browser, and a row of theirs. */
async function person(server, name, invite) {
  const device_id = chance.hex(16);
  const person = uuid7(Date.now(), chance);
  const device = { device_id, name: `${name}'s phone`, person };
  const { token, account } = fine(await post(server, "/account/sign-up", { name, password, invite, device })).json;
  const row = new Device({ device_id, person, random: chance }).write("note.kept", { text: "mine" });
  const body = `{"device_id":"${device_id}","batch_id":"b","rows":[${JSON.stringify(row)}]}`;
  const pushed = fine(await server.ask("POST", "/replicate/push", { body, token, headers: { accept: NATIVE } }));
  is(pushed.json.results[0].status, "accepted", "a row");
  return { name, device, token, account, person };
}

/** In a browser of ours: the cookie that it keeps whatever happens, and the secret that the app keeps. */
async function browser(server, { name }, device = newDevice()) {
  const signed = fine(await post(server, "/account/sign-in", { name, password, device }, { headers: { origin: server.url, "sec-fetch-site": "same-origin" } }));
  const cookie = signed.headers["set-cookie"][0].split(";")[0];
  return { device, cookie, secret: { "spotter-device": signed.json.device_secret } };
}

const code = async (server, path, token, body = {}) => fine(await post(server, path, body, { token })).json.code;
const signIn = (server, name, more = {}, headers = {}) => post(server, "/account/sign-in", { name, password, device: newDevice(), ...more }, { headers });

/** Every attack: what it does, and what has to be taken away for it to succeed. */
const attacks = [
  {
    name: "the next holder of a phone has the cookie, and nothing else",
    async attack(server, mia) {
      const { cookie, secret } = await browser(server, mia);
      fine(await server.ask("GET", "/replicate/pull", { headers: { cookie, ...secret } }), "the app itself");
      const paths = ["hello", "pull", "pull/stream", "digest", "snapshot", `snapshot/segment?scope=u:${mia.person}&from=0&to=1`].map((path) => ["GET", `/replicate/${path}`]);
      const ways = [...paths, ["POST", "/replicate/push"], ["GET", "/account"], ["POST", "/account/links"], ["POST", "/account/persons"], ["POST", "/account/password"], ["POST", "/account/sign-out-others"], ["POST", "/admin/invites"], ["DELETE", "/account"], ["DELETE", `/account/devices/${mia.device.device_id}`]];
      const token = cookie.split("=")[1];
      for (const [method, path] of ways) {
        for (const [what, headers] of Object.entries({
          alone: { cookie }, "with another secret": { cookie, "spotter-device": chance.hex(64) }, "with itself": { cookie, "spotter-device": token },
          "as a token": { authorization: `Bearer ${token}` }, "with half of it": { cookie, "spotter-device": secret["spotter-device"].slice(0, 32) },
        })) {
          refused(await server.ask(method, path, { headers, body: method === "GET" ? undefined : {} }), 401, "AUTH_EXPIRED", `${method} ${path} by the cookie ${what}`);
        }
      }
      // But it can be given back, by itself: that is what a phone owes which was left without a network.
      fine(await post(server, "/account/sign-out", {}, { headers: { cookie } }), "signing out");
      refused(await server.ask("GET", "/replicate/pull", { headers: { cookie, ...secret } }), 401, "AUTH_EXPIRED", "afterwards");
    },
    plant(server) {
      let known;
      // The server does not ask for the secret: something in front of it says it.
      return behind(server, async (it) => {
        if (it.headers["spotter-device"]?.length === 64 && !known) known = it.headers["spotter-device"];
        if (it.headers.cookie && known) it.headers["spotter-device"] = known;
      });
    },
  },
  {
    name: "a device that is shut out has made codes before",
    async attack(server, mia) {
      const link = await code(server, "/account/links", mia.token);
      const lost = fine(await post(server, "/account/join", { code: link, device: newDevice() })).json;
      const device = lost.account.devices.find((device) => device.this).device_id;
      const made = {
        "/account/join": { code: await code(server, "/account/links", lost.token), device: newDevice() },
        "/account/password-reset": { code: await code(server, "/admin/resets", lost.token, { name: mia.name }), password: "a thief's password" },
        "/account/sign-up": { name: `t${chance.hex(6)}`, password, invite: await code(server, "/admin/invites", lost.token), device: newDevice() },
      };
      fine(await server.ask("DELETE", `/account/devices/${device}`, { token: mia.token }));
      for (const [path, body] of Object.entries(made)) refused(await post(server, path, body), 410, "CODE_USED", `${path} by a code of the lost device`);
      fine(await server.ask("GET", "/account", { token: mia.token }));
    },
    plant: (server) => behind(server, async (it) => (it.method === "DELETE" && it.path.startsWith("/account/devices/") ? { done: true } : undefined)),
  },
  {
    name: "a link that was made before a new password",
    async attack(server, mia) {
      const { token } = fine(await signIn(server, mia.name)).json;
      const links = [await code(server, "/account/links", token), await code(server, "/account/links", mia.token)];
      const reset = await code(server, "/admin/resets", token, { name: mia.name });
      fine(await post(server, "/account/password", { password, new_password: password }, { token: mia.token }));
      for (const link of links) refused(await post(server, "/account/join", { code: link, device: newDevice() }), 410, "CODE_USED", "a link of before");
      refused(await post(server, "/account/password-reset", { code: reset, password }), 410, "CODE_USED", "a reset of before");
      refused(await server.ask("GET", "/account", { token }), 401, "AUTH_EXPIRED", "another sign-in");
      fine(await server.ask("GET", "/account", { token: mia.token }), "the one that changed it");
    },
    plant: (server) => behind(server, async (it) => (it.path === "/account/password" ? { done: true } : undefined)),
  },
  {
    name: "a page of another name that points here",
    async attack(server) {
      for (const host of ["evil.example", `evil.example:${server.port}`, "localhost.evil.example"]) {
        for (const [method, path] of [["GET", "/account/sign-up"], ["POST", "/account/sign-up"], ["GET", "/replicate/hello"], ["POST", "/account/sign-in"]]) {
          refused(await server.ask(method, path, { headers: { host, origin: `http://${host}` }, body: method === "GET" ? undefined : {} }), 403, "FORBIDDEN", `${method} ${path} as ${host}`);
        }
      }
      for (const host of ["localhost", "127.0.0.1:1", "[::1]:1", "192.168.1.20"]) fine(await server.ask("GET", "/account/sign-up", { headers: { host } }), host);
    },
    plant: (server) => behind(server, async (it) => void (it.headers.host = "localhost")),
  },
  {
    name: "a crowd at one place has passwords hashed without end",
    names: ["gym.example"],
    async attack(server, mia) {
      const from = (address) => ({ host: "gym.example", "x-forwarded-for": `1.2.3.4, ${address}` });
      const guesses = await Promise.all(Array.from({ length: 60 }, () => signIn(server, `n${chance.hex(8)}`, {}, from("9.9.9.9"))));
      const hashed = guesses.filter(({ status }) => status === 401).length;
      guesses.filter(({ status }) => status !== 401).forEach((answer) => holds([429, 503].includes(answer.status), `it was answered ${answer.status}`));
      holds(hashed <= 31, `${hashed} of 60 were hashed`);
      refused(await signIn(server, mia.name, {}, from("9.9.9.9")), 429, "SLOW_DOWN", "one more from there");
      fine(await signIn(server, mia.name, {}, from("8.8.8.8")), "somebody elsewhere");
      fine(await signIn(server, mia.name, { device: mia.device }, from("9.9.9.9")), "a device of hers, there");
      // What needs a code needs it first: a code that is none costs nothing, from wherever.
      const began = Date.now();
      const resets = await Promise.all(Array.from({ length: 300 }, () => post(server, "/account/password-reset", { code: chance.hex(32), password }, { headers: from("9.9.9.9") })));
      resets.forEach((answer) => refused(answer, 410, "CODE_USED"));
      return `300 resets refused in ${Date.now() - began} ms`;
    },
    plant(server) {
      let nth = 0;
      return behind(server, async (it) => void (it.headers["x-forwarded-for"] = `10.0.${(nth += 1) >> 8}.${nth & 255}`));
    },
  },
  {
    name: "somebody is kept out by guessing at their name",
    async attack(server, mia) {
      for (let tries = 0; tries < 9; tries += 1) await signIn(server, mia.name, { password: "wrong guess" });
      refused(await signIn(server, mia.name), 429, "SLOW_DOWN", "a device that nobody knows");
      const again = await signIn(server, mia.name, { device: mia.device });
      fine(again, "a device of hers");
      mia.token = again.json.token;
      // Such a device guesses no more often than anybody.
      for (let tries = 0; tries < 9; tries += 1) await signIn(server, mia.name, { device: mia.device, password: "wrong guess" });
      refused(await signIn(server, mia.name, { device: mia.device }), 429, "SLOW_DOWN", "guessing on her device");
    },
    plant: (server) => behind(server, async (it) => {
      // The server does not know its devices.
      if (it.path === "/account/sign-in") it.body = it.body.replace(/"device_id":"[0-9a-f]{16}"/, () => `"device_id":"${chance.hex(16)}"`);
    }),
  },
  {
    name: "an earlier cookie of a browser, and one that nobody has used for months",
    async attack(server, mia) {
      const device = newDevice();
      const look = ({ cookie, secret }) => server.ask("GET", "/account", { headers: { cookie, ...secret } });
      const [before, after] = [await browser(server, mia, device), await browser(server, mia, device)];
      refused(await look(before), 401, "AUTH_EXPIRED", "the earlier one");
      fine(await look(after));
      server.sql(`update sign_ins set seen_ms = seen_ms - 91 * 86400000 where device_id = '${device.device_id}'`);
      refused(await look(after), 401, "AUTH_EXPIRED", "an idle one");
    },
    plant: (server) => behind(server, async (it) => {
      if (it.path === "/account/sign-in") it.body = it.body.replace(/"device_id":"[0-9a-f]{16}"/, () => `"device_id":"${chance.hex(16)}"`);
    }),
  },
  {
    name: "a phone with somebody's training signs in, and does not say that it is theirs",
    async attack(server, mia) {
      const [stranger, before] = [uuid7(Date.now(), chance), fine(await server.ask("GET", "/account", { token: mia.token })).json.persons];
      // As the app signs in before it was said whose the training is: without its person. Nothing is linked by that.
      const device = newDevice();
      const { token } = fine(await signIn(server, mia.name, { device })).json;
      is(fine(await server.ask("GET", "/account", { token })).json.persons, before, "persons of the account");
      const row = new Device({ device_id: device.device_id, person: stranger, random: chance }).write("note.kept", { text: "not hers" });
      const body = `{"device_id":"${device.device_id}","batch_id":"b","rows":[${JSON.stringify(row)}]}`;
      const pushed = fine(await server.ask("POST", "/replicate/push", { body, token, headers: { accept: NATIVE } }));
      is([pushed.json.results[0].status, pushed.json.results[0].code], ["rejected", "FORBIDDEN_SCOPE"], "a row of a person who was not linked");
    },
    plant: (server) => behind(server, async (it) => {
      // Signing in takes whoever is on the phone along.
      if (it.path === "/account/sign-in") it.body = it.body.replace('"name":"a phone"', `"name":"a phone","person":"${uuid7(Date.now(), chance)}"`);
    }),
  },
  {
    name: "whoever comes after the last account was erased",
    async attack(server, mia) {
      const nobody = { name: `x${chance.hex(6)}`, password, device: newDevice() };
      fine(await server.ask("DELETE", "/account", { body: { password }, token: mia.token }));
      is(fine(await server.ask("GET", "/account/sign-up")).json, { first: false }, "whether it waits for a first account");
      refused(await post(server, "/account/sign-up", nobody), 403, "FORBIDDEN", "a stranger");
      const invited = fine(await post(server, "/account/sign-up", { ...nobody, invite: server.code() })).json;
      is(invited.account.admin, false, "whether somebody whom the terminal invited administers");
      server.command("grant-admin", nobody.name);
      is(fine(await server.ask("GET", "/account", { token: invited.token })).json.admin, true, "whether it was granted");
    },
    plant: (server) => behind(server, async (it) => {
      if (it.path === "/account/sign-up" && it.method === "POST" && !it.body.includes('"invite"')) it.body = it.body.replace("{", `{"invite":"${server.code()}",`);
    }),
  },
];

for (const { name, names = [], attack, plant } of attacks) {
  if (only && !name.includes(only)) continue;
  const fresh = async () => {
    const server = await Server.start(...names.flatMap((name) => ["--name", name]));
    return { server, mia: await person(server, "mia", server.code()) };
  };
  await story.step(`noticed when nothing stands in its way: ${name}`, async () => {
    const { server, mia } = await fresh();
    const weak = await plant(server);
    const outcome = await attack(weak, mia).then(() => undefined, (err) => err);
    weak.close();
    is(await server.stop(), 0, "the exit code");
    holds(outcome, "the attack on a server without that defence was not noticed");
    return `by "${outcome.message.split("\n")[0].slice(0, 110)}"`;
  });
  await story.step(name, async () => {
    const { server, mia } = await fresh();
    const said = await attack(server, mia);
    const failures = server.answers.filter(({ status }) => 500 <= status && status !== 503).map(({ method, path, status }) => `${status} to ${method} ${path}`);
    is(failures, [], "answers that say that the server failed");
    is(await server.stop(), 0, "the exit code");
    is(server.complaints, "", "what it complained about");
    return said;
  });
}

await story.step("figures are for this machine, and not for whoever comes through what is in front of it", async () => {
  const server = await Server.start("--name", "gym.example");
  fine(await server.ask("GET", "/metrics"));
  is((await server.ask("GET", "/metrics", { headers: { "x-forwarded-for": "9.9.9.9" } })).status, 404, "through a proxy");
  is(await server.stop(), 0, "the exit code");
});

console.log(`${counted()} checks`);
story.end();
process.exit();
