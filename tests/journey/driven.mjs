// A page of a browser that Playwright does not drive. A driver brings four things: `evaluate`, `perform` (actions as WebDriver
// writes them down, which BiDi took over word by word), `file` and `go`; everything else is made of these, once for all.
import { becomes, ensure, until } from "./lib.mjs";

/**
 * Runs in the page: the element that is looked for, or why there is none to tap. By what it is called for everybody (`role`
 * and `name`), or by its test id; `has` is a text that stands in it.
 */
function find({ test, role, name, has, css }) {
  const roles = {
    button: "button,[role=button]", link: "a[href]", radio: "[role=radio],input[type=radio]", tab: "[role=tab]", dialog: "[role=dialog],dialog",
    alert: "[role=alert]", navigation: "nav", heading: "h1,h2,h3", checkbox: "[role=checkbox],input[type=checkbox]",
  };
  const words = (text) => text.replace(/\s+/g, " ").trim();
  const labels = (element) => (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const called = (element) => words(element.getAttribute("aria-label") ?? labels(element)) || words(element.textContent);
  const selector = css ?? (test ? `[data-test="${test}"]` : roles[role]);
  return [...document.querySelectorAll(selector)].filter((element) =>
    (name === undefined || called(element) === name) && (has === undefined || words(element.textContent).includes(has)) && element.getClientRects().length);
}

/** Runs in the page: where somebody taps who sees it. */
function point(found) {
  const element = found[0];
  if (!element) return { why: "it is not there" };
  if (element.disabled) return { why: "it is disabled" };
  element.scrollIntoView({ block: "center", behavior: "instant" });
  const box = element.getBoundingClientRect();
  const at = { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) };
  const top = document.elementFromPoint(at.x, at.y);
  if (!top || !element.contains(top)) return { why: `it is under ${top?.outerHTML.slice(0, 80)}` };
  if (document.getAnimations().some((one) => one.playState === "running" && one.effect?.getComputedTiming().endTime !== Infinity)) return { why: "something still moves" };
  return at;
}

const words = (what) => JSON.stringify(what);

export class Page {
  /** What `act` says of everything that is found: a function that runs in the page. */
  ask(what, act, ...more) {
    return this.evaluate(`(what, ...more) => (${act})((${find})(what), ...more)`, what, ...more);
  }

  count = (what) => this.ask(what, (found) => found.length);
  /** What the eye reads, without the words that only a screen reader says. */
  text = (what) => this.ask(what, (found) => {
    const copy = found[0]?.cloneNode(true);
    copy?.querySelectorAll(".hidden").forEach((unseen) => unseen.remove());
    return copy?.textContent.trim() ?? null;
  });
  attribute = (what, name) => this.ask(what, (found, name) => found[0]?.getAttribute(name) ?? null, name);

  async sees(what, { timeout = 20_000 } = {}) {
    await until(async () => 0 < (await this.count(what)), { what: `${words(what)} is there`, timeout });
  }

  async loses(what) {
    await until(async () => (await this.count(what)) === 0, { what: `${words(what)} is gone` });
  }

  /** With the pointer, in the middle of it, once nothing lies over it. */
  async tap(what) {
    let at;
    try {
      await until(async () => (at = await this.ask(what, point)).why === undefined, { timeout: 20_000 });
    } catch {
      throw new Error(`${words(what)} cannot be tapped: ${at?.why}`);
    }
    const move = { type: "pointerMove", x: at.x, y: at.y, duration: 0 };
    await this.perform([{ type: "pointer", id: "finger", parameters: { pointerType: "mouse" }, actions: [move, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }] }]);
  }

  /** Key by key, into whatever has the focus. */
  async type(text) {
    const actions = [...text].flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]);
    await this.perform([{ type: "key", id: "keys", actions }]);
  }

  async write(what, text) {
    await this.tap(what);
    await this.type(text);
    await becomes(() => this.ask(what, (found) => found[0]?.value), text, `what was typed into ${words(what)}`);
  }

  /** For the story's complaints, which are made for Playwright's pages. */
  locator = () => ({ innerText: () => this.evaluate("() => document.body.innerText") });
  isClosed = () => false;
}

/** Whatever a child says, line by line. */
export function listens(child, stream, heard) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    lines.forEach(heard);
  });
  return child;
}

/** Ends whatever a browser consists of: it was started as the head of a process group. */
export async function killed(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((over) => child.once("exit", over));
  process.kill(-child.pid, "SIGKILL");
  await gone;
}

/** Groups that must not outlive this script. */
const groups = new Set();
process.once("exit", () => groups.forEach((pid) => {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has gone by itself.
  }
}));
export function grouped(child) {
  ensure(child.pid, `${child.spawnfile} is not installed`);
  groups.add(child.pid);
  child.once("exit", () => groups.delete(child.pid));
  return child;
}
