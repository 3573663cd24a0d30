// The porch: shell, workers and prebuilt dimensions of one build, all or nothing, so that a cold start needs no network.
// User data and replication are none of its business.
import { cacheNames, clientsClaim, setCacheNameDetails } from "workbox-core";
import { PrecacheController } from "workbox-precaching";

const BUILD = self.__BUILD__;
// One cache a build: generations never mix.
setCacheNameDetails({ prefix: "spotter", precache: "precache", suffix: BUILD });
const shell = new PrecacheController({ cacheName: cacheNames.precache });
shell.addToCacheList(self.__WB_MANIFEST);

self.addEventListener("install", (event) => shell.install(event));

self.addEventListener("activate", (event) => {
  shell.activate(event);
  event.waitUntil(tidy());
});
clientsClaim();

/** Pages of a former build go on until somebody is done there, and start their workers from its files. */
async function tidy() {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (1 < pages.length) return;
  const keys = await caches.keys();
  await Promise.all(keys.filter((key) => key.startsWith("spotter-") && key !== cacheNames.precache).map((key) => caches.delete(key)));
}

self.addEventListener("message", (event) => {
  if (event.data === "SKIP_WAITING") self.skipWaiting();
  if (event.data !== "BUILD?") return;
  event.source?.postMessage({ build: BUILD });
  event.waitUntil(tidy());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  // Every address of the app is the same page.
  const path = event.request.mode === "navigate" ? "/index.html" : url.pathname;
  const former = path.startsWith("/b/") ? event.request : null;
  const key = shell.getCacheKeyForURL(path) ?? former;
  if (key) event.respondWith(caches.match(key).then((cached) => cached ?? fetch(event.request)));
});
