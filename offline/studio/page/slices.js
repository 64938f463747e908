// The colour of a slice: its own, or one of six in turn.

import { store } from "./store.js";

/** @import {Pad} from "./types.js" */

// Okabe and Ito, as in offline/common/palette.py; colours.css has them as --slice-0 … --slice-5.
const IN_TURN = 6;

/** @param {Pad} pad */
export function sliceColour(pad) {
  const number = store.pads.indexOf(pad) % IN_TURN;
  return pad.colour ?? getComputedStyle(document.documentElement).getPropertyValue(`--slice-${number}`).trim();
}
