// PNG with a palette, so that pictures in the repository stay small. Nothing but zlib.
import { crc32 } from "node:zlib";
import { deflateSync, inflateSync } from "node:zlib";

const crc = crc32 ?? ((bytes) => {
  let c = ~0;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (0xedb88320 & -(c & 1));
  }
  return ~c >>> 0;
});

/** What Chromium writes: 8 bits, RGB or RGBA, not interlaced. */
export function decode(png) {
  let at = 8;
  let width, height, channels;
  const data = [];
  while (at < png.length) {
    const size = png.readUInt32BE(at);
    const kind = png.toString("latin1", at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + size);
    if (kind === "IHDR") {
      [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
      channels = { 2: 3, 6: 4 }[body[9]];
      if (body[8] !== 8 || !channels || body[12]) throw new Error("a PNG of a kind that is not read here");
    }
    if (kind === "IDAT") data.push(body);
    at += 12 + size;
  }
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * channels;
  const out = Buffer.alloc(width * height * 4, 255);
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    const line = Buffer.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let x = 0; x < stride; x++) {
      const a = x < channels ? 0 : line[x - channels];
      const b = above[x];
      const c = x < channels ? 0 : above[x - channels];
      let add = 0;
      if (filter === 1) add = a;
      else if (filter === 2) add = b;
      else if (filter === 3) add = (a + b) >> 1;
      else if (filter === 4) {
        const p = a + b - c;
        const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
        add = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      }
      line[x] = (line[x] + add) & 255;
    }
    for (let x = 0; x < width; x++) line.copy(out, (y * width + x) * 4, x * channels, (x + 1) * channels);
    above = line;
  }
  return { width, height, pixels: out };
}

/** At most `most` colours by median cut; exact when there are no more. */
function palette(pixels, most) {
  const counts = new Map();
  for (let at = 0; at < pixels.length; at += 4) {
    const key = pixels.readUInt32BE(at);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const parts = (key) => [key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255, key & 255];
  let boxes = [[...counts].map(([key, n]) => ({ key, n, of: parts(key) }))];
  while (boxes.length < most) {
    let best = null;
    for (const [index, box] of boxes.entries()) {
      if (box.length < 2) continue;
      for (let channel = 0; channel < 4; channel++) {
        const values = box.map((colour) => colour.of[channel]);
        const range = Math.max(...values) - Math.min(...values);
        const weight = range * Math.log2(2 + box.reduce((sum, colour) => sum + colour.n, 0));
        if (!best || best.weight < weight) best = { index, channel, weight };
      }
    }
    if (!best) break;
    const box = boxes[best.index].sort((a, b) => a.of[best.channel] - b.of[best.channel]);
    const half = box.reduce((sum, colour) => sum + colour.n, 0) / 2;
    let seen = 0;
    let cut = box.findIndex((colour) => (seen += colour.n) >= half) + 1;
    cut = Math.min(Math.max(cut, 1), box.length - 1);
    boxes.splice(best.index, 1, box.slice(0, cut), box.slice(cut));
  }
  const colours = boxes.map((box) => {
    const total = box.reduce((sum, colour) => sum + colour.n, 0);
    // The colour most of the box has: flat areas stay exactly what they were.
    const main = box.reduce((a, b) => (a.n < b.n ? b : a));
    if (total < main.n * 2) return main.of;
    return [0, 1, 2, 3].map((channel) => Math.round(box.reduce((sum, colour) => sum + colour.of[channel] * colour.n, 0) / total));
  });
  const place = new Map();
  boxes.forEach((box, index) => box.forEach((colour) => place.set(colour.key, index)));
  return { colours, place };
}

/** The same picture with a palette. */
export function reduce(png, most = 256) {
  const { width, height, pixels } = decode(png);
  const { colours, place } = palette(pixels, most);
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) lines[y * (width + 1) + 1 + x] = place.get(pixels.readUInt32BE((y * width + x) * 4));
  }
  const chunk = (kind, body) => {
    const out = Buffer.alloc(12 + body.length);
    out.writeUInt32BE(body.length, 0);
    out.write(kind, 4, "latin1");
    body.copy(out, 8);
    out.writeUInt32BE(crc(out.subarray(4, 8 + body.length)), 8 + body.length);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const small = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("PLTE", Buffer.from(colours.flatMap((colour) => colour.slice(0, 3)))),
    ...(colours.some((colour) => colour[3] < 255) ? [chunk("tRNS", Buffer.from(colours.map((colour) => colour[3])))] : []),
    chunk("IDAT", deflateSync(lines, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
  return small.length < png.length ? small : png;
}
