// WebKitGTK over WebDriver: WebKitWebDriver drives webkit.py's window on a display of its own.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, root, until } from "./lib.mjs";
import { Page, grouped, killed, listens } from "./driven.mjs";

/** What Safari has switched on and WebKitGTK has not. */
export const likeSafari = ["FileSystem", "AccessHandle", "FileSystemWritableStream", "StorageAPI", "StorageAPIEstimate"];

class WebKitPage extends Page {
  constructor(browser, handle) {
    super();
    Object.assign(this, { browser, handle });
  }

  /** One session has one window in its hand. */
  async #in(method, path, body) {
    await this.front();
    return this.browser.send(method, path, body);
  }

  front = () => this.browser.hold(this.handle);
  go = (url) => this.#in("POST", "/url", { url });
  perform = (actions) => this.#in("POST", "/actions", { actions });

  async evaluate(act, ...args) {
    const script = `const done = arguments[1]; (async (args) => (await (${act})(...JSON.parse(args))) ?? null)(arguments[0])
      .then((value) => done(JSON.stringify({ value })), (err) => done(JSON.stringify({ failed: String(err) })));`;
    const { value, failed } = JSON.parse(await this.#in("POST", "/execute/async", { script, args: [JSON.stringify(args)] }));
    if (failed !== undefined) throw new Error(failed);
    return value;
  }

  async file(css, path) {
    const [id] = Object.values(await this.#in("POST", "/element", { using: "css selector", value: css }));
    await this.browser.send("POST", `/element/${id}/value`, { text: path });
  }

  async screenshot({ path }) {
    writeFileSync(path, Buffer.from(await this.#in("GET", "/screenshot"), "base64"));
  }
}

export class WebKit {
  #held = null;
  #session = "";

  static async start(folder, { story, features = likeSafari }) {
    const browser = new WebKit();
    // It looks for a display that is free, and says which.
    const screen = browser.screen = grouped(spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], { detached: true, stdio: ["ignore", "ignore", "ignore", "pipe"] }));
    const display = await new Promise((found, failed) => {
      listens(screen, screen.stdio[3], found);
      screen.once("exit", (code) => failed(new Error(`the display stopped with ${code}`)));
    });
    const port = await freePort();
    browser.base = `http://127.0.0.1:${port}`;
    const env = { ...process.env, DISPLAY: `:${display}`, TZ: "Europe/Berlin", LANG: "C.UTF-8", NO_AT_BRIDGE: "1" };
    const child = browser.child = grouped(spawn("WebKitWebDriver", [`--port=${port}`], { detached: true, stdio: ["ignore", "pipe", "ignore"], env }));
    listens(child, child.stdout, (line) => {
      if (/^CONSOLE .*\bERROR\b/.test(line)) story.heard("console error", line);
    });
    await until(() => browser.send("GET", "/status"), { what: "the driver answers" });
    const options = { binary: join(root, "tests/journey/webkit.py"), args: [folder, ...features] };
    const { sessionId, capabilities } = await browser.send("POST", "/session", { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } } });
    browser.#session = `/session/${sessionId}`;
    browser.version = `WebKitGTK ${capabilities.browserVersion}`;
    await browser.send("POST", "/timeouts", { script: 60_000 });
    browser.#held = await browser.send("GET", "/window");
    browser.first = new WebKitPage(browser, browser.#held);
    return browser;
  }

  async send(method, path, body) {
    const answer = await fetch(this.base + this.#session + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${value.error} ${value.message}`);
    return value;
  }

  async hold(handle) {
    if (this.#held === handle) return;
    await this.send("POST", "/window", { handle });
    this.#held = handle;
  }

  open = async () => new WebKitPage(this, (await this.send("POST", "/window/new", { type: "tab" })).handle);

  /** As a power cut would: its processes are of one group. */
  async kill() {
    await killed(this.child);
    await killed(this.screen);
  }

  close = () => this.kill();
}
