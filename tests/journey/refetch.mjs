// A sealed session that is damaged under the app, on a device whose server has its rows.
import { becomes, ensure, pastServiceWorker, problems, same, until } from "./lib.mjs";
import { look } from "./pool.mjs";

export const newest = (pool) => pool.filter((file) => file.manifest).map((file) => file.manifest).sort((a, b) => b.generation - a.generation)[0];

/** A sealed file that is all there is of its rows on this device: what it was made from has been given up. */
export const alone = (page, chosen) =>
  until(async () => {
    const { sealed, retired } = newest(await look(page));
    return sealed.find((file) => chosen(file) && !retired.some((before) => before.successor === file.use_id));
  }, { what: "a sealed file whose rows are kept nowhere else here", timeout: 120_000 });

/** Turns a byte of a sealed file while nothing of the app runs: the service worker would answer with the app. */
export async function harm(page, url, choose) {
  const inside = await pastServiceWorker(page);
  await page.goto(`${url}/healthz`);
  same((await page.locator("body").innerText()).trim(), "ok", "the page without the app");
  const pool = await look(page);
  const listed = choose(newest(pool).sealed);
  const found = pool.find((one) => one.name === listed.file);
  same([found.role, found.useId], ["sealed", listed.use_id], "what is about to be damaged");
  await page.evaluate(async ([file, at]) => {
    const pool = await (await navigator.storage.getDirectory()).getDirectoryHandle("pool");
    const handle = await pool.getFileHandle(file);
    const before = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    const writable = await handle.createWritable({ keepExistingData: true });
    await writable.write({ type: "write", position: at, data: new Uint8Array([before[at] ^ 0x41]) });
    await writable.close();
    // For a minute after each start young rows have a second copy, which would bring them back without a server.
    await new Promise((done, failed) => {
      const request = indexedDB.open("spotter");
      request.onerror = () => failed(request.error);
      request.onsuccess = () => {
        const clearing = request.result.transaction("births", "readwrite");
        clearing.objectStore("births").clear();
        clearing.onabort = () => failed(clearing.error);
        clearing.oncomplete = () => done(request.result.close());
      };
    });
  }, [listed.file, 96 + Math.floor(found.payload / 2)]);
  await inside();
  return listed;
}

/** The screen says what is missing, and where nobody can overlook it. */
export async function saysMissing(page, { file, rows }) {
  const own = async () => (await problems(page)).filter((one) => one.text[0].startsWith(`${file} cannot be read`));
  await becomes(async () => (await own()).length, 1, `problems about ${file}`);
  const [{ text, seen, reachable }] = await own();
  same(text.length, 3, "what happened, what was kept, what to do");
  ensure(text[0].includes(`It held ${rows} rows (numbers `), `it does not say what is missing: ${text[0]}`);
  ensure(text[2].includes("come back from the server by themselves"), `it does not say what to do: ${text[2]}`);
  ensure(seen && reachable, "the problem is covered or cannot be reached");
  console.log(`  ${text.join(" / ")}`);
}

/** The index no longer asks for the file, which is left where it is. */
export async function settled(page, { file, use_id }) {
  await until(async () => newest(await look(page)).quarantined.some((one) => one.use_id === use_id), {
    what: `the index has ${file} set aside`, timeout: 60_000,
  });
  const pool = await look(page);
  const { sealed, retired, quarantined } = newest(pool);
  const listed = [...sealed, ...retired].filter((one) => one.use_id === use_id || one.file === file);
  same(listed, [], "what still lists it");
  same(quarantined.filter((one) => one.file === file).length, 1, "how often it is set aside");
  const { role, useId } = pool.find((one) => one.name === file);
  same([role, useId], ["sealed", use_id], "the damaged file");
}

/** How often each row that it held lies in an open file, where rows from the server go. */
export async function again(page, { spans }) {
  const times = new Map();
  for (const { chain, places } of spans) for (const [from, to] of places) for (let at = from; at <= to; at += 1) times.set(`${chain} ${at}`, 0);
  for (const frame of (await look(page)).filter((file) => file.role === "open").flatMap((file) => file.frames)) {
    if (frame.kind !== "row") continue;
    const { scope, device_id, lane, dseq } = JSON.parse(frame.text);
    const place = `${scope}/${device_id}/${lane} ${dseq}`;
    if (times.has(place)) times.set(place, times.get(place) + 1);
  }
  return [...times.values()];
}
