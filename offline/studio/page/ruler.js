// Bars and beats above, time below: seconds, and samples where these are wide. A drag shifts the grid.

import { clickAt } from "./cuts.js";
import { gestures } from "./gestures.js";
import { colour, Lane, sharp } from "./lane.js";
import { firstAt, ofRow } from "./places.js";
import { edit, preview } from "./server.js";
import { store } from "./store.js";
import { view } from "./view.js";

const FONT = "10.5px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
const LABEL_PX = 46, TIME_PX = 84, BEAT_PX = 7, GAP_PX = 8;
const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const LONGER = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const SAMPLES = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const EACH = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
/** Of a key that shifts the grid. */
const KEY_SECONDS = 0.001;

class Ruler extends Lane {
  static drawnBy = ["record", "grid"];
  /** Samples by which a drag that goes on has shifted the grid. */
  #shift = 0;
  /** Beats as they were when the drag began, null while none goes on. @type {[number, number][]|null} */
  #still = null;
  /** @type {[number, number][]} */
  #of = [];
  /** Where bars begin, of the beats `#of`. @type {number[]} */
  #bars = [];

  connectedCallback() {
    super.connectedCallback();
    this.tabIndex = 0;
    this.setAttribute("role", "slider");
    this.setAttribute("aria-label", "Beat grid");
    this.setAttribute("aria-valuenow", "0");
    store.watch(["grid", "record"], () => {
      const shift = (store.project.grid.shift ?? 0) / store.record.rate;
      this.setAttribute("aria-valuenow", (1000 * shift).toFixed(0));
      this.setAttribute("aria-valuetext", `shifted by ${(1000 * shift).toFixed(0)} milliseconds`);
    });
    gestures(this, {
      take: (x) => store.grid.beats.length ? this.#hold(x) : null,
      click: (x) => clickAt(view.sample(x)),
      pointer: () => store.grid.beats.length ? "ew-resize" : "",
    });
    this.addEventListener("keydown", (event) => {
      const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!direction || !store.grid.beats.length) return;
      event.preventDefault();
      event.stopPropagation();
      edit({ do: "shift", by: direction * Math.round(KEY_SECONDS * store.record.rate * (event.shiftKey ? 10 : 1)) });
    });
  }

  /** @param {number} from @returns {import("./gestures.js").Hold} */
  #hold(from) {
    const end = () => {
      this.#still = null;
      this.#shift = 0;
      this.draw();
    };
    return {
      move: (x) => {
        this.#still ??= store.grid.beats;
        this.#shift = Math.round((x - from) * view.scale);
        preview({ do: "shift", by: this.#shift });
        this.draw();
      },
      release: () => {
        const by = this.#shift;
        if (by) edit({ do: "shift", by }).then(end);
        else {
          preview();
          end();
        }
      },
      cancel: () => {
        preview();
        end();
      },
    };
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  paint(context, width, height) {
    const half = height / 2;
    context.font = FONT;
    context.textBaseline = "middle";
    context.fillStyle = colour("line");
    context.fillRect(0, sharp(half), width, 1 / devicePixelRatio);
    this.#beats(context, width, half);
    time(context, width, half, half);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} high */
  #beats(context, width, high) {
    const beats = this.#still ?? store.grid.beats, shift = this.#shift;
    if (!beats.length) return;
    if (this.#of !== beats) {
      this.#of = beats;
      this.#bars = beats.filter((beat) => beat[1] === 1).map(ofRow);
    }
    const bars = this.#bars, thin = 1 / devicePixelRatio;
    const span = (beats[beats.length - 1][0] - beats[0][0]) / Math.max(1, beats.length - 1) / view.scale;
    if (span >= BEAT_PX) {
      context.fillStyle = colour("faint");
      context.globalAlpha = 0.6;
      for (let index = firstAt(beats, view.first - shift, ofRow); index < beats.length; index += 1) {
        const x = view.x(beats[index][0] + shift);
        if (x > width) break;
        context.fillRect(sharp(x), high - 5, thin, 5);
        if (span >= 2 * LABEL_PX && beats[index][1] > 1) {
          const bar = firstAt(bars, beats[index][0] + 1, Number);
          context.fillText(`${bar}.${beats[index][1]}`, x + 4, high / 2);
        }
      }
    }
    const bar = bars.length > 1 ? (bars[bars.length - 1] - bars[0]) / (bars.length - 1) / view.scale : Infinity;
    const each = EACH.find((count) => count * bar >= LABEL_PX) ?? EACH[EACH.length - 1];
    const ticks = EACH.find((count) => count * bar >= BEAT_PX) ?? EACH[EACH.length - 1];
    let free = -Infinity;
    const begin = Math.max(0, firstAt(bars, view.first - shift - LABEL_PX * view.scale, Number));
    for (let index = Math.floor(begin / ticks) * ticks; index < bars.length; index += ticks) {
      const x = view.x(bars[index] + shift), label = String(index + 1);
      if (x > width) break;
      context.globalAlpha = index % each === 0 ? 1 : 0.5;
      context.fillStyle = colour("faint");
      context.fillRect(sharp(x), index % each === 0 ? 2 : high - 7, thin, high);
      if (index % each === 0 && x + 4 >= free) {
        context.fillStyle = colour("ink");
        context.fillText(label, x + 4, high / 2);
        free = x + 4 + context.measureText(label).width + GAP_PX;
      }
    }
  }
}

/** Seconds, or samples where one is wider than a pixel.
 * @param {CanvasRenderingContext2D} context @param {number} width @param {number} top @param {number} high */
function time(context, width, top, high) {
  const { rate, length } = store.record, close = view.scale < 0.5, thin = 1 / devicePixelRatio;
  const least = TIME_PX * view.scale;
  const seconds = [...SECONDS, ...LONGER].find((one) => one * rate >= least) ?? 7200;
  const step = close ? SAMPLES.find((one) => one >= least) ?? 1000 : seconds * rate;
  const digits = close ? 0 : Math.max(0, Math.ceil(-Math.log10(step / rate) - 1e-9));
  for (let number = Math.floor(view.first / step); number * step <= Math.min(view.last, length); number += 1) {
    const x = view.x(number * step), label = close ? number * step : clock(number * step / rate, digits);
    context.globalAlpha = 0.7;
    context.fillStyle = colour("faint");
    context.fillRect(sharp(x), top, thin, 5);
    context.globalAlpha = 1;
    context.fillText(close ? label.toLocaleString("en") : String(label), x + 4, top + high / 2 + 0.5);
  }
}

/** @param {number} seconds @param {number} digits after the point */
export function clock(seconds, digits) {
  const all = Math.round(seconds * 10 ** digits) / 10 ** digits;
  const hours = Math.floor(all / 3600), minutes = Math.floor(all / 60) % 60;
  const rest = (all % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

customElements.define("chop-ruler", Ruler);
