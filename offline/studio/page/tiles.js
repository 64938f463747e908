// Tiles of what is drawn of a record at many zooms: asked for as they come into view, and kept for a while.

import { recordId } from "./server.js";
import { store } from "./store.js";

/** Above any tile's number. */
const KEYS = 1e9;

/** @template Tile */
export class Tiles {
  /** By level and number; null while it is on its way. @type {Map<number, Tile|null>} */
  #tiles = new Map();
  /** Tiles of before something changed: shown until newer ones are there. @type {Set<number>} */
  #old = new Set();
  #record = "";
  #most;
  #tells;
  #fetch;

  /** @param {number} most how many are kept @param {string} tells an event of the store, for each that comes
   * @param {(level: number, number: number) => Promise<Tile>} fetch */
  constructor(most, tells, fetch) {
    this.#most = most;
    this.#tells = tells;
    this.#fetch = fetch;
  }

  /** Give a tile; undefined where it is not there yet.
   * @param {number} level @param {number} number */
  get(level, number) {
    return this.#mine().get(level * KEYS + number) ?? undefined;
  }

  /** Ask for a tile, unless it is there or on its way. @param {number} level @param {number} number */
  want(level, number) {
    const tiles = this.#mine(), key = level * KEYS + number, there = tiles.get(key);
    if (there !== undefined && !(there && this.#old.delete(key))) {
      tiles.delete(key);  // and to the end: what was used last goes last
      tiles.set(key, there);
      return;
    }
    tiles.set(key, there ?? null);
    const of = this.#record;
    this.#fetch(level, number)
      .then((tile) => {
        if (of !== this.#record) return;
        tiles.set(key, tile);
        if (tiles.size > this.#most) tiles.delete(/** @type {number} */ (tiles.keys().next().value));
        store.tell(this.#tells);
      })
      .catch((error) => {
        if (of === this.#record) tiles.delete(key);
        store.complain(error.message);
      });
  }

  /** Have tiles asked for anew. @param {(level: number, number: number) => boolean} isOld */
  outdate(isOld) {
    for (const key of this.#mine().keys()) if (isOld(Math.floor(key / KEYS), key % KEYS)) this.#old.add(key);
    store.tell(this.#tells);
  }

  /** The tiles of the record that is open. */
  #mine() {
    if (this.#record !== recordId()) {
      this.#record = recordId();
      this.#tiles.clear();
      this.#old.clear();
    }
    return this.#tiles;
  }
}
