// Starts the storage worker's WebAssembly. Messages that come before it listens are lost, so it speaks first ("up").
globalThis.SPOTTER_BUILD = "BUILD";
const { default: init } = await import("./worker.js");
await init({ module_or_path: new URL("worker_bg.wasm", import.meta.url) });
