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
  event.waitUntil(
    caches.keys().then((keys) =>
      Promise.all(keys.filter((key) => key.startsWith("spotter-") && key !== cacheNames.precache).map((key) => caches.delete(key))),
    ),
  );
});
clientsClaim();

self.addEventListener("message", (event) => {
  if (event.data === "SKIP_WAITING") self.skipWaiting();
  if (event.data === "BUILD?") event.source?.postMessage({ build: BUILD });
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  // Every address of the app is the same page.
  const path = event.request.mode === "navigate" ? "/index.html" : url.pathname;
  const key = shell.getCacheKeyForURL(path);
  if (key) event.respondWith(caches.match(key).then((cached) => cached ?? fetch(event.request)));
});
