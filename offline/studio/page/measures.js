// Lengths and places as people say them: seconds, samples, beats.

import { firstAt, ofRow } from "./places.js";
import { store } from "./store.js";

/** Beats a minute where no tempo is known. */
const UNKNOWN_TEMPO = 120;

const samples = (/** @type {number} */ seconds) => Math.round(seconds * store.record.rate);

/** Give a place as m:ss.mmm, to be typed again. @param {number} sample */
export function precise(sample) {
  const thousandths = Math.round((1000 * sample) / store.record.rate);
  const minutes = Math.floor(thousandths / 60000), rest = thousandths - 60000 * minutes;
  return `${minutes}:${(rest / 1000).toFixed(3).padStart(6, "0")}`;
}

/** Give a length in seconds, short. @param {number} length samples */
export function seconds(length) {
  const value = length / store.record.rate;
  return `${value.toFixed(value < 9.995 ? 2 : 1)} s`;
}

/** Samples of a beat at a place. @param {number} sample */
export function beatLength(sample) {
  const beats = store.grid.beats;
  if (beats.length > 1) {
    const at = Math.min(Math.max(1, firstAt(beats, sample + 1, ofRow)), beats.length - 1);
    return beats[at][0] - beats[at - 1][0];
  }
  const said = parseFloat(store.grid.tempo?.value ?? "");
  return samples(60 / (said > 0 ? said : UNKNOWN_TEMPO));
}

/** Whether beats mean something here. */
export const hasBeats = () => store.grid.beats.length > 1;

/** Give a place in beats since the first one, a real number. @param {number} sample */
function beatAt(sample) {
  const beats = store.grid.beats, after = firstAt(beats, sample + 1, ofRow);
  const index = Math.min(Math.max(0, after - 1), beats.length - 2);
  const from = beats[index][0];
  return index + (sample - from) / (beats[index + 1][0] - from);
}

/** Give the sample that lies so many beats after another. @param {number} sample @param {number} count */
export function beatsAfter(sample, count) {
  const beats = store.grid.beats, place = beatAt(sample) + count;
  const index = Math.min(Math.max(0, Math.floor(place)), beats.length - 2);
  const from = beats[index][0];
  return Math.round(from + (place - index) * (beats[index + 1][0] - from));
}

/** Give how many beats lie between two places, a real number. @param {number} first @param {number} last */
export const beatsBetween = (first, last) => beatAt(last) - beatAt(first);

/** Read a place or length in seconds, "62.5" or "1:02.5", as samples; null for what is none. @param {string} text */
export function readSeconds(text) {
  const found = /^\s*(?:(\d+):)?(\d+(?:[.,]\d*)?|[.,]\d+)\s*s?\s*$/.exec(text);
  if (!found) return null;
  return samples(60 * Number(found[1] ?? 0) + Number(found[2].replace(",", ".")));
}

/** Read a real number; null for what is none. @param {string} text */
export function readNumber(text) {
  const found = text.replace(",", ".").replace("−", "-").replace(/\s*(dB|samples?|beats?)?\s*$/i, "").trim();
  const value = Number(found);
  return found && Number.isFinite(value) ? value : null;
}
