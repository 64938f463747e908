// Where a cut lands: on the nearest attack, zero crossing or line of the grid, or where it was put. And what moves
// cuts: drags and keys come together here, so that both do the same.

import { firstAt, nearest, ofRow } from "./places.js";
import { samples } from "./samples.js";
import { edit, meant } from "./server.js";
import { store } from "./store.js";
import { view } from "./view.js";
import { clock } from "./words.js";

/** @import {Command, Pad, Snap} from "./types.js" */
/** @typedef {{at: number, by: Snap}} Landing by: what it snaps to, "off" where nothing is near enough */

/** How near an attack is snapped to. */
const REACH_PX = 10;
/** How far a zero crossing is looked for. */
const ZERO_SECONDS = 0.005;
/** Lines of the grid are no nearer than this. */
const GRID_PX = 14;
const FINEST_PART = 16;

/** Give where a cut lands that is put at a sample.
 * @param {number} sample @param {Snap} [mode] @returns {Landing} */
export function landing(sample, mode = store.snap) {
  const at = Math.max(0, Math.min(store.record.length - 1, Math.round(sample)));
  const found = mode === "attack" ? attackAt(at) : mode === "zero" ? zeroAt(at) : mode === "grid" ? lineAt(at) : null;
  return found === null ? { at, by: "off" } : { at: found, by: mode };
}

/** @param {number} at */
function attackAt(at) {
  const rows = store.found.attacks.length ? store.found.attacks : store.candidates;
  const row = nearest(rows, at, ofRow);
  return row && Math.abs(row[0] - at) <= REACH_PX * view.scale ? row[0] : null;
}

/** The nearest place where the sum of the channels crosses zero; null until the samples are there.
 * @param {number} at */
function zeroAt(at) {
  const { rate, channels } = store.record, reach = Math.round(ZERO_SECONDS * rate);
  const first = at - reach, sum = new Float32Array(2 * reach + 1);
  for (let channel = 0; channel < channels; channel += 1) {
    const heard = samples(channel, first, at + reach + 1);
    if (!heard) return null;
    for (let index = 0; index < sum.length; index += 1) sum[index] += heard[index];
  }
  for (let off = 0; off < reach; off += 1) {
    for (const index of [reach + off, reach - off]) {
      const crosses = sum[index] === 0 || (sum[index - 1] < 0) !== (sum[index] < 0);
      if (crosses && first + index > 0 && first + index < store.record.length) return first + index;
    }
  }
  return null;
}

/** The nearest beat, or part of one where they are shown far apart. @param {number} at */
function lineAt(at) {
  const { beats } = store.grid;
  if (beats.length < 2) return beats.length ? beats[0][0] : null;
  const after = Math.min(Math.max(1, firstAt(beats, at, ofRow)), beats.length - 1);
  const begin = beats[after - 1][0], long = beats[after][0] - begin;
  let parts = 1;
  while (parts < FINEST_PART && long / view.scale / (2 * parts) >= GRID_PX) parts *= 2;
  const line = Math.round(begin + Math.round((at - begin) / long * parts) / parts * long);
  return line < 0 || line >= store.record.length ? null : line;
}

/** What is dragged: from where, and where it lands. @typedef {Landing & {from: number}} Drag */
export const drag = {
  /** @type {Drag|null} */
  now: null,
  /** Show where it lands, or, with null, that nothing is dragged; tells "drag". @param {Drag|null} now */
  show(now) {
    this.now = now;
    store.tell("drag");
  },
};

/** Where the cut lay that was moved last, until the next gesture. @type {number|null} */
let left = null;

export const lastLeft = () => left;

/** Forget the old place: another gesture begins. */
export function forgetLeft() {
  if (left === null) return;
  left = null;
  store.tell("left");
}

/** Show a cut at another place, without a word to the server.
 * @param {Pad} pad @param {number} to @param {Pad[]} [base] the slices as they are before, the pad among them */
