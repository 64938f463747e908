// Lowest and highest samples from the server, in tiles that are asked for as they come into view and kept for a while.

import { address, ask, recordId } from "./server.js";
import { store } from "./store.js";

const LEVELS = [64, 256, 1024, 4096, 16384, 65536];
/** Pairs in a tile. */
const TILE = 2048;
const MOST_TILES = 400;

/** @type {Map<string, Int16Array|null>} */
const tiles = new Map();

/** The coarsest level whose pairs are no wider than a device pixel.
 * @param {number} scale samples a CSS pixel stands for */
export function levelFor(scale) {
  const most = scale / devicePixelRatio;
  return LEVELS.findLast((level) => level <= most) ?? LEVELS[0];
}

/** Give a tile, int16 (pairs, channels, 2), and how many pairs it has; undefined until it is there.
 * @param {number} level @param {number} number @returns {Int16Array|undefined} */
export function tile(level, number) {
  const key = `${recordId()} ${level} ${number}`;
  const there = tiles.get(key);
  if (there !== undefined) {
    tiles.delete(key);  // and to the end: what was used last goes last
    tiles.set(key, there);
    return there ?? undefined;
  }
  tiles.set(key, null);
  const from = number * TILE * level, to = Math.min(store.record.length, from + TILE * level);
  ask(address("peaks", { level, from, to }))
    .then(async (answer) => {
      tiles.set(key, new Int16Array(await answer.arrayBuffer()));
      if (tiles.size > MOST_TILES) tiles.delete(/** @type {string} */ (tiles.keys().next().value));
      store.tell("peaks");
    })
    .catch((error) => {
      tiles.delete(key);
      store.complain(error.message);
    });
  return undefined;
}

/** Give the lowest and highest sample, -32768..32767, of a channel in samples first..last; null until they are there.
 * @param {number} level @param {number} channel @param {number} first @param {number} last
 * @returns {[number, number]|null} */
export function extremes(level, channel, first, last) {
  const channels = store.record.channels;
  const begin = Math.max(0, Math.floor(first / level));
  const end = Math.max(begin + 1, Math.ceil(Math.min(last, store.record.length) / level));
  let low = 32767, high = -32768;
  for (let pair = begin; pair < end; pair += 1) {
    const there = tile(level, Math.floor(pair / TILE));
    if (!there) return null;
    const at = ((pair % TILE) * channels + channel) * 2;
    if (at + 1 >= there.length) break;
    low = Math.min(low, there[at]);
    high = Math.max(high, there[at + 1]);
  }
  return low > high ? [0, 0] : [low, high];
}
