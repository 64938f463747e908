// How sure the net is of a chop in every frame: the highest of every so many, from the server, in tiles.

import { address, ask } from "./server.js";
import { store } from "./store.js";
import { Tiles } from "./tiles.js";

const LEVELS = [1, 4, 16, 64, 256, 1024, 4096];
/** Values in a tile. */
const TILE = 4096;
const MOST_TILES = 200;
/** The value of a probability of 1. */
const FULL = 255;

/** @type {Tiles<Uint8Array>} */
const tiles = new Tiles(MOST_TILES, "curve tiles", async (level, number) => {
  const size = TILE * LEVELS[level], from = number * size;
  const answer = await ask(address("curve", { level: LEVELS[level], from, to: from + size }));
  return new Uint8Array(await answer.arrayBuffer());
});
/** @type {import("./types.js").Curve|null} */
let known = null;

/** While it grows, what lies behind is asked for anew; another curve is, too, and the old one shown until then. */
store.addEventListener("found", () => {
  const { curve } = store.found, before = known;
  if (curve?.name === before?.name && curve?.frames === before?.frames) return;
  known = curve;
  const from = curve?.name === before?.name ? before?.frames ?? 0 : 0;
  tiles.outdate((level, number) => (number + 1) * TILE * LEVELS[level] > from);
});

/** Give the highest probability, 0..1, of the frames first..last (the last one excluded); null where it is not known.
 * @param {number} first @param {number} last @returns {number|null} */
export function highest(first, last) {
  const wanted = levelFor(last - first);
  for (let level = wanted; level < LEVELS.length; level += 1) {
    const size = LEVELS[level], begin = Math.floor(first / size), end = Math.ceil(last / size);
    let found = -1, isThere = true;
    for (let at = begin; at < end && isThere; at += 1) {
      const number = Math.floor(at / TILE), values = tiles.get(level, number);
      isThere = values !== undefined;
      if (values && values[at % TILE] > found) found = values[at % TILE];
    }
    if (isThere) return found < 0 ? null : found / FULL;
  }
  return null;
}

/** Have the frames first..last asked for, as columns of so many are drawn.
 * @param {number} first @param {number} last @param {number} step */
export function askFor(first, last, step) {
  const level = levelFor(step), size = TILE * LEVELS[level];
  for (let number = Math.floor(Math.max(0, first) / size); number * size < last; number += 1) tiles.want(level, number);
}

/** The place in LEVELS of the coarsest that is no coarser than a column. @param {number} step frames of a column */
function levelFor(step) {
  let level = 0;
  while (level + 1 < LEVELS.length && LEVELS[level + 1] <= step) level += 1;
  return level;
}
