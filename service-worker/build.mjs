// Stamps a build: puts everything that belongs together under /b/<build>/, writes the id into it, bundles the service
// worker with the list of files it must have, and compresses what is worth it. Called by `cargo xtask`.
import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { buildSync, transformSync, version } from "esbuild";
import { getManifest } from "workbox-build";

const [dist, quality = "9", optimise = "yes"] = process.argv.slice(2);
const walk = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
  );

// What is fetched behind the first screen lies beside what it was split from.
const later = readdirSync(dist).filter((name) => /^split_.*\.wasm$/.test(name)).sort();
// wasm-opt makes the small ones smaller; on the engine it makes the transfer larger, so it is left alone. Loops made anew
// and functions beside those of a like name, which is what they were generated from, save 5 % of what is sent.
// The features are named: "all" would make use of what no browser has yet.
const features = ["bulk-memory", "bulk-memory-opt", "sign-ext", "nontrapping-float-to-int", "mutable-globals", "reference-types", "multivalue", "simd"]
  .map((name) => `--enable-${name}`);
const smaller = ["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz", "--low-memory-unused", "--reorder-functions-by-name"];
if (optimise === "yes") {
  const optimised = (name) => promisify(execFile)("node_modules/.bin/wasm-opt", [join(dist, name), ...smaller, ...features, "-o", join(dist, name)]);
  await Promise.all([["app_bg.wasm"], ["worker_bg.wasm", ...later]].map(async (names) => {
    for (const name of names) await optimised(name);
  }));
}

const together = ["app.js", "app_bg.wasm", "app-split.js", "worker.js", "worker_bg.wasm", "worker-split.js", ...later, "projector.js", "projector_bg.wasm", "boot.js", "storage.js", "projector-start.js", "compile.js", "style.css", "dims"];
for (const name of together) if (!existsSync(join(dist, name))) throw new Error(`the build has no ${name}`);

const hash = createHash("sha256");
for (const name of together.flatMap((name) => (statSync(join(dist, name)).isDirectory() ? walk(join(dist, name)) : [join(dist, name)])).sort()) {
  hash.update(relative(dist, name)).update(readFileSync(name));
}
hash.update(readFileSync("service-worker/sw.js")).update(readFileSync("index.html")).update(version);
const build = hash.digest("hex").slice(0, 16);

const home = join(dist, "b", build);
mkdirSync(home, { recursive: true });
for (const name of together) renameSync(join(dist, name), join(home, name));
if (existsSync(join(dist, "snippets"))) cpSync(join(dist, "snippets"), join(home, "snippets"), { recursive: true });
// `projector.js` is the glue of wasm-bindgen; the worker's own start is `projector-start.js`. What they share goes into each:
// a file of its own would be one more that everything waits for.
for (const name of ["boot.js", "storage.js", "projector-start.js"]) {
  const file = join(home, name);
  writeFileSync(file, readFileSync(file, "utf8").replaceAll("\"BUILD\"", JSON.stringify(build)));
  const external = ["./app.js", "./worker.js", "./projector.js"];
  buildSync({ entryPoints: [file], outfile: file, allowOverwrite: true, bundle: true, format: "esm", target: "esnext", charset: "utf8", external });
}
rmSync(join(home, "compile.js"));
for (const name of walk(dist)) if (name.endsWith(".d.ts")) rmSync(name);
// Scripts and styles go without what only people read in them.
if (optimise === "yes") {
  for (const name of walk(home).filter((name) => /\.(js|css)$/.test(name))) {
    const options = name.endsWith(".js") ? { loader: "js", format: "esm" } : { loader: "css" };
    writeFileSync(name, transformSync(readFileSync(name, "utf8"), { ...options, minify: true, target: "esnext", legalComments: "none" }).code);
  }
}
const page = readFileSync(join(dist, "index.html"), "utf8")
  .replaceAll(/(href|src)="(boot\.js|app\.js|style\.css)"/g, `$1="/b/${build}/$2"`)
  .replace('href="manifest.webmanifest"', 'href="/manifest.webmanifest"')
  .replaceAll('href="icons/', 'href="/icons/');
writeFileSync(join(dist, "index.html"), page);

const { manifestEntries, warnings } = await getManifest({
  globDirectory: dist,
  globPatterns: ["index.html", "manifest.webmanifest", "icons/*.png", `b/${build}/**/*`],
  maximumFileSizeToCacheInBytes: 100_000_000,
  // The folder's name is the revision.
  dontCacheBustURLsMatching: new RegExp(`^b/${build}/`),
});
for (const warning of warnings) console.warn(warning);
buildSync({
  entryPoints: ["service-worker/sw.js"],
  outfile: join(dist, "sw.js"),
  bundle: true,
  minify: true,
  format: "iife",
  define: {
    "self.__BUILD__": JSON.stringify(build),
    "self.__WB_MANIFEST": JSON.stringify(manifestEntries.map((entry) => ({ ...entry, url: `/${entry.url}` }))),
    "process.env.NODE_ENV": '"production"',
  },
});

const sizes = {};
for (const name of walk(dist)) {
  if (!/\.(wasm|js|css|html|webmanifest|parquet)$/.test(name)) continue;
  const bytes = readFileSync(name);
  const small = brotliCompressSync(bytes, {
    params: { // The engine would take a minute at the highest quality; everything else is worth it.
      [constants.BROTLI_PARAM_QUALITY]: quality === "9" && bytes.length < 3_000_000 ? 11 : Number(quality), [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  writeFileSync(`${name}.br`, small);
  sizes[relative(dist, name).replace(`b/${build}/`, "")] = { raw: bytes.length, brotli: small.length };
}
writeFileSync(join(dist, "build.json"), JSON.stringify({ build, sizes }, null, 2) + "\n");
console.log(`build ${build}`);
