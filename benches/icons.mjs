// The PNG icons from public/icons/icon.svg. The maskable one is full-bleed with the mark in the inner 60 %.
import { readFileSync, writeFileSync } from "node:fs";
import { browser } from "./lib.mjs";
import { reduce } from "./png.mjs";

const folder = new URL("../public/icons/", import.meta.url);
const svg = readFileSync(new URL("icon.svg", folder), "utf8");
const mark = 2 * (172 + 25);
const scale = (0.6 * 512) / mark;
const kinds = {
  any: svg,
  maskable: svg.replace(/ rx="\d+"/, "").replace('<g id="mark">', `<g id="mark" transform="translate(256 256) scale(${scale.toFixed(3)}) translate(-256 -256)">`),
};
const chromium = await browser();
for (const [kind, source] of Object.entries(kinds)) {
  for (const side of [192, 512]) {
    const page = await chromium.newPage({ viewport: { width: side, height: side } });
    await page.setContent(`<style>*{margin:0}svg{display:block;width:${side}px;height:${side}px}</style>${source}`);
    const png = reduce(await page.screenshot({ omitBackground: true }), 64);
    writeFileSync(new URL(`${kind}-${side}.png`, folder), png);
    console.log(`${kind}-${side}.png ${png.length} B`);
    await page.close();
  }
}
await chromium.close();
