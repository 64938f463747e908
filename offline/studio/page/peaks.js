// Lowest and highest samples from the server, in tiles.

import { ask, soundAddress } from "./server.js";
import { store } from "./store.js";
import { Tiles } from "./tiles.js";

const LEVELS = [64, 256, 1024, 4096, 16384, 65536];
export const FINEST = LEVELS[0];
/** Pairs in a tile. */
const TILE = 2048;
const MOST_TILES = 400;

/** Int16 (pairs, channels, 2). @type {Tiles<Int16Array>} */
const tiles = new Tiles(MOST_TILES, "peaks", async (level, number) => {
  const size = TILE * LEVELS[level], from = number * size, to = Math.min(store.record.length, from + size);
  const answer = await ask(soundAddress("peaks", { level: LEVELS[level], from, to }));
  return new Int16Array(await answer.arrayBuffer());
});

/** Have tiles that reach behind a sample asked for anew: the record has grown. @param {number} sample */
export function grownFrom(sample) {
  tiles.outdate((level, number) => (number + 1) * TILE * LEVELS[level] > sample);
}

/** The place in LEVELS of the coarsest whose pairs are no wider than a column.
 * @param {number} step samples of a column */
function levelFor(step) {
  let level = 0;
  while (level + 1 < LEVELS.length && LEVELS[level + 1] <= step) level += 1;
  return level;
}

/** Fill in the lowest and highest sample, -32768..32767, of columns of `step` samples each; the first is the one with
 * this number, counted from the record's begin, so that a column has the same samples wherever it is shown. Where the
 * level for this step is not there yet, a coarser one stands in; 0 where none is. Returns whether there was one
 * everywhere.
 * @param {number} channel @param {number} step @param {number} column @param {number} count
 * @param {Int16Array} low @param {Int16Array} high @param {boolean} isAsked whether to ask for what is missing
 * @param {number} stop sample that is not to be seen, if anything lies before it */
export function columns(channel, step, column, count, low, high, isAsked = true, stop = Infinity) {
  const { channels, length } = store.record, level = levelFor(step);
  if (isAsked) {
    askFor(level, step * column, Math.min(length, step * (column + count)));
    askFor(LEVELS.length - 1, 0, length);
  }
  let every = true;
  for (let index = 0; index < count; index += 1) {
    const from = (column + index) * step, to = Math.min(length, from + step);
    low[index] = high[index] = 0;
    if (from >= length) continue;
    let found = false;
    for (let one = level; one < LEVELS.length && !found; one += 1) {
      const size = LEVELS[one], whole = Math.floor(stop / size), hides = whole * size > step * column;
      const begin = Math.min(Math.floor(from / size), hides ? whole - 1 : Infinity);
      const end = Math.max(begin + 1, Math.min(Math.ceil(to / size), hides ? whole : Infinity));
      let lowest = 32767, highest = -32768, all = true;
      for (let pair = begin; pair < end; pair += 1) {
        const pairs = tiles.get(one, Math.floor(pair / TILE));
        if (!pairs) {
          all = false;
          break;
        }
        const at = ((pair % TILE) * channels + channel) * 2;
        if (at + 1 >= pairs.length) break;
        if (pairs[at] < lowest) lowest = pairs[at];
        if (pairs[at + 1] > highest) highest = pairs[at + 1];
      }
      if (!all) continue;
      if (lowest <= highest) {
        low[index] = lowest;
        high[index] = highest;
      }
      found = true;
    }
    every &&= found;
  }
  return every;
}

/** @param {number} level @param {number} from @param {number} to samples */
function askFor(level, from, to) {
  const size = TILE * LEVELS[level];
  for (let number = Math.max(0, Math.floor(from / size)); number * size < to; number += 1) tiles.want(level, number);
}
