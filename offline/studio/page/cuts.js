// What a hand does with cuts, on the flags and on the waveform: select, add, drag a beginning or an end.

import { padIndexAt } from "./places.js";
import { edit, meant } from "./server.js";
import { addAt, drag, forgetLeft, landing, move, showMoved } from "./snap.js";
import { store } from "./store.js";
import { view } from "./view.js";

/** @import {Pad} from "./types.js" */
/** @import {Hold} from "./gestures.js" */

const NEAR_PX = { mouse: 6, pen: 8, touch: 16 };

/** How far from a thing it is still taken hold of. @param {string} by the kind of pointer */
export const near = (by) => NEAR_PX[/** @type {"mouse"} */ (by)] ?? NEAR_PX.mouse;

/** Set the cursor, and select what sounds there. @param {number} sample */
export function clickAt(sample) {
  forgetLeft();
  store.moveCursor(sample);
  const index = padIndexAt(store.cursor);
  store.select(index >= 0 ? store.pads[index].start : null);
}

/** Set a cut, where it snaps to. @param {number} sample */
export function doubleAt(sample) {
  addAt(landing(sample).at);
}

/** Whether the selected slice's end can be taken hold of there. @param {number} x @param {string} by */
export function edgeAt(x, by) {
  const pad = store.pad;
  return Boolean(pad && Math.abs(view.x(pad.stop) - x) <= near(by) && pad.stop - pad.start > near(by) * view.scale);
}

/** Drag a beginning. @param {Pad} pad as it is @param {number} x where it was taken @returns {Hold} */
export function beginHold(pad, x) {
  const base = store.pads, { start } = pad;
  let to = start;
  return {
    move(now, _, event) {
      const free = start + (now - x) * view.scale;
      const landed = event.altKey ? landing(free, "off") : landing(free);
      to = landed.at;
      store.select(start);
      drag.show({ from: start, ...landed });
      showMoved(pad, to, base);
    },
    release() {
      drag.show(null);
      if (to === start) this.cancel();
      else move(pad, to);
    },
    cancel() {
      drag.show(null);
      store.preview(null);
    },
  };
}

/** Drag a candidate: it becomes a cut where it is let go. @param {number} at @param {number} x @returns {Hold} */
export function candidateHold(at, x) {
  let to = at;
  return {
    move(now, _, event) {
      const landed = landing(at + (now - x) * view.scale, event.altKey ? "off" : undefined);
      to = landed.at;
      drag.show({ from: at, ...landed });
    },
    release() {
      drag.show(null);
      forgetLeft();
      if (to !== at) edit({ do: "move", at, to }).then((done) => { if (done) store.select(to); });
    },
    cancel: () => drag.show(null),
  };
}

/** Drag the end of the selected slice. @returns {Hold} */
export function endHold() {
  const pad = /** @type {Pad} */ (store.pad), base = store.pads;
  let end = pad.stop;
  return {
    move(x, _, event) {
      const landed = landing(view.sample(x), event.altKey ? "off" : undefined);
      end = Math.max(pad.start + 1, Math.min(store.record.length, landed.at));
      drag.show({ from: pad.stop, at: end, by: landed.by });
      store.preview({ pads: base.map((one) => one === pad ? { ...one, stop: end, end } : one) });
    },
    release() {
      drag.show(null);
      forgetLeft();
      if (end === pad.stop) store.preview(null);
      else edit({ do: "end", ...meant(pad), end });
    },
    cancel() {
      drag.show(null);
      store.preview(null);
    },
  };
}
