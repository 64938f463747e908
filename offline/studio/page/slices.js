// The colour of a slice: its own, or one of six in turn.

import { colour } from "./palette.js";
import { store } from "./store.js";

/** @import {Pad} from "./types.js" */

// Okabe and Ito, as in offline/common/palette.py; colours.css has them as --slice-0 … --slice-5.
export const IN_TURN = 6;

/** @param {Pad} pad @param {number} [number] its place among the pads, where it is known */
export function sliceColour(pad, number = store.pads.indexOf(pad)) {
  return pad.colour ?? colour(`slice-${number % IN_TURN}`);
}
