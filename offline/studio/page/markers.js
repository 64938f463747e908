// Flags above the waveform: cuts filled, with pad, name and lock; candidates hollow, the stronger the larger; what was
// deleted, and where a cut was found that lies elsewhere now, faint.

import { beginHold, candidateHold, clickAt, doubleAt, near, padNear, rowNear } from "./cuts.js";
import { gestures } from "./gestures.js";
import { colour, Lane, sharp } from "./lane.js";
import { inkOn } from "./palette.js";
import { firstAt, ofPad, ofRow } from "./places.js";
import { sliceColour } from "./slices.js";
import { drag, forgetLeft } from "./snap.js";
import { store } from "./store.js";
import { thinned } from "./thinned.js";
import { view } from "./view.js";

const FONT = "11px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
const TALL = 15, PADDING = 5, LEAST = 7, LOCK = 9;
/** Candidates nearer to each other than this are one on the screen: the strongest. */
const APART_PX = 9;
const SNAPPED = { attack: "attack", zero: "zero crossing", grid: "grid", off: "" };

/** @type {Map<string, number>} */
const widths = new Map();

class Markers extends Lane {
  static drawnBy = ["record", "pads", "candidates", "found", "project", "selected", "drag"];
  /** What flags cover on the screen, from left to right. @type {{left: number, right: number, start: number}[]} */
  #flags = [];

  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "img");
    store.watch(["pads", "candidates"], () => {
      const count = store.pads.length;
      this.setAttribute("aria-label", `${count} cuts of ${store.candidates.length} places that were found`);
    });
    gestures(this, {
      take: (x, y, event) => this.#take(x, event),
      click: (x, y, event) => this.#click(x, event),
      double: (x) => doubleAt(view.sample(x)),
      pointer: (x) => this.#padAt(x, 4) ? "ew-resize" : "",
    });
  }

  /** @param {number} x @param {number} within */
  #padAt(x, within) {
    const near = padNear(x, within);
    if (near) return near;
    const flag = this.#flags.findLast((one) => one.left <= x && x <= one.right);
    return flag && store.pads.find((pad) => pad.start === flag.start);
  }

  /** @param {number} x @param {PointerEvent} event */
  #take(x, event) {
    forgetLeft();
    const within = near(event.pointerType), pad = this.#padAt(x, within);
    if (pad) return beginHold(pad, x);
    const at = rowNear(store.candidates, x, within);
    return at < 0 ? null : candidateHold(at, x);
  }

  /** @param {number} x @param {PointerEvent} event */
  #click(x, event) {
    const within = near(event.pointerType), pad = this.#padAt(x, within);
    const at = pad ? pad.start : rowNear(store.candidates, x, within);
    clickAt(at < 0 ? view.sample(x) : at);
    if (pad) store.select(pad.start);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  paint(context, width, height) {
    context.font = FONT;
    context.textBaseline = "middle";
    this.#hollow(context, height);
    this.#gone(context, width, height);
    this.#chosen(context, width, height);
    this.#landing(context, height);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} height */
  #hollow(context, height) {
    const all = store.candidates.length ? store.candidates : store.found.attacks, { pads } = store;
    const apart = APART_PX * view.scale, rows = thinned(all, apart, "strength", (row) => row[1]);
    context.strokeStyle = colour("ink");
    context.lineWidth = 1;
    let pad = firstAt(pads, view.first - apart, ofPad);
    for (let index = firstAt(rows, view.first - apart, ofRow); index < rows.length; index += 1) {
      const [at, strength] = rows[index];
      if (at > view.last + apart) break;
      while (pad < pads.length && pads[pad].start < at) pad += 1;
      if (pads[pad]?.start === at) continue;
      const x = view.x(at), size = 2 + 3 * strength;
      context.globalAlpha = 0.2 + 0.6 * strength;
      context.beginPath();
      context.moveTo(x - size, height - 1.5 * size - 2);
      context.lineTo(x + size, height - 1.5 * size - 2);
      context.lineTo(x, height - 1);
      context.closePath();
      context.stroke();
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  #gone(context, width, height) {
    context.strokeStyle = colour("faint");
    context.globalAlpha = 0.7;
    context.lineWidth = 1.25;
    context.beginPath();
    for (const at of store.project.deleted) {
      const x = view.x(at);
      if (x < -4 || x > width + 4) continue;
      context.moveTo(x - 3, height - 9);
      context.lineTo(x + 3, height - 3);
      context.moveTo(x + 3, height - 9);
      context.lineTo(x - 3, height - 3);
    }
    for (const pad of store.pads) {
      if (pad.origin === null || pad.origin === pad.start) continue;
      const from = view.x(pad.origin), to = view.x(pad.start);
      if (Math.max(from, to) < 0 || Math.min(from, to) > width) continue;
      context.moveTo(from, height - 8);
      context.lineTo(from, height);
      if (Math.abs(to - from) > 2) {
        context.moveTo(from, height - 2);
        context.lineTo(to, height - 2);
      }
    }
    context.stroke();
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  #chosen(context, width, height) {
    const { pads, pad: selected } = store, top = Math.max(0, (height - TALL) / 2 - 1);
    this.#flags = [];
    context.globalAlpha = 1;
    for (let index = Math.max(0, firstAt(pads, view.first, ofPad) - 1); index < pads.length; index += 1) {
      const pad = pads[index], x = sharp(view.x(pad.start));
      if (x > width) break;
      const next = pads[index + 1], room = next ? view.x(next.start) - x - 2 : Infinity;
      const label = pad.name ? `${pad.pad} ${pad.name}` : pad.pad;
      const text = fitting(context, label, pad.pad, room - LOCK * Number(pad.locked));
      const lock = pad.locked && room >= LEAST + LOCK ? LOCK : 0;
      const long = (text ? wide(context, text) + 2 * PADDING : Math.min(LEAST, Math.max(2, room))) + lock;
      if (x + long < 0) continue;
      const fill = sliceColour(pad), chosen = pad === selected;
      context.fillStyle = fill;
      context.beginPath();
      context.roundRect(x, top, long, TALL, [0, 3, 3, text ? 3 : 7]);
      context.fill();
      context.fillRect(x, top, chosen ? 2 : 1, height - top);
      context.fillStyle = inkOn(fill);
      if (text) context.fillText(text, x + PADDING, top + TALL / 2 + 0.5);
      if (lock) drawLock(context, x + long - LOCK - 1, top + TALL / 2);
      if (chosen) {
        context.strokeStyle = colour("ink");
        context.lineWidth = 1.5;
        context.beginPath();
        context.roundRect(x + 0.5, top + 0.5, long - 1, TALL - 1, [0, 3, 3, text ? 3 : 7]);
        context.stroke();
      }
      this.#flags.push({ left: x, right: x + long, start: pad.start });
    }
  }

  /** What the dragged cut snaps to. @param {CanvasRenderingContext2D} context @param {number} height */
  #landing(context, height) {
    if (!drag.now) return;
    const { from, at, by } = drag.now, x = view.x(at), old = view.x(from);
    context.strokeStyle = context.fillStyle = colour("ink");
    context.globalAlpha = 0.45;
    context.lineWidth = 1;
    context.setLineDash([2, 3]);
    context.strokeRect(Math.round(old) + 0.5, 2.5, LEAST, TALL - 3);
    context.setLineDash([]);
    context.globalAlpha = 1;
    const word = SNAPPED[by];
    if (word) {
      const long = wide(context, word) + 2 * PADDING, left = x - long - 4 > 0 ? x - long - 4 : x + 40;
      context.fillStyle = colour("accent");
      context.beginPath();
      context.roundRect(left, 2, long, TALL, 3);
      context.fill();
      context.fillStyle = inkOn(colour("accent"));
      context.fillText(word, left + PADDING, 2 + TALL / 2 + 0.5);
      context.fillStyle = colour("accent");
    }
    context.fillRect(sharp(x), 0, 2, height);
  }
}

/** @param {CanvasRenderingContext2D} context @param {string} text */
function wide(context, text) {
  let found = widths.get(text);
  if (found === undefined) {
    found = context.measureText(text).width;
    widths.set(text, found);
  }
  return found;
}

/** Give the longest of two texts that fits in a flag, "" for none.
 * @param {CanvasRenderingContext2D} context @param {string} long @param {string} short @param {number} room */
function fitting(context, long, short, room) {
  return [long, short].find((text) => wide(context, text) + 2 * PADDING <= room) ?? "";
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y its middle */
function drawLock(context, x, y) {
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 1.25;
  context.fillRect(x, y - 1, 7, 5.5);
  context.beginPath();
  context.arc(x + 3.5, y - 1.5, 2.25, Math.PI, 0);
  context.stroke();
}

customElements.define("chop-markers", Markers);
