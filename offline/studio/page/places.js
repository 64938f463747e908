// Finding places in lists that are in order of time; hours have tens of thousands.

import { store } from "./store.js";

/** @import {Pad} from "./types.js" */

/** The first index whose place is not before a sample.
 * @template Item @param {ArrayLike<Item>} list @param {number} sample @param {(item: Item) => number} place */
export function firstAt(list, sample, place) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (place(list[middle]) < sample) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What lies nearest to a sample; undefined in an empty list.
 * @template Item @param {ArrayLike<Item>} list @param {number} sample @param {(item: Item) => number} place
 * @returns {Item|undefined} */
export function nearest(list, sample, place) {
  const after = firstAt(list, sample, place);
  const before = after - 1;
  if (after >= list.length) return list[before];
  if (before < 0) return list[after];
  return sample - place(list[before]) <= place(list[after]) - sample ? list[before] : list[after];
}

/** @param {readonly [number, ...any[]]} row */
export const ofRow = (row) => row[0];
/** @param {Pad} pad */
export const ofPad = (pad) => pad.start;

/** Slices lie one after another; one whose end was set by hand may reach over so many others. */
const OVER = 16;

/** The index of the slice that sounds at a sample, the last that begins of several; -1 for none.
 * @param {number} sample */
export function padIndexAt(sample) {
  const { pads } = store;
  const last = firstAt(pads, sample + 1, ofPad) - 1;
  for (let index = last; index >= 0 && index > last - OVER; index -= 1) {
    if (sample < pads[index].stop) return index;
  }
  return -1;
}
