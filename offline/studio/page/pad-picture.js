// The waveforms on pads: all channels in one; what is quieter is smaller, but not as much as it is quieter.

import { columns } from "./peaks.js";
import { sliceColour } from "./slices.js";
import { store } from "./store.js";

/** @import {Pad} from "./types.js" */

/** CSS pixels from the edges of a pad; its name stands above, what it is below. */
const BESIDE = 9, ABOVE = 19, BELOW = 19;
/** Of a slice's share of the loudest one's level, or quiet slices would be lines. */
const POWER = 0.5;

/** The lowest and highest of all channels in columns of device pixels; how loud it gets with the slice's gain.
 * @typedef {{low: Int16Array, high: Int16Array, loudest: number}} Shape */

/** Milliseconds without other slices until what is missing for their pictures is asked for, while a slider goes by
 * many: the next kit would wait for all of it. */
const QUIET_MS = 120;

export class PadPictures {
  #due = false;
  #later = 0;

  /** Paint with the next frame. @param {HTMLButtonElement[]} slots @param {(place: number) => Pad|undefined} at */
  paint(slots, at) {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      clearTimeout(this.#later);
      if (store.isPreviewed) this.#later = setTimeout(() => drawAll(slots, at, true), QUIET_MS);
      drawAll(slots, at, !store.isPreviewed);
    });
  }
}

/** @param {HTMLButtonElement[]} slots @param {(place: number) => Pad|undefined} at
 * @param {boolean} isAsked whether to ask for what is missing */
function drawAll(slots, at, isAsked) {
  const shapes = slots.map((slot, place) => {
    const pad = at(place), width = Math.floor((slot.clientWidth - 2 * BESIDE) * devicePixelRatio);
    return pad && width > 0 ? shapeOf(pad, width, isAsked) : null;
  });
  const loudest = Math.max(1, ...shapes.map((shape) => shape?.loudest ?? 0));
  slots.forEach((slot, place) => draw(slot, at(place), shapes[place], loudest));
}

/** @param {HTMLButtonElement} slot @param {Pad|undefined} pad @param {Shape|null} shape
 * @param {number} loudest of all */
function draw(slot, pad, shape, loudest) {
  const canvas = /** @type {HTMLCanvasElement} */ (slot.querySelector("canvas"));
  const density = devicePixelRatio;
  const width = Math.round(slot.clientWidth * density), height = Math.round(slot.clientHeight * density);
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, width, height);
  if (!shape || !pad || !shape.loudest) return;
  const half = (height - (ABOVE + BELOW) * density) / 2;
  const middle = Math.round(ABOVE * density + half), left = Math.round(BESIDE * density);
  const peak = Math.max(...shape.high, ...shape.low.map((low) => -low));
  const scale = ((shape.loudest / loudest) ** POWER * half) / peak;
  context.fillStyle = sliceColour(pad);
  for (let x = 0; x < shape.low.length; x += 1) {
    const top = Math.round(shape.high[x] * scale), bottom = Math.round(shape.low[x] * scale);
    context.fillRect(left + x, middle - top, 1, Math.max(density, top - bottom));
  }
}

/** @param {Pad} pad @param {number} count columns @param {boolean} isAsked @returns {Shape} */
function shapeOf(pad, count, isAsked) {
  const step = (pad.stop - pad.start) / count;
  const [low, high, lows, highs] = Array.from({ length: 4 }, () => new Int16Array(count));
  let peak = 0;
  for (let channel = 0; channel < store.record.channels; channel += 1) {
    columns(channel, step, pad.start / step, count, lows, highs, isAsked, pad.stop);
    for (let x = 0; x < count; x += 1) {
      low[x] = Math.min(low[x], lows[x]);
      high[x] = Math.max(high[x], highs[x]);
      peak = Math.max(peak, high[x], -low[x]);
    }
  }
  return { low, high, loudest: peak * 10 ** ((pad.gain_db ?? 0) / 20) };
}
