// Chords, each from where it begins until the next.

import { clickAt, doubleAt } from "./cuts.js";
import { gestures } from "./gestures.js";
import { colour, Lane, sharp } from "./lane.js";
import { firstAt, ofRow } from "./places.js";
import { store } from "./store.js";
import { isNote, written } from "./tags.js";
import { thinned } from "./thinned.js";
import { view } from "./view.js";

const FONT = "11.5px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
/** Chords nearer to each other than this are one on the screen: the longest. */
const APART_PX = 4;

/** @type {Map<string, number>} */
const widths = new Map();

class Chords extends Lane {
  static drawnBy = ["record", "found"];
  /** @type {[number, string][]} */
  #of = [];
  #many = 0;
  /** @type {[at: number, name: string, end: number][]} */
  #rows = [];

  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "img");
    store.watch(["found"], () => {
      const count = store.found.chords.filter((row) => row[1]).length;
      this.setAttribute("aria-label", count ? `${count} chords` : "No chords");
    });
    gestures(this, { click: (x) => clickAt(view.sample(x)), double: (x) => doubleAt(view.sample(x)) });
  }

  /** Give chords with their ends, the longest of those that are narrower than some pixels. */
  #sounding() {
    if (this.#of !== store.found.chords || this.#many !== this.#of.length) {
      this.#of = store.found.chords;
      this.#many = this.#of.length;
      this.#rows = this.#of.map(([at, name], index, all) => [at, name, all[index + 1]?.[0] ?? store.record.length]);
      this.#rows = this.#rows.filter((row) => row[1]);
    }
    return thinned(this.#rows, APART_PX * view.scale, "length", (row) => row[2] - row[0]);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  paint(context, width, height) {
    const rows = this.#sounding();
    context.font = FONT;
    context.textBaseline = "middle";
    for (let index = Math.max(0, firstAt(rows, view.first, ofRow) - 1); index < rows.length; index += 1) {
      const [at, name, end] = rows[index], x = view.x(at);
      if (x > width) break;
      const until = Math.min(width, view.x(end)), from = Math.max(0, x);
      if (until < 0) continue;
      context.globalAlpha = 1;
      context.fillStyle = colour("raised");
      context.fillRect(sharp(from), 2, Math.max(1, sharp(until) - sharp(from) - 1), height - 4);
      context.fillStyle = colour("faint");
      context.globalAlpha = until - from > 4 ? 0.8 : 0.4;
      if (x >= 0) context.fillRect(sharp(x), 2, 1, height - 4);
      if (until - from < 18) continue;
      const text = written(name);
      let wide = widths.get(text);
      if (wide === undefined) {
        wide = context.measureText(text).width;
        widths.set(text, wide);
      }
      if (wide + 10 > until - from) continue;
      context.globalAlpha = 1;
      context.fillStyle = colour(isNote(name) ? "faint" : "ink");
      context.fillText(text, from + 6, height / 2 + 0.5);
    }
  }
}

customElements.define("chop-chords", Chords);
