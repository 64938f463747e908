// The colour of a slice: its own, or one of six, which come round with the pads.

import { colour } from "./palette.js";

/** @import {Pad} from "./types.js" */

// Okabe and Ito, as in offline/common/palette.py; colours.css has them as --slice-0 … --slice-5.
export const IN_TURN = 6;

/** @param {Pad} pad */
export function sliceColour(pad) {
  return pad.colour ?? colour(`slice-${pad.note % IN_TURN}`);
}
