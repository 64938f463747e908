// The samples themselves, for what is shown so close that their extremes are too coarse: in tiles, as they stand.

import { address, ask, recordId } from "./server.js";
import { store } from "./store.js";
import { readWav } from "./wav.js";

/** Samples in a tile. */
const TILE = 1 << 15;
const MOST_TILES = 48;

/** By number; null while it is on its way. @type {Map<number, Float32Array[]|null>} */
const tiles = new Map();
let record = "";

/** Give a tile, a float array for each channel; undefined until it is there. @param {number} number */
function tile(number) {
  if (record !== recordId()) {
    record = recordId();
    tiles.clear();
  }
  const there = tiles.get(number);
  if (there !== undefined) return there ?? undefined;
  tiles.set(number, null);
  const of = record, from = number * TILE, to = Math.min(store.record.length, from + TILE);
  ask(address("audio", { from, to }))
    .then(async (answer) => {
      const heard = readWav(await answer.arrayBuffer());
      if (of !== record) return;
      tiles.set(number, Array.from({ length: heard.numberOfChannels }, (_, channel) => heard.getChannelData(channel)));
      if (tiles.size > MOST_TILES) tiles.delete(/** @type {number} */ (tiles.keys().next().value));
      store.tell("samples");
    })
    .catch((error) => {
      if (of === record) tiles.delete(number);
      store.complain(error.message);
    });
  return undefined;
}

/** Give the samples first..last of a channel; null until all of them are there.
 * @param {number} channel @param {number} first @param {number} last @returns {Float32Array|null} */
export function samples(channel, first, last) {
  const begin = Math.max(0, first), end = Math.min(store.record.length, last);
  const found = new Float32Array(Math.max(0, last - first));
  let all = true;
  for (let number = Math.floor(begin / TILE); number * TILE < end; number += 1) {
    const there = tile(number);
    if (!there) {
      all = false;
      continue;
    }
    const from = Math.max(begin, number * TILE), to = Math.min(end, (number + 1) * TILE);
    found.set(there[channel].subarray(from - number * TILE, to - number * TILE), from - first);
  }
  return all ? found : null;
}
