// What the server tells in columns, as rows: an hour has tens of thousands, and a list of numbers is read faster.

/** @import {Candidate, Found, Sections} from "./types.js" */

/** Of 1, as `state.SHARES`. */
const SHARES = 10000;

/** @typedef {number[][]} Columns One list for each of what a row has. */

/** @param {Columns} columns @returns {Candidate[]} */
const attacks = ([at, strengths, levels]) =>
  at.map((sample, index) => [sample, strengths[index] / SHARES, levels[index] / SHARES]);

/** Give sections as the page has them. @param {any} told @returns {Partial<Sections>} */
export const sectionsOf = (told) => told?.candidates ? { ...told, candidates: attacks(told.candidates) } : told;

/** Give what was found as the page has it. @param {any} told @returns {Found} */
export function foundOf(told) {
  const [drums, numbers, weights] = told.drums, [chords, names] = told.chords;
  return {
    attacks: attacks(told.attacks),
    drums: drums.map((/** @type {number} */ at, /** @type {number} */ index) =>
      [at, told["drum names"][numbers[index]], weights[index] / SHARES]),
    chords: chords.map((/** @type {number} */ at, /** @type {number} */ index) =>
      [at, told["chord names"].at(names[index])]),
    key: told.key,
    curve: told.curve,
  };
}
