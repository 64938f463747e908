// Parts of the record as AudioBuffers at its own rate: fetched when needed, or ahead; the last used are kept.

import { address, ask, recordId } from "./server.js";
import { store } from "./store.js";
import { readWav } from "./wav.js";

/** Bytes of samples that are kept. */
const ROOM = 96 << 20;
/** Fetched ahead at a time: what is pressed meanwhile does not wait long. */
const AT_ONCE = 2;
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** @typedef {[first: number, last: number]} Range Samples of the record, the last one excluded. */
/** @type {Map<string, AudioBuffer>} The last used goes last. */
const kept = new Map();
/** @type {Map<string, Promise<AudioBuffer>>} */
const coming = new Map();
/** @type {Range[]} */
let queue = [];
let ahead = 0;

/** @param {Range} range */
const key = ([first, last]) => `${recordId()} ${first} ${last}`;

/** @param {AudioBuffer} buffer */
const bytes = (buffer) => buffer.length * buffer.numberOfChannels * BYTES;

/** Give a part that is there, or undefined. @param {number} first @param {number} last */
export function there(first, last) {
  const name = key([first, last]), buffer = kept.get(name);
  if (buffer) {
    kept.delete(name);
    kept.set(name, buffer);
  }
  return buffer;
}

/** Give a part, asked for unless it is there. @param {number} first @param {number} last
 * @returns {Promise<AudioBuffer>} */
export function part(first, last) {
  const now = there(first, last);
  if (now) return Promise.resolve(now);
  const name = key([first, last]), before = coming.get(name);
  if (before) return before;
  const made = fetched(first, last).then((buffer) => keep(name, buffer)).finally(() => coming.delete(name));
  coming.set(name, made);
  return made;
}

/** Fetch parts ahead, the first ones first and as many as there is room for, instead of those that were wanted before.
 * @param {Range[]} ranges */
export function fetchAhead(ranges) {
  let room = ROOM / 2;
  queue = ranges.filter(([first, last]) => {
    room -= (last - first) * store.record.channels * BYTES;
    return room > 0 && !there(first, last);
  });
  pump();
}

function pump() {
  while (queue.length && ahead < AT_ONCE) {
    const [first, last] = /** @type {Range} */ (queue.shift());
    ahead += 1;
    part(first, last).catch(() => {}).finally(() => { ahead -= 1; pump(); });
  }
}

/** @param {number} first @param {number} last */
async function fetched(first, last) {
  return readWav(await (await ask(address("audio", { from: first, to: last }))).arrayBuffer());
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
