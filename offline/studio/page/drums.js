// Drums, each in its row: kick at the bottom, then snare, hat, tom and cymbal.

import { clickAt, doubleAt } from "./cuts.js";
import { gestures } from "./gestures.js";
import { colour, Lane, sharp } from "./lane.js";
import { firstAt, ofRow } from "./places.js";
import { store } from "./store.js";
import { thinned } from "./thinned.js";
import { view } from "./view.js";

const DRUMS = ["kick", "snare", "hat", "tom", "cymbal"];
const LETTERS = ["k", "s", "h", "t", "c"];
const FONT = "10.5px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
/** Letters stand where a beat's quarter is wider than this. */
const LETTER_PX = 24, LETTER_APART = 9;
/** Two strokes of a drum lie no nearer on the screen: bars are two pixels wide, and hours have tens of thousands. */
const APART_PX = 4;

class Drums extends Lane {
  static drawnBy = ["record", "found"];
  /** Of each drum its own. @type {[number, string, number][][]} */
  #rows = [];

  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "img");
    store.watch(["found"], () => {
      this.#rows = DRUMS.map((drum) => store.found.drums.filter((row) => row[1] === drum));
      const said = DRUMS.map((drum, number) => `${this.#rows[number].length} ${drum}`);
      this.setAttribute("aria-label", store.found.drums.length ? `Drums: ${said.join(", ")}` : "No drums");
    });
    gestures(this, { click: (x) => clickAt(view.sample(x)), double: (x) => doubleAt(view.sample(x)) });
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  paint(context, width, height) {
    const row = (height - 2) / DRUMS.length;
    const close = LETTER_PX * view.scale < 0.125 * store.record.rate;
    context.font = FONT;
    context.textBaseline = "middle";
    /** Letters stand in the first of two lines where there is room, else in the second. @type {Set<number>} */
    const taken = new Set();
    this.#rows.forEach((all, number) => {
      const rows = thinned(all, APART_PX * view.scale, "weight", (one) => one[2]);
      const top = height - 1 - (number + 1) * row;
      context.fillStyle = colour(`slice-${number}`);
      for (let index = firstAt(rows, view.first - 12 * view.scale, ofRow); index < rows.length; index += 1) {
        const [at, , weight] = rows[index], x = sharp(view.x(at));
        if (x > width) break;
        context.globalAlpha = 0.35 + 0.65 * weight;
        context.fillRect(x, close ? 0 : top, close ? 1.5 : 2, close ? height : Math.max(2, row - 0.5));
        if (!close) continue;
        const pair = 2 * Math.round(x / LETTER_APART), cell = taken.has(pair) ? pair + 1 : pair;
        if (taken.has(cell)) continue;
        taken.add(cell);
        context.fillText(LETTERS[number], x + 4, cell % 2 ? 6.5 : height - 6.5);
      }
    });
  }
}

customElements.define("chop-drums", Drums);
