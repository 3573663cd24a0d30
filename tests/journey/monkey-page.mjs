// What monkey.mjs puts into every page before the page's own scripts run: it listens at the app's workers, and tells what a
// hand could do on the screen as it is.

/** Runs in the page. `monkeyHears` is monkey.mjs listening. */
export function inPage() {
  if (globalThis.monkey) return;
  const post = Worker.prototype.postMessage;
  const listened = new WeakSet();
  /** Words to a worker that it has not answered. */
  const open = new Set();
  /** What serde says in maps and big integers, as JSON would. */
  const simple = (value) => {
    if (typeof value === "bigint") return Number(value);
    if (Array.isArray(value)) return value.map(simple);
    const entries = value instanceof Map ? [...value] : value && typeof value === "object" ? Object.entries(value) : null;
    return entries ? Object.fromEntries(entries.map(([name, one]) => [name, simple(one)])) : value;
  };
  /** The app counts its captures anew in every document. */
  const here = Math.random().toString(36).slice(2);
  const over = (word, id) => id !== undefined && open.delete(`${word} ${id}`);

  function hear({ data }) {
    const one = Array.isArray(data) ? data[0] : data;
    if (!one || typeof one !== "object") return;
    if (one.Saved) monkeyHears(["saved", `${here} ${one.Saved.id}`, one.Saved.rows, one.Saved.guarantee]);
    if (one.Failed) monkeyHears(["failed", `${here} ${one.Failed.id}`, one.Failed.problem.happened]);
    if (one.Ready && "sheet" in one.Ready) monkeyHears(["ready", one.Ready.memory_only]);
    if (one.Ready || one.Sheet) globalThis.monkey.sheet = one.Ready?.sheet ?? one.Sheet?.json ?? globalThis.monkey.sheet;
    over("capture", (one.Saved ?? one.Failed)?.id);
    over("ask", one.Answer?.id);
  }

  Worker.prototype.postMessage = function (message, ...more) {
    if (!listened.has(this)) {
      listened.add(this);
      this.addEventListener("message", hear);
    }
    const one = Array.isArray(message) ? message[0] : undefined;
    // What is written is known before it is.
    if (one?.Capture) {
      open.add(`capture ${one.Capture.id}`);
      monkeyHears(["tries", `${here} ${one.Capture.id}`, simple(one.Capture.drafts)]);
    }
    if (one?.SaveSheet) globalThis.monkey.sheet = one.SaveSheet.json;
    if (one?.Ask) open.add(`ask ${one.Ask.id}`);
    return post.call(this, message, ...more);
  };

  let clicks = 0;
  addEventListener("click", () => (clicks += 1), true);

  const words = (text) => text.replace(/\s+/g, " ").trim();
  const CAN = "button,a[href],input,textarea,select,summary,[role=button],[role=row][tabindex],.backdrop";

  globalThis.monkey = {
    sheet: "",
    waiting: () => [...open],
    clicks: () => clicks,

    /** Rows of the exercise that is shown whose tick is not the sheet's. */
    apart: () => {
      const sheet = JSON.parse(globalThis.monkey.sheet || "null");
      const kept = sheet?.exercises[sheet.current]?.sets ?? [];
      const shown = [...document.querySelectorAll(".workout .set[role=row]:not(.head) [role=checkbox]")].map((tick) => tick.getAttribute("aria-checked") === "true");
      if (!shown.length) return [];
      return Array.from({ length: Math.max(kept.length, shown.length) }, (_, nth) => nth).filter((nth) => kept[nth]?.done !== shown[nth]);
    },
    keypad: () => Boolean(document.querySelector(".keypad")),
    busy: () => Boolean(document.querySelector(".saving,.skeleton")) || 0 < open.size,
    toast: () => { const toast = document.querySelector(".toast"); return toast?.querySelector("button") ? words(toast.querySelector("span").textContent) : null; },
    problems: () => [...document.querySelectorAll(".problem[role=alert]")].map((one) => words(one.textContent)),
    notes: () => [...document.querySelectorAll("[data-test=timeline] li.message:not(.removed) > p")].map((one) => one.textContent),

    /** Everything that can be touched where it stands, in the order of the page. */
    offers: () => [...document.querySelectorAll(CAN)].flatMap((element) => {
      if (element.disabled || element.closest("[inert]") || element.type === "file") return [];
      const box = element.getBoundingClientRect();
      const left = Math.max(box.left, 0);
      const right = Math.min(box.right, innerWidth);
      const upper = Math.max(box.top, 0);
      const lower = Math.min(box.bottom, innerHeight);
      if (right - left < 2 || lower - upper < 2) return [];
      // Where something lies over its middle, a finger goes beside that.
      const spots = [[0.5, 0.5], [0.5, 0.08], [0.08, 0.5], [0.92, 0.5], [0.5, 0.92]].map(([over, down]) => ({ x: left + (right - left) * over, y: upper + (lower - upper) * down }));
      const hit = ({ x, y }) => { const top = document.elementFromPoint(x, y); return top && (element.contains(top) || element.closest("label")?.contains(top)); };
      const spot = spots.find(hit);
      if (!spot) return [];
      const test = element.dataset.test ?? "";
      const label = words(element.getAttribute("aria-label") ?? (element.closest("label") ?? element).textContent).slice(0, 50);
      return [{
        x: Math.round(spot.x), y: Math.round(spot.y), test, label, tag: element.tagName.toLowerCase(), type: element.getAttribute("type") ?? "",
        role: element.getAttribute("role") ?? "", danger: element.classList.contains("danger"), form: Boolean(element.closest("form")),
        inside: ["toast", "keypad", "workout-bar", "chip", "set", "bottom-sheet", "workout", "tabs"].find((name) => element.closest(`.${name}`)) ?? "main",
      }];
    }),
    canGoBack: () => globalThis.navigation.canGoBack,
    /** Answers when the step back was taken; never, where it leads to another document. */
    back: () => new Promise((done) => {
      addEventListener("popstate", () => done(), { once: true });
      history.back();
    }),
  };
}
