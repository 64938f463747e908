// Parts of the record as AudioBuffers at its own rate: fetched when needed, or ahead; the last used are kept.

import { address, ask, recordId, soundAddress } from "./server.js";
import { store } from "./store.js";
import { readWav } from "./wav.js";

/** Bytes of samples that are kept. */
const ROOM = 96 << 20;
/** Fetched ahead at a time: what is pressed meanwhile does not wait long. */
const AT_ONCE = 2;
/** Seconds of a part of what is shaped, at most. */
const SHAPED = 60;
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** @typedef {[first: number, last: number, shape?: string, number?: number]} Range Samples of the record, the last one
 *   excluded, as they stand or as a file of the kit has them, before its gain: of that, the part of this number. */
/** Where what is shaped begins in the record, and whether another part of it follows.
 * @type {WeakMap<AudioBuffer, {begins: number, goesOn: boolean}>} */
const facts = new WeakMap();
/** @type {Map<string, AudioBuffer>} The last used goes last. */
const kept = new Map();
/** @type {Map<string, Promise<AudioBuffer>>} */
const coming = new Map();
/** @type {Range[]} */
let queue = [];
let ahead = 0;

/** @param {Range} range */
const key = ([first, last, shape = "", number = 0]) => `${recordId()} ${first} ${last} ${shape} ${number}`;

/** @param {AudioBuffer} buffer */
const bytes = (buffer) => buffer.length * buffer.numberOfChannels * BYTES;

/** The sample of the record that a buffer begins with. @param {AudioBuffer} buffer @param {number} first of what was
 * asked for: the kit's options may trim it */
export const begins = (buffer, first) => facts.get(buffer)?.begins ?? first;

/** Whether another part of the slice follows. @param {AudioBuffer} buffer */
export const goesOn = (buffer) => facts.get(buffer)?.goesOn ?? false;

/** Give a part that is there, or undefined. @param {Range} range */
export function there(...range) {
  const name = key(range), buffer = kept.get(name);
  if (buffer) {
    kept.delete(name);
    kept.set(name, buffer);
  }
  return buffer;
}

/** Give a part, asked for unless it is there. @param {Range} range @returns {Promise<AudioBuffer>} */
export function part(...range) {
  const now = there(...range);
  if (now) return Promise.resolve(now);
  const name = key(range), before = coming.get(name);
  if (before) return before;
  const made = fetched(...range).then((buffer) => keep(name, buffer)).finally(() => coming.delete(name));
  coming.set(name, made);
  return made;
}

/** Fetch parts ahead, the first ones first and as many as there is room for, instead of those that were wanted before.
 * @param {Range[]} ranges */
export function fetchAhead(ranges) {
  let room = ROOM / 2;
  queue = ranges.filter((range) => {
    const length = Math.min(range[1] - range[0], SHAPED * store.record.rate);
    room -= length * store.record.channels * BYTES;
    return room > 0 && !there(...range);
  });
  pump();
}

function pump() {
  while (queue.length && ahead < AT_ONCE) {
    const range = /** @type {Range} */ (queue.shift());
    ahead += 1;
    part(...range).catch(() => {}).finally(() => { ahead -= 1; pump(); });
  }
}

/** @param {Range} range */
async function fetched(...[from, to, shape, number = 0]) {
  if (!shape) return readWav(await (await ask(soundAddress("audio", { from, to }))).arrayBuffer());
  const answer = await ask(address("shaped", { from, to, shape, part: number }));
  const buffer = readWav(await answer.arrayBuffer()), { headers } = answer;
  facts.set(buffer, { begins: Number(headers.get("X-Begins")), goesOn: headers.get("X-Goes-On") === "1" });
  return buffer;
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