export function showMoved(pad, to, base = store.pads) {
  const others = base.filter((one) => one.start !== pad.start && one.start !== to);
  const origin = pad.chop === null ? pad.origin ?? pad.start : pad.origin;
  const pads = [...others, { ...pad, origin, start: to, stop: Math.max(to + 1, pad.stop) }];
  pads.sort((one, other) => one.start - other.start);
  const index = pads.findIndex((one) => one.start === to), before = pads[index - 1];
  if (before && before.end === null && (before.stop > to || before.stop === pad.start)) {
    pads[index - 1] = { ...before, stop: to };
  }
  store.preview({ pads });
}

/** Move a cut: one edit, whatever was shown on the way. @param {{chop: string|null, start: number}} pad as it is on the
 * server @param {number} to @param {{further?: true}} [how] */
export async function move(pad, to, how = {}) {
  left = pad.start;
  if (!await edit({ do: "move", ...meant(pad), to, ...how })) left = null;
  store.tell("left");
  return left !== null;
}

/** Where the selected cut is to be by now, null where the server knows. @type {number|null} */
let wanted = null;
let moving = false;

/** Move the selected cut. Presses that come faster than the server answers are one move. @param {number} to */
async function moveTo(to) {
  const pad = store.pad;
  if (!pad) return;
  showMoved(pad, to);
  wanted = to;
  if (moving) return;
  moving = true;
  try {
    while (wanted !== null && store.pad && store.selected !== null) {
      const now = wanted;
      wanted = null;
      if (now !== store.selected && !await move({ chop: store.pad.chop, start: store.selected }, now)) return;
      if (wanted !== null && store.pad) showMoved(store.pad, wanted);
    }
  } finally {
    moving = false;
    wanted = null;
  }
}

/** Move the selected cut to the next candidate that is no cut yet; with none selected, the cursor.
 * @param {-1|1} direction */
export async function toNext(direction) {
  const pad = store.pad, from = pad ? pad.start : store.cursor;
  const rows = store.candidates.length ? store.candidates : store.found.attacks;
  const taken = new Set(pad ? store.pads.map((one) => one.start) : []);
  let index = direction > 0 ? firstAt(rows, from + 1, ofRow) : firstAt(rows, from, ofRow) - 1;
  while (rows[index] && taken.has(rows[index][0])) index += direction;
  if (!rows[index]) return;
  view.reveal(rows[index][0]);
  if (pad) await moveTo(rows[index][0]);
  else store.moveCursor(rows[index][0]);
}

/** @param {number} value @returns {Command} */
const count = (value) => ({ do: "kit", option: "count", value });

/** Set a cut at a sample; where the kit is full it is a slice more, and takes no pad. Resolves to whether it was done.
 * @param {number} at */
export async function add(at) {
  const { length } = store.pads, isFull = length >= store.kit.most;
  if (!await edit(...(isFull ? [count(length + 1)] : []), { do: "add", at })) return false;
  const pad = store.pads.find((one) => one.start === at);
  if (isFull && pad) store.say(`The new slice is on ${pad.pad}, and Count is ${length + 1}`);
  return true;
}

/** Set a cut at a sample, and select it; where one is, that is selected. @param {number} at */
export async function addAt(at) {
  const to = Math.max(0, Math.min(store.record.length - 1, Math.round(at)));
  if (!store.pads.some((pad) => pad.start === to)) {
    forgetLeft();
    if (!await add(to)) return;
  }
  if (store.pads.some((pad) => pad.start === to)) store.select(to);
}

/** Delete the selected cut: nothing comes back there. The kit is as full as before, and it is said by what; of one that
 * was added it is a slice less. */
export async function removeSelected() {
  const pad = store.pad, before = new Set(store.pads.map((one) => one.start));
  if (!pad) return;
  forgetLeft();
  const { size } = before, isMore = pad.chop && pad.origin === null && size > 1 && size === store.kit.options.count;
  if (!await edit(...(isMore ? [count(size - 1)] : []), { do: "delete", ...meant(pad) })) return;
  const came = store.pads.find((one) => !before.has(one.start)), { rate } = store.record;
  if (came) store.say(`${clock(pad.start, rate)} is deleted; instead ${clock(came.start, rate)} is on ${came.pad}`);
}
