// What the replication tests share: steps in plain words, asking until something is true, chance that comes from a seed.
import { ensure } from "../common.mjs";

export { ensure, pause, same, until } from "../common.mjs";

// ---------------------------------------------------------------------------------------------- steps

/** Runs steps one after the other and counts them; a failed one does not keep the next from being tried. */
export class Story {
  passed = 0;
  failed = 0;

  async step(name, act) {
    const began = Date.now();
    try {
      const more = await act();
      this.passed += 1;
      console.log(`ok - ${name} (${typeof more === "string" ? `${more}, ` : ""}${((Date.now() - began) / 1000).toFixed(1)} s)`);
      return true;
    } catch (err) {
      this.failed += 1;
      console.log(`not ok - ${name}`);
      console.log(`  ${String(err.stack ?? err).split("\n").slice(0, 24).join("\n  ")}`);
      return false;
    }
  }

  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed ? 1 : 0;
  }
}

/** `--seeds N --from S`, and what they are when nobody says. */
export function seeds(count, from = 1) {
  const said = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    if (at < 0) return otherwise;
    const value = Number(process.argv[at + 1]);
    ensure(Number.isInteger(value) && 0 <= value, `--${name} takes a whole number`);
    return value;
  };
  const first = said("from", from);
  return Array.from({ length: said("seeds", count) }, (_, nth) => first + nth);
}

// ---------------------------------------------------------------------------------------------- chance

/**
 * Chance by name: the same words give the same throws whatever else is going on, so the nth request of a client meets the
 * same fault in every run of a seed, in whichever order the clients get their turn.
 */
export function dice(...words) {
  // FNV-1a over the words; mulberry32 from there. Neither has to be more than even.
  let state = 0x811c9dc5;
  for (const char of words.join("\u0000")) state = Math.imul(state ^ char.codePointAt(0), 0x01000193);
  const roll = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    roll,
    /** A whole number from `from` to `to`, both included. */
    between: (from, to) => from + Math.floor(roll() * (to - from + 1)),
    one: (list) => list[Math.floor(roll() * list.length)],
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(roll() * 256)),
    hex: (count) => Array.from({ length: count }, () => Math.floor(roll() * 16).toString(16)).join(""),
    /** One name of `{ name: probability }`, or nothing. */
    which: (odds) => {
      let left = roll();
      for (const [name, odd] of Object.entries(odds)) {
        left -= odd;
        if (left < 0) return name;
      }
      return undefined;
    },
  };
}
