// How sure the net is of a chop, as a curve; before it attacks as stems: the higher one is, the less density it needs
// to be a chop. The line is the density; dragged down, more stems pass it.

import { paintCurve } from "./curve-line.js";
import { clickAt, doubleAt } from "./cuts.js";
import { gestures } from "./gestures.js";
import { colour, Lane, sharp } from "./lane.js";
import { densityNow } from "./density.js";
import { firstAt, ofRow } from "./places.js";
import { edit, preview } from "./server.js";
import { store } from "./store.js";
import { thinned } from "./thinned.js";
import { view } from "./view.js";

const GRIP_MOUSE = 7, GRIP_TOUCH = 16, TOP = 4, BOTTOM = 6;
const FONT = "10.5px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
const DIGITS = 100, KEY_STEP = 0.02, PAGE_STEP = 0.1;
/** @param {number} density */
const rounded = (density) => Math.round(Math.max(0, Math.min(1, density)) * DIGITS) / DIGITS;

class Probability extends Lane {
  static drawnBy = ["record", "found", "kit", "curve tiles"];
  /** While it is dragged. @type {number|null} */
  #dragged = null;

  connectedCallback() {
    super.connectedCallback();
    this.tabIndex = 0;
    this.setAttribute("role", "slider");
    this.setAttribute("aria-label", "Density");
    this.setAttribute("aria-orientation", "vertical");
    this.setAttribute("aria-valuemin", "0");
    this.setAttribute("aria-valuemax", "100");
    store.watch(["kit"], () => this.#say());
    gestures(this, {
      take: (x, y, event) => this.#near(y, event.pointerType) ? this.#hold(y) : null,
      click: (x) => clickAt(view.sample(x)),
      double: (x) => doubleAt(view.sample(x)),
      pointer: (x, y) => this.#near(y, "mouse") ? "ns-resize" : "",
    });
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  /** What was said, or null. @returns {number|null} */
  get #said() { return store.kit.options.density ?? null; }
  get #density() { return this.#dragged ?? this.#said ?? densityNow(); }

  #say() {
    this.setAttribute("aria-valuenow", String(Math.round(100 * this.#density)));
    const said = this.#said === null ? "as the record has it" : `${Math.round(100 * this.#density)} per cent`;
    this.setAttribute("aria-valuetext", said);
  }

  /** @param {number} density */
  #y(density) { return yOf(density, this.clientHeight); }

  /** @param {number} y @param {string} by */
  #near(y, by) { return Math.abs(y - this.#y(this.#density)) <= (by === "touch" ? GRIP_TOUCH : GRIP_MOUSE); }

  /** @param {number} from @returns {import("./gestures.js").Hold} */
  #hold(from) {
    const begin = this.#density;
    const end = () => {
      this.#dragged = null;
      this.draw();
    };
    return {
      move: (_, y) => {
        const density = rounded(begin + (y - from) / Math.max(1, this.clientHeight - TOP - BOTTOM));
        if (density === this.#dragged) return;
        this.#dragged = density;
        preview(...commands(density));
        this.#say();
        this.draw();
      },
      release: () => {
        if (this.#dragged !== null) edit(...commands(this.#dragged)).then(end);
      },
      cancel: () => {
        preview();
        end();
      },
    };
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const steps = /** @type {{[key: string]: number}} */ ({
      ArrowUp: -KEY_STEP, ArrowDown: KEY_STEP, PageUp: -PAGE_STEP, PageDown: PAGE_STEP, Home: -1, End: 1,
    });
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    const density = rounded(this.#density + steps[event.key]);
    if (density !== this.#said) edit(...commands(density));
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  paint(context, width, height) {
    const density = this.#density, thin = 1 / devicePixelRatio, line = this.#y(density);
    const rows = thinned(store.found.attacks, 2 * view.scale, "level", (row) => -row[2]);
    const wide = view.scale < 64 ? 2 : 1;
    paintCurve(context, width, height, TOP);
    context.font = FONT;
    for (const passes of [false, true]) {  // one colour after the other
      context.fillStyle = passes ? colour("chop") : colour("faint");
      for (let index = firstAt(rows, view.first - view.scale, ofRow); index < rows.length; index += 1) {
        const [at, strength, level] = rows[index];
        if (at > view.last) break;
        if (level <= density !== passes) continue;
        const top = yOf(level, height);
        context.globalAlpha = passes ? 0.55 + 0.45 * strength : 0.35 + 0.4 * strength;
        context.fillRect(sharp(view.x(at)), top, wide, Math.max(2, height - top));
      }
    }
    context.globalAlpha = 1;
    context.strokeStyle = colour("accent");
    context.lineWidth = 1.5;
    if (this.#said === null && this.#dragged === null) context.setLineDash([5, 4]);
    context.beginPath();
    context.moveTo(0, sharp(line));
    context.lineTo(width, sharp(line));
    context.stroke();
    context.setLineDash([]);
    const label = this.#said === null && this.#dragged === null ? "density as found" : `density ${density.toFixed(2)}`;
    const long = context.measureText(label).width + 10, top = Math.min(height - 15, Math.max(0, line - 7.5));
    context.fillStyle = colour("back");
    context.beginPath();
    context.roundRect(width - long - 6, top, long, 15, 3);
    context.fill();
    context.strokeStyle = colour("accent");
    context.lineWidth = thin;
    context.stroke();
    context.fillStyle = colour("ink");
    context.textBaseline = "middle";
    context.fillText(label, width - long - 1, top + 8);
  }
}

/** @param {number} density @param {number} height CSS pixels of the lane */
const yOf = (density, height) => TOP + density * (height - TOP - BOTTOM);

/** Density stands in the place of bars and beats to choose. @param {number} density */
function commands(density) {
  const said = { do: "kit", option: "density", value: density };
  return store.kit.options.choose && store.kit.options.choose !== "auto"
    ? [{ do: "kit", option: "choose", value: null }, said] : [said];
}

customElements.define("chop-probability", Probability);
