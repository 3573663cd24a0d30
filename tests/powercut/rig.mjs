// The disk that loses its power: an ext4 image on an XFS that can clone a file in one instant. The clone holds what had
// reached the block layer and nothing of the page cache, which is what is left of a phone whose battery went out. Not
// modelled: a disk that lies about its own cache.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { constants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { ensure, until } from "../common.mjs";
import { browse, kill } from "../journey/lib.mjs";

const PREFIX = "spotter-powercut-";
const MOUNTS = ["after", "disk", "clones"];

const run = (command, ...args) => execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });

/** Ends with 77, which means "could not be tried here". */
function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}

const mounted = (at) => readFileSync("/proc/mounts", "utf8").split("\n").some((line) => line.split(" ")[1] === at);

// ---------------------------------------------------------------------------------------------- leaving nothing behind

/** Everything that was started with a path below `folder` on its command line: browsers with their helpers, the server. */
function killAll(folder) {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${folder}/`)) process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

/** Without promises: it also runs when the process ends. */
function clear(folder) {
  killAll(folder);
  for (const mount of MOUNTS.map((name) => join(folder, name))) {
    // A browser that was just killed gives its files back a moment later.
    for (let tries = 0; mounted(mount) && tries < 50; tries++) {
      if (spawnSync("umount", [mount]).status !== 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
    if (mounted(mount)) spawnSync("umount", ["--lazy", mount]);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** What a run left behind that was killed so hard that it could not clean up. */
function sweep() {
  for (const name of readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    if (!existsSync(join(folder, "pid")) || existsSync(`/proc/${readFileSync(join(folder, "pid"), "utf8")}`)) continue;
    clear(folder);
  }
}

// ---------------------------------------------------------------------------------------------- the rig

export class Rig {
  constructor(folder) {
    this.folder = folder;
    this.disk = join(folder, "disk");
    this.after = join(folder, "after");
    this.clones = join(folder, "clones");
    /** What the browser complained about since the last start. */
    this.complaints = [];
  }

  #image(name) {
    return join(this.clones, `${name}.img`);
  }

  #clone(from, to) {
    run("cp", "--reflink=always", this.#image(from), this.#image(to));
  }

  /** The running disk begins as a copy of a kept one. */
  plug(kept = "empty") {
    this.#clone(kept, "disk");
    run("mount", "-o", "loop", this.#image("disk"), this.disk);
  }

  /** The running disk, whole and written back, becomes one that later cuts begin with. */
  async keep(name) {
    run("sync", "--file-system", this.disk);
    await this.#unmount(this.disk);
    this.#clone("disk", name);
  }

  /** The power goes, at this instant. Nothing else of this process runs meanwhile, so what was heard before is before. */
  cut() {
    this.#clone("disk", "cut");
  }

  /** The disk as the cut left it, at another place; the journal is replayed here. */
  async replug() {
    await this.#unmount(this.disk);
    this.#clone("cut", "after");
    run("mount", "-o", "loop", this.#image("after"), this.after);
  }

  /** Both disks are gone, also when something failed and a browser still runs on one. */
  async unplug() {
    for (const mount of [this.after, this.disk].filter(mounted)) {
      killAll(mount);
      await this.#unmount(mount);
    }
  }

  /** The untouched image of the last cut, for whoever wants to know why. */
  preserve(name) {
    const to = join(tmpdir(), name);
    run("cp", "--sparse=always", this.#image("cut"), to);
    return to;
  }

  async #unmount(mount) {
    await until(() => spawnSync("umount", [mount]).status === 0, { what: `${mount} is unmounted` });
  }

  /** A browser whose profile lies on `mount`. */
  async browser(mount) {
    this.complaints = [];
    const story = { contexts: [], heard: (kind, text) => (kind !== "warning" || text.includes("housekeeping")) && this.complaints.push(`${kind}: ${text}`) };
    // Whatever ends this process is ours to handle: the mounts go after the browser.
    return browse(story, join(mount, "profile"), { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
  }

  kill(mount) {
    return kill(join(mount, "profile"));
  }
}

/** The rig, or an end with 77 where it cannot be built. */
export function makeRig() {
  if (process.getuid() !== 0) skip("only root can mount");
  for (const tool of ["mkfs.xfs", "mkfs.ext4", "losetup"]) {
    if (spawnSync("which", [tool]).status !== 0) skip(`${tool} is missing (Debian: xfsprogs, e2fsprogs, mount)`);
  }
  sweep();
  // The machine has other things to do.
  setPriority(constants.priority.PRIORITY_LOW - 9);
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(folder, "pid"), String(process.pid));
  const rig = new Rig(folder);
  process.once("exit", () => clear(folder));
  for (const [signal, number] of [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]]) process.once(signal, () => process.exit(128 + number));
  for (const mount of MOUNTS) mkdirSync(join(folder, mount));
  try {
    image(join(folder, "clones.img"), 12, ["mkfs.xfs", "-q", "-m", "reflink=1"]);
    run("mount", "-o", "loop", join(folder, "clones.img"), rig.clones);
  } catch (err) {
    skip(`no loop mount of an XFS here: ${String(err.stderr ?? err.message).trim()}`);
  }
  // Nothing is left for the kernel to write later: what reaches the image afterwards comes from the browser.
  image(join(rig.clones, "empty.img"), 2, ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"]);
  rig.plug();
  run("umount", rig.disk);
  return rig;
}

function image(path, gigabytes, [format, ...how]) {
  writeFileSync(path, "");
  truncateSync(path, gigabytes * 2 ** 30);
  ensure(statSync(path).size, "an image has a size");
  run(format, ...how, path);
}

// ---------------------------------------------------------------------------------------------- what a page says

/** Everything the page's `tell(...)` says, heard in order and without an answer, so that it costs the page nothing. */
export async function listen(page, heard) {
  const session = await page.context().newCDPSession(page);
  session.on("Runtime.bindingCalled", ({ name, payload }) => name === "tell" && heard(JSON.parse(payload)));
  await session.send("Runtime.enable");
  await session.send("Runtime.addBinding", { name: "tell" });
}

/** A flag's value on the command line. */
export function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
}

export function whole(name, otherwise) {
  const value = Number(option(name, otherwise));
  ensure(Number.isInteger(value) && 0 <= value, `--${name} takes a whole number`);
  return value;
}

export function write(result) {
  const out = option("out");
  if (out) writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
}
