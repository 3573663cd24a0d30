// Starts the storage worker's WebAssembly. Messages that come before it listens are lost, so it speaks first ("up").
import { compile } from "./compile.js";

globalThis.SPOTTER_BUILD = "BUILD";
const [wasm, { default: init }] = await Promise.all([compile("worker_bg.wasm"), import("./worker.js")]);
await init({ module_or_path: wasm });
