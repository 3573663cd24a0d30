// What others keep events in, bundled for a browser. Before: npm install --prefix tests/powercut.
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const PEERS = ["indexedDbStrict", "indexedDbRelaxed", "sqliteSahpool", "dexie", "dexieStrict", "rxdbDexie", "tinybaseOpfs", "tinybaseIndexedDb"];
export const versions = JSON.parse(readFileSync(here("package.json"), "utf8")).dependencies;

/** `/peers.js` and `/negative.js`, ready to be served from `folder`. */
export async function bundle(folder) {
  mkdirSync(folder, { recursive: true });
  await build({ entryPoints: [here("stores/peers.js"), here("stores/negative.js")], bundle: true, format: "esm", outdir: folder, logLevel: "error", define: { "process.env.NODE_ENV": '"production"' } });
  copyFileSync(here("node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm"), join(folder, "sqlite3.wasm"));
}
