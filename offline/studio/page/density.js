// Where the density lies while the record decides: at the one that has as many chops.

import { store } from "./store.js";

/** @type {object|null} */
let of = null;
let asMany = -1, found = 0.5;

/** Give the density, 0..1. */
export function densityNow() {
  const { attacks } = store.found, count = Math.min(attacks.length, store.kit.found ?? 0);
  if (of !== attacks || asMany !== count) {  // hours have tens of thousands, and this is asked for with every picture
    [of, asMany] = [attacks, count];
    found = attacks.map(([, , level]) => level).sort((a, b) => a - b)[count - 1] ?? 0.5;
  }
  return found;
}
