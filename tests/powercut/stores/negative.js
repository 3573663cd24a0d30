// Stores that are wrong on purpose. If the rig does not lose what these say is saved, it would not notice if Spotter did.
import { answerWith, event } from "./worker.js";

const folder = async (name) => (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
const bytesOf = (n) => new TextEncoder().encode(JSON.stringify(event(n)).padEnd(255) + "\n");

answerWith({
  /** Appends to an old file and never flushes. */
  unflushed: async () => {
    const file = await (await folder("unflushed")).getFileHandle("append", { create: true });
    const access = await file.createSyncAccessHandle();
    let at = access.getSize();
    return {
      commit: (n) => void (at += access.write(bytesOf(n), { at })),
      all: () => {
        const bytes = new Uint8Array(access.getSize());
        access.read(bytes, { at: 0 });
        const lines = new TextDecoder().decode(bytes).split("\n");
        // What was cut off in the middle, or is a hole, is not there.
        return lines.filter((line) => /^\{.*\} *$/.test(line)).map((line) => JSON.parse(line).n);
      },
      close: () => {
        access.flush();
        access.close();
      },
    };
  },
  /** Flushes, but into a file of its own each time: the new name is not on the disk yet. */
  newNames: async () => {
    const into = await folder("new-names");
    return {
      commit: async (n) => {
        const access = await (await into.getFileHandle(`event-${n}`, { create: true })).createSyncAccessHandle();
        access.write(bytesOf(n), { at: 0 });
        access.flush();
        access.close();
      },
      all: async () => {
        const found = [];
        for await (const [name, handle] of into.entries()) {
          if ((await handle.getFile()).size === 256) found.push(Number(name.slice("event-".length)));
        }
        return found;
      },
      close: () => {},
    };
  },
});
