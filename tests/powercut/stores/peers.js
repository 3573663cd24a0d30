// What others keep events in, each as its own manual says it is safe. Bundled by peers.mjs.
import sqlite3 from "@sqlite.org/sqlite-wasm";
import Dexie from "dexie";
import { createRxDatabase } from "rxdb";
import { getRxStorageDexie } from "rxdb/plugins/storage-dexie";
import { createStore } from "tinybase";
import { createOpfsPersister } from "tinybase/persisters/persister-browser";
import { createIndexedDbPersister } from "tinybase/persisters/persister-indexed-db";
import { answerWith, event } from "./worker.js";

const asked = (request, name) =>
  new Promise((resolve, reject) => {
    request[`on${name}`] = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onabort = () => reject(request.error);
  });

/** A commit is one transaction; it is saved when the transaction is complete. */
const indexedDb = (durability) => async () => {
  const opening = indexedDB.open(`raw-${durability}`, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("events", { keyPath: "id" });
  const database = await asked(opening, "success");
  return {
    commit: async (n) => {
      const transaction = database.transaction("events", "readwrite", { durability });
      transaction.objectStore("events").put(event(n));
      await asked(transaction, "complete");
    },
    all: async () => (await asked(database.transaction("events").objectStore("events").getAll(), "success")).map(({ n }) => n),
    close: () => database.close(),
  };
};

/** A commit is one insert; it is saved when the statement returns. */
const sqlite = async () => {
  const library = await sqlite3();
  const pool = await library.installOpfsSAHPoolVfs({ name: "opfs-sahpool" });
  const database = new pool.OpfsSAHPoolDb("/events.db");
  const pragma = (text) => database.selectValue(`pragma ${text}`);
  pragma("locking_mode=exclusive");
  const mode = pragma("journal_mode=wal");
  if (mode !== "wal") throw new Error(`journal_mode is ${mode}`);
  pragma("synchronous=full");
  database.exec("create table if not exists events (id text primary key, n integer not null, at integer not null, payload text not null)");
  return {
    commit: (n) => {
      const { id, at, payload } = event(n);
      database.exec({ sql: "insert into events values (?, ?, ?, ?)", bind: [id, n, at, payload] });
    },
    all: () => database.selectValues("select n from events"),
    close: () => database.close(),
  };
};

/** A commit is one `add`; it is saved when its promise is. */
const dexie = (name, options) => async () => {
  const database = new Dexie(name, options);
  database.version(1).stores({ events: "id" });
  await database.open();
  return {
    commit: (n) => database.events.add(event(n)).then(() => {}),
    all: async () => (await database.events.toArray()).map(({ n }) => n),
    close: () => database.close(),
  };
};

/** A commit is one `insert`; it is saved when its promise is. */
const rxdb = async () => {
  const database = await createRxDatabase({ name: "rxdb", storage: getRxStorageDexie(), multiInstance: false });
  const properties = { id: { type: "string", maxLength: 40 }, n: { type: "number" }, at: { type: "number" }, payload: { type: "string" } };
  const { events } = await database.addCollections({ events: { schema: { version: 0, primaryKey: "id", type: "object", properties, required: ["id", "n"] } } });
  return {
    commit: (n) => events.insert(event(n)).then(() => {}),
    all: async () => (await events.find().exec()).map(({ n }) => n),
    close: () => database.close(),
  };
};

/** A commit is one row; it is saved when the persister's `save` is. */
const tinybase = (persist) => async () => {
  const store = createStore();
  const failed = [];
  const persister = await persist(store, (err) => failed.push(err));
  await persister.load();
  // The first time there is nothing to load, which is said in the same way as a failure.
  failed.length = 0;
  return {
    commit: async (n) => {
      const { id, at, payload } = event(n);
      store.setRow("events", id, { n, at, payload });
      await persister.save();
      if (failed.length) throw failed[0];
    },
    all: () => store.getRowIds("events").map((id) => store.getCell("events", id, "n")),
    close: () => persister.destroy().then(() => {}),
  };
};

answerWith({
  indexedDbStrict: indexedDb("strict"),
  indexedDbRelaxed: indexedDb("relaxed"),
  sqliteSahpool: sqlite,
  dexie: dexie("dexie"),
  dexieStrict: dexie("dexie-strict", { chromeTransactionDurability: "strict" }),
  rxdbDexie: rxdb,
  tinybaseOpfs: tinybase(async (store, failed) => createOpfsPersister(store, await (await navigator.storage.getDirectory()).getFileHandle("tinybase.json", { create: true }), failed)),
  tinybaseIndexedDb: tinybase((store, failed) => createIndexedDbPersister(store, "tinybase", undefined, failed)),
});
