// Parts of the record as AudioBuffers at its own rate: fetched when needed, or ahead; the last used are kept.

import { address, ask, recordId } from "./server.js";
import { store } from "./store.js";
import { readWav } from "./wav.js";

/** Bytes of samples that are kept. */
const ROOM = 96 << 20;
/** Fetched ahead at a time: what is pressed meanwhile does not wait long. */
const AT_ONCE = 2;
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** @typedef {[first: number, last: number, shape?: string]} Range Samples of the record, the last one excluded, as they
 *   stand or as a file of the kit has them, before its gain. */
/** @type {Map<string, AudioBuffer>} The last used goes last. */
const kept = new Map();
/** @type {Map<string, Promise<AudioBuffer>>} */
const coming = new Map();
/** @type {Range[]} */
let queue = [];
let ahead = 0;

/** @param {Range} range */
const key = ([first, last, shape = ""]) => `${recordId()} ${first} ${last} ${shape}`;

/** @param {AudioBuffer} buffer */
const bytes = (buffer) => buffer.length * buffer.numberOfChannels * BYTES;

/** Give a part that is there, or undefined. @param {number} first @param {number} last @param {string} [shape] */
export function there(first, last, shape) {
  const name = key([first, last, shape]), buffer = kept.get(name);
  if (buffer) {
    kept.delete(name);
    kept.set(name, buffer);
  }
  return buffer;
}

/** Give a part, asked for unless it is there. @param {number} first @param {number} last @param {string} [shape]
 * @returns {Promise<AudioBuffer>} */
export function part(first, last, shape) {
  const now = there(first, last, shape);
  if (now) return Promise.resolve(now);
  const name = key([first, last, shape]), before = coming.get(name);
  if (before) return before;
  const made = fetched(first, last, shape).then((buffer) => keep(name, buffer)).finally(() => coming.delete(name));
  coming.set(name, made);
  return made;
}

/** Fetch parts ahead, the first ones first and as many as there is room for, instead of those that were wanted before.
 * @param {Range[]} ranges */
export function fetchAhead(ranges) {
  let room = ROOM / 2;
  queue = ranges.filter(([first, last, shape]) => {
    room -= (last - first) * store.record.channels * BYTES;
    return room > 0 && !there(first, last, shape);
  });
  pump();
}

function pump() {
  while (queue.length && ahead < AT_ONCE) {
    const [first, last, shape] = /** @type {Range} */ (queue.shift());
    ahead += 1;
    part(first, last, shape).catch(() => {}).finally(() => { ahead -= 1; pump(); });
  }
}

/** @param {number} first @param {number} last @param {string} [shape] */
async function fetched(first, last, shape) {
  const range = { from: first, to: last };
  const url = shape ? address("shaped", { ...range, shape }) : address("audio", range);
  return readWav(await (await ask(url)).arrayBuffer());
}

/** @param {string} name @param {AudioBuffer} buffer */
function keep(name, buffer) {
  kept.set(name, buffer);
  let sum = 0;
  for (const one of kept.values()) sum += bytes(one);
  for (const [old, one] of kept) {
    if (sum <= ROOM || old === name) break;
    kept.delete(old);
    sum -= bytes(one);
  }
  return buffer;
}
