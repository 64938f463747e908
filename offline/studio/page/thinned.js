// Fewer of many places, for pictures in which they would lie upon one another: of each cell the one that counts most.
// Cells are powers of two from the record's begin, so that panning changes no choice, and each size is made once.

/** @typedef {[sample: number, ...rest: any[]]} Row */

/** By list, for its length; by what counts, then by the power of two.
 * @type {WeakMap<Row[], {length: number, kinds: Map<string, Map<number, Row[]>>}>} */
const made = new WeakMap();
const FINEST = 4;

/** Give rows of which no more than two lie within `apart` samples.
 * @template {Row} One
 * @param {One[]} rows in order of time; it may grow, but nothing of it may change
 * @param {number} apart samples @param {string} what a name of `counts`
 * @param {(row: One) => number} counts how much a row counts @returns {One[]} */
export function thinned(rows, apart, what, counts) {
  const power = Math.floor(Math.log2(Math.max(1, apart)));
  if (power < FINEST) return rows;
  let of = made.get(rows);
  if (of?.length !== rows.length) made.set(rows, of = { length: rows.length, kinds: new Map() });
  let sizes = of.kinds.get(what);
  if (!sizes) of.kinds.set(what, sizes = new Map());
  let finer = rows;
  for (let size = FINEST; size <= power; size += 1) {
    let found = /** @type {One[]|undefined} */ (sizes.get(size));
    if (!found) sizes.set(size, found = halved(finer, 2 ** size, counts));
    finer = found;
  }
  return finer;
}

/** @template {Row} One @param {One[]} rows @param {number} cell @param {(row: One) => number} counts */
function halved(rows, cell, counts) {
  /** @type {One[]} */
  const found = [];
  let last = -1;
  for (const row of rows) {
    const here = Math.floor(row[0] / cell);
    if (here !== last) found.push(row);
    else if (counts(row) > counts(found[found.length - 1])) found[found.length - 1] = row;
    last = here;
  }
  return found;
}
