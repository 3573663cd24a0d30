// The first script: names the screen on the first paint, tells the app which build it is, starts it, and looks after the
// service worker. `cargo xtask` writes the build's id where BUILD stands.
import { compile } from "./compile.js";

const build = "BUILD";
const base = new URL(".", import.meta.url).href;
globalThis.SPOTTER = { build, base };

// Until the app takes its place, the frame in index.html says where one is, and its tabs lead there.
const frame = document.getElementById("first-paint");
const titles = {
  train: "Train", history: "History", progress: "Progress", crew: "Crew", me: "Me", "me/import": "Import", "me/storage": "Storage", "me/sync": "Sync",
};
const here = () => {
  const [first, second] = location.pathname.split("/").slice(1);
  frame.querySelector("h1").textContent = titles[second ? `${first}/${second}` : first] ?? titles[first] ?? "Today";
  const tab = `/${titles[first] ? first : ""}`.replace("history", "train");
  for (const link of frame.querySelectorAll("a")) {
    if (link.pathname === tab) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
};
here();
frame.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  here();
  // For an app that stands already and is not shown yet.
  dispatchEvent(new PopStateEvent("popstate", { state: null }));
});
try {
  document.documentElement.dataset.theme = localStorage.getItem("spotter.theme") ?? "auto";
} catch {
  // A browser that keeps nothing: as the system has it.
}
// Whoever was here before knows what this is.
const again = Boolean(navigator.serviceWorker?.controller);
frame.classList.toggle("again", again);

// On later visits everything lies on the phone, and the workers start beside the app. What they say before it listens is
// kept for it.
if (again) {
  const begin = (name) => {
    const worker = new Worker(new URL(name, base), { type: "module" });
    const said = [];
    worker.onmessage = worker.onerror = (event) => said.push(event);
    return [name, { worker, said }];
  };
  globalThis.SPOTTER.begun = Object.fromEntries((document.hidden ? ["storage.js"] : ["storage.js", "projector-start.js"]).map(begin));
}

try {
  const painted = new Promise((done) => {
    if (document.hidden) return done();
    new PerformanceObserver(done).observe({ type: "paint", buffered: true });
    // A browser that does not say when it paints.
    setTimeout(done, 500);
  });
  // Compiled while it arrives, and run once the first frame is on the screen. On a first visit nothing stands in the way of
  // that frame; later it all lies on the phone, and there is no line to share.
  const compiled = again ? compile("app_bg.wasm") : painted.then(() => compile("app_bg.wasm"));
  const [wasm, { default: init }] = await Promise.all([compiled, import("./app.js"), painted]);
  await init({ module_or_path: wasm });
} catch (err) {
  frame.classList.remove("again");
  frame.querySelector(".skeleton").remove();
  frame.querySelector(".intro").textContent = `Spotter could not start (${err.message}). Nothing of what is stored here was touched. Reload, and when it stays like this, update the browser.`;
  throw err;
}

if ("serviceWorker" in navigator && build !== "BU" + "ILD") {
  let waiting = null;
  let accepted = false;
  const offer = (worker) => {
    waiting = worker;
    dispatchEvent(new Event("spotter:update"));
  };
  // Only after somebody said so: a page is never changed under a running workout.
  addEventListener("spotter:accept-update", () => {
    accepted = true;
    if (waiting?.state === "installed") waiting.postMessage("SKIP_WAITING");
    else location.reload();
  });
  const hadController = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (!hadController) return;
    if (accepted) location.reload();
    // Another tab took the update. What is half typed here stays, and this one is asked when its workout is over.
    else dispatchEvent(new Event("spotter:update"));
    accepted = false;
  });
  // A service worker of another build would hand out files that do not fit this page.
  navigator.serviceWorker.addEventListener("message", (event) => {
    if (event.data?.build && event.data.build !== build) dispatchEvent(new Event("spotter:update"));
  });
  // A private window may refuse it: the app works all the same, it only needs the network for its next start.
  const refused = (why) => console.warn("No service worker, so no start without a network:", why);
  const registration = await navigator.serviceWorker.register("/sw.js", { type: "classic", updateViaCache: "none" }).catch(refused);
  navigator.serviceWorker.controller?.postMessage("BUILD?");
  if (registration) watchForUpdates(registration, offer);
}

function watchForUpdates(registration, offer) {
  if (registration.waiting && registration.active) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const next = registration.installing;
    // The first of all is no update. It may have taken the page by the time that it is heard of.
    if (!registration.active) return;
    next?.addEventListener("statechange", () => {
      if (next.state === "installed") offer(next);
    });
  });
}
