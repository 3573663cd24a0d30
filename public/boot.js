// The first script: tells the app which build it is, starts it, and looks after the service worker. `cargo xtask`
// writes the build's id where BUILD stands.
const build = "BUILD";
const base = new URL(".", import.meta.url).href;
globalThis.SPOTTER = { build, base };

const { default: init } = await import("./app.js");
await init({ module_or_path: new URL("app_bg.wasm", base) });
document.getElementById("first-paint")?.remove();

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
  if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const next = registration.installing;
    next?.addEventListener("statechange", () => {
      if (next.state === "installed" && navigator.serviceWorker.controller) offer(next);
    });
  });
}
