// The samples themselves, for what is shown so close that their extremes are too coarse: in tiles, as they stand.

import { ask, soundAddress } from "./server.js";
import { store } from "./store.js";
import { Tiles } from "./tiles.js";
import { readWav } from "./wav.js";

/** Samples in a tile. */
const TILE = 1 << 15;
const MOST_TILES = 48;

/** A float array for each channel. @type {Tiles<Float32Array[]>} */
const tiles = new Tiles(MOST_TILES, "samples", async (_, number) => {
  const from = number * TILE, to = Math.min(store.record.length, from + TILE);
  const heard = readWav(await (await ask(soundAddress("audio", { from, to }))).arrayBuffer());
  return Array.from({ length: heard.numberOfChannels }, (_, channel) => heard.getChannelData(channel));
});

/** Have tiles that reach behind a sample asked for anew: the record has grown. @param {number} sample */
export function samplesGrownFrom(sample) {
  tiles.outdate((_, number) => (number + 1) * TILE > sample);
}

/** Give the samples first..last of a channel; null until all of them are there.
 * @param {number} channel @param {number} first @param {number} last @returns {Float32Array|null} */
export function samples(channel, first, last) {
  const begin = Math.max(0, first), end = Math.min(store.record.length, last);
  const found = new Float32Array(Math.max(0, last - first));
  let all = true;
  for (let number = Math.floor(begin / TILE); number * TILE < end; number += 1) {
    tiles.want(0, number);
    const there = tiles.get(0, number);
    if (!there) {
      all = false;
      continue;
    }
    const from = Math.max(begin, number * TILE), to = Math.min(end, (number + 1) * TILE);
    found.set(there[channel].subarray(from - number * TILE, to - number * TILE), from - first);
  }
  return all ? found : null;
}
