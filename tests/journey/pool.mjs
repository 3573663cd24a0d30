// The files of the pool as they lie in OPFS or in the database, decrypted: the format written down a second time, from outside the app.

/** Every file with what its header and frames say, and whether `needle` is in it. Works on any page of this origin. */
export const look = (page, needle) =>
  page.evaluate(async (needle) => {
    const HEADER = 96;
    const PREFIX = 17;
    const HALF = 512 * 1024;
    const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const text = (bytes) => new TextDecoder().decode(bytes);

    /** What the browser keeps of the key, or nothing before the app first started. */
    const kept = await new Promise((found, failed) => {
      const request = indexedDB.open("spotter");
      request.onerror = () => failed(request.error);
      request.onsuccess = () => {
        const database = request.result;
        const done = (value) => (database.close(), found(value));
        if (!database.objectStoreNames.contains("identity")) return done(undefined);
        const get = database.transaction("identity").objectStore("identity").get("vault");
        get.onsuccess = () => done(get.result);
      };
    });
    let key;
    if (kept) {
      const { browser } = JSON.parse(text(kept.wraps));
      const wrapped = Uint8Array.from(browser.match(/../g), (digits) => parseInt(digits, 16));
      const gcm = { name: "AES-GCM", iv: wrapped.slice(0, 12), additionalData: new TextEncoder().encode("spotter data key") };
      key = await crypto.subtle.unwrapKey("raw", wrapped.slice(12), kept.key, gcm, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    }
    /** `place` is a generation, or an offset in an open segment. `undefined` for what is damaged. */
    async function decrypt(bytes, role, useId, place) {
      const about = new Uint8Array(7 + 1 + 16 + 8);
      about.set(new TextEncoder().encode("spotter"));
      about[7] = role;
      about.set(useId, 8);
      new DataView(about.buffer).setBigUint64(24, BigInt(place), true);
      const gcm = { name: "AES-GCM", iv: bytes.slice(0, 12), additionalData: about };
      return crypto.subtle.decrypt(gcm, key, bytes.slice(12)).then((plain) => new Uint8Array(plain), () => undefined);
    }
    const isHeader = (bytes) => HEADER <= bytes.length && text(bytes.subarray(0, 4)) === "SPTR";
    const number = (bytes, at) => new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);
    async function content(bytes) {
      const stored = bytes.subarray(HEADER, HEADER + Number(number(bytes, 24)));
      return bytes[6] === 0 ? stored : decrypt(stored, bytes[7], bytes.slice(8, 24), number(bytes, 64));
    }
    function* framesIn(bytes, from) {
      for (let at = from; at + PREFIX <= bytes.length && bytes[at] === 0xf7 && bytes[at + 1] === 0x73; ) {
        const end = at + PREFIX + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 5, true);
        yield { at, length: end - at, kind: ["", "head", "row", "closed", "standing", "cipher"][bytes[at + 4]], payload: bytes.slice(at + PREFIX, end) };
        at = end;
      }
    }

    /** Names with bytes, from whichever place has them. */
    async function* files() {
      if (!(await indexedDB.databases()).some((one) => one.name === "spotter-files")) {
        const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
        for await (const [name, handle] of pool.entries()) yield [name, new Uint8Array(await (await handle.getFile()).arrayBuffer())];
        return;
      }
      const answer = (request) => new Promise((found, failed) => ((request.onsuccess = () => found(request.result)), (request.onerror = () => failed(request.error))));
      const database = await answer(indexedDB.open("spotter-files"));
      const stores = database.transaction(["sizes", "chunks"]);
      const [sizes, chunks] = [stores.objectStore("sizes"), stores.objectStore("chunks")];
      const [names, lengths, keys, parts] = await Promise.all([sizes.getAllKeys(), sizes.getAll(), chunks.getAllKeys(), chunks.getAll()].map(answer));
      database.close();
      for (const [at, name] of names.entries()) {
        const own = parts.filter((_, nth) => keys[nth][0] === name);
        const bytes = new Uint8Array(own.reduce((sum, part) => sum + part.length, 0));
        own.reduce((end, part) => (bytes.set(part, end), end + part.length), 0);
        yield [name, bytes.slice(0, lengths[at])];
      }
    }

    const found = [];
    for await (const [name, bytes] of files()) {
      const one = { name, size: bytes.length, role: "none", frames: [], sheets: [] };
      found.push(one);
      if (name.startsWith("sheet-")) {
        for (const half of [bytes.subarray(0, HALF), bytes.subarray(HALF)]) {
          const plain = isHeader(half) && (await content(half));
          if (plain) one.sheets.push(text(plain));
        }
      }
      if (!isHeader(bytes)) continue;
      one.role = ["free", "open", "sealed", "manifest", "draft", "keys", "tables"][bytes[7]];
      one.encrypted = bytes[6] === 1;
      one.useId = hex(bytes.subarray(8, 24));
      one.payload = Number(number(bytes, 24));
      if (one.role === "manifest") {
        const plain = await content(bytes);
        if (plain) one.manifest = JSON.parse(text(plain));
      }
      if (needle && one.role === "sealed") one.found = text((await content(bytes)) ?? new Uint8Array()).includes(needle);
      if (one.role !== "open") continue;
      for (const { at, length, kind, payload } of framesIn(bytes, HEADER)) {
        // Frames that were written together are one stretch of cipher text: that is what can be damaged.
        const plain = kind === "cipher" ? await decrypt(payload, 1, bytes.slice(8, 24), at) : undefined;
        const inner = plain ? [...framesIn(plain, 0)] : [{ kind, payload }];
        for (const frame of inner) one.frames.push({ at, length, kind: frame.kind, text: text(frame.payload) });
      }
      if (needle) one.found = one.frames.some((frame) => frame.text.includes(needle));
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }, needle);
