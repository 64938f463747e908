// Moving the beginning or end of the selected slice by keys and small buttons: it is shown at once, and is one edit
// when the key is let go, however often it repeated. Nudges one after another of one edge are one step of undo.

import { edit, edits, meant } from "./server.js";
import { forgetLeft, move, showMoved } from "./snap.js";
import { store } from "./store.js";

/** @import {Pad} from "./types.js" */
/** @typedef {"start"|"end"} Edge */

/** What is held. @type {{edge: Edge, pad: Pad, base: Pad[], to: number}|null} */
let held = null;
/** Where an edge is on its way to, and where its slice was shown to begin meanwhile: presses that come faster than the
 * server answers go on from there. @type {{edge: Edge, to: number, begins: Set<number>}|null} */
let goal = null;
/** Edits one after another: each means the slice as the one before left it. @type {Promise<unknown>} */
let last = Promise.resolve();
/** The nudge that was done last, and how many edits there were by then. */
let before = "";

/** Name a nudge of an edge of the selected slice that comes next. @param {Edge} edge */
const mark = (edge) => [edge, store.selected, edits()].join();

/** Say how far an edge of the selected slice may go. @param {Edge} edge @param {Pad} pad @param {number} to */
export const allowed = (edge, pad, to) => edge === "start"
  ? Math.max(0, Math.min(to, (pad.end ?? store.record.length) - 1))
  : Math.max(pad.start + 1, Math.min(to, store.record.length));

/** Show an edge of the selected slice so many samples further, from where it is shown. @param {Edge} edge
 * @param {number} by */
export function nudgeOn(edge, by) {
  if (held && held.edge !== edge) settle();
  const pad = held?.pad ?? store.pad;
  if (!pad) return;
  const shown = edge === "start" ? pad.start : pad.stop;
  held ??= { edge, pad, base: store.pads, to: isOnItsWay(edge, pad) && goal ? goal.to : shown };
  held.to = allowed(edge, pad, held.to + by);
  show(held);
}

/** @param {{edge: Edge, pad: Pad, base: Pad[], to: number}} shown */
function show({ edge, pad, base, to }) {
  if (edge === "start") showMoved(pad, to, base);
  else store.preview({ pads: base.map((one) => one === pad ? { ...one, stop: to, end: to } : one) });
}

/** Do what was shown: the key is let go. */
export function settle() {
  if (!held) return;
  const { edge, pad, to } = held;
  held = null;
  const goesOn = isOnItsWay(edge, pad);
  if (!goesOn && to === (edge === "start" ? pad.start : pad.stop)) {
    store.preview(null);
    return;
  }
  const begins = new Set([...(goesOn && goal ? goal.begins : []), pad.start, ...(edge === "start" ? [to] : [])]);
  const mine = goal = { edge, to, begins };
  put(edge, to, true).then(() => { if (goal === mine) goal = null; });
}

/** @param {Edge} edge @param {Pad} pad */
const isOnItsWay = (edge, pad) => goal !== null && goal.edge === edge && goal.begins.has(pad.start);

/** Put an edge of the selected slice to a sample. @param {Edge} edge @param {number|null} to null for an end as found
 * @param {boolean} [isNudge] @returns {Promise<unknown>} */
export function put(edge, to, isNudge = false) {
  last = last.then(async () => {
    const { pad, selected } = store;
    if (!pad || selected === null) return;
    const target = { chop: pad.chop, start: selected };
    const how = isNudge && before === mark(edge) ? { further: /** @type {const} */ (true) } : {};
    if (edge === "end") {
      forgetLeft();
      await edit({ do: "end", ...meant(target), end: to === null ? null : allowed(edge, pad, to), ...how });
    } else if (to !== null && to !== selected) {
      await move(target, allowed(edge, pad, to), how);
    }
    before = isNudge ? mark(edge) : "";
  });
  return last;
}

addEventListener("blur", settle);
