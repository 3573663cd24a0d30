// Firefox as Debian ships it, over WebDriver BiDi: the few commands that the short journey needs.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import WebSocket from "ws";
import { Page, grouped, killed, listens } from "./driven.mjs";

const program = process.env.SPOTTER_FIREFOX ?? "/usr/bin/firefox-esr";

/** Nothing of it changes what a page may do; it keeps Firefox from asking its makers for things while we test. */
const quiet = {
  "browser.shell.checkDefaultBrowser": false,
  "browser.aboutwelcome.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "app.normandy.enabled": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.server": "data:,",
  "extensions.getAddons.cache.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
};

class FirefoxPage extends Page {
  constructor(browser, context) {
    super();
    Object.assign(this, { browser, context });
  }

  async go(url) {
    await this.browser.send("browsingContext.navigate", { context: this.context, url, wait: "complete" });
  }

  async evaluate(act, ...args) {
    const { type, result, exceptionDetails } = await this.browser.send("script.callFunction", {
      functionDeclaration: `async (args) => JSON.stringify((await (${act})(...JSON.parse(args))) ?? null)`,
      arguments: [{ type: "string", value: JSON.stringify(args) }],
      awaitPromise: true,
      target: { context: this.context },
    });
    if (type !== "success") throw new Error(exceptionDetails.text);
    return JSON.parse(result.value);
  }

  perform = (actions) => this.browser.send("input.performActions", { context: this.context, actions });

  async file(css, path) {
    const { nodes } = await this.browser.send("browsingContext.locateNodes", { context: this.context, locator: { type: "css", value: css } });
    await this.browser.send("input.setFiles", { context: this.context, element: { sharedId: nodes[0].sharedId }, files: [path] });
  }

  front = () => this.browser.send("browsingContext.activate", { context: this.context });

  async screenshot({ path }) {
    const { data } = await this.browser.send("browsingContext.captureScreenshot", { context: this.context });
    writeFileSync(path, Buffer.from(data, "base64"));
  }
}

export class Firefox {
  #last = 0;
  #open = new Map();

  static async start(folder, { story, secret = false }) {
    mkdirSync(folder, { recursive: true });
    const preferences = { ...quiet, "browser.privatebrowsing.autostart": secret };
    writeFileSync(join(folder, "user.js"), Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(""));
    const browser = new Firefox();
    const args = ["--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", folder];
    const child = browser.child = grouped(spawn(program, args, { detached: true, stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, TZ: "Europe/Berlin" } }));
    const address = await new Promise((found, failed) => {
      listens(child, child.stderr, (line) => {
        const [, address] = /listening on (ws:\/\/\S+)/.exec(line) ?? [];
        if (address) found(address);
      });
      child.once("exit", (code) => failed(new Error(`Firefox stopped with ${code}`)));
    });
    browser.socket = new WebSocket(`${address}/session`);
    browser.socket.on("message", (data) => browser.#hears(JSON.parse(data), story));
    browser.socket.on("close", () => browser.#open.forEach(({ failed }) => failed(new Error("Firefox is gone"))));
    await new Promise((open, failed) => browser.socket.once("open", open).once("error", failed));
    const { capabilities } = await browser.send("session.new", { capabilities: {} });
    browser.version = `Firefox ${capabilities.browserVersion}`;
    await browser.send("session.subscribe", { events: ["log.entryAdded"] });
    const { contexts } = await browser.send("browsingContext.getTree");
    browser.first = await browser.#page(contexts[0].context);
    return browser;
  }

  async #page(context) {
    await this.send("browsingContext.setViewport", { context, viewport: { width: 390, height: 844 } });
    return new FirefoxPage(this, context);
  }

  #hears({ id, type, method, params, result, error, message }, story) {
    if (method === "log.entryAdded" && params.level === "error") story.heard("console error", params.text ?? "");
    const asked = this.#open.get(id);
    this.#open.delete(id);
    if (asked) type === "error" ? asked.failed(new Error(`${error}: ${message}`)) : asked.done(result);
  }

  send(method, params = {}) {
    return new Promise((done, failed) => {
      const id = (this.#last += 1);
      this.#open.set(id, { done, failed });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  open = async () => this.#page((await this.send("browsingContext.create", { type: "tab" })).context);

  /** As a power cut would. */
  async kill() {
    await killed(this.child);
    this.socket.terminate();
  }

  close = () => this.kill();
}
