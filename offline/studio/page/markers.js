// Flags above the waveform: cuts filled, with pad, name and lock; candidates hollow, the stronger the larger; what was
// deleted, and where a cut was found that lies elsewhere now, faint.

import { beginHold, candidateHold, clickAt, doubleAt, near } from "./cuts.js";
import { gestures } from "./gestures.js";
import { colour, Lane, sharp } from "./lane.js";
import { inkOn } from "./palette.js";
import { firstAt, nearest, ofPad, ofRow } from "./places.js";
import { sliceColour } from "./slices.js";
import { addAt, drag, forgetLeft } from "./snap.js";
import { store } from "./store.js";
import { thinned } from "./thinned.js";
import { view } from "./view.js";

const FONT = "11px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
/** Letters of a name that is cut. */
const LEAST_NAME = 3, MOST_NAME = 40;
const TALL = 15, PADDING = 4, LEAST = 7, LOCK = 9;
/** Candidates nearer to each other than this are one on the screen: the strongest. */
const APART_PX = 9;
/** Of the lane's height: below it lies what is hollow or gone, also under a flag. */
const FOOT = 0.6;
const SNAPPED = { attack: "attack", zero: "zero crossing", grid: "grid", off: "" };

/** @import {Candidate, Pad} from "./types.js" */
/** What lies under a pointer: a cut, a place that was found and left out, or one that was deleted.
 * @typedef {{pad: Pad}|{hollow: number}|{gone: number}} Thing */

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
      take: (x, y, event) => this.#take(x, y, event),
      click: (x, y, event) => this.#click(x, y, event),
      double: (x, y) => { if (!this.#at(x, y, near("touch"))) doubleAt(view.sample(x)); },  // the first press was it
      pointer: (x, y) => {
        const thing = this.#at(x, y, near("mouse"));
        return !thing ? "" : "pad" in thing ? "ew-resize" : "pointer";
      },
    });
  }

  /** Find the nearest of what lies there; flags above, what is hollow or gone below them.
   * @param {number} x @param {number} y @param {number} within CSS pixels @returns {Thing|null} */
  #at(x, y, within) {
    const sample = view.sample(x), far = (/** @type {number} */ at) => Math.abs(view.x(at) - x);
    const flag = this.#flags.findLast((one) => one.left <= x && x <= one.right);
    const under = flag && store.pads.find(({ start }) => start === flag.start);
    if (under && y < FOOT * this.clientHeight) return { pad: under };
    const pad = nearest(store.pads, sample, ofPad);
    const hollow = this.#hollowAt(x, within), gone = nearest(store.project.deleted, sample, Number);
    /** @type {[far: number, thing: Thing][]} */
    const things = [];
    if (pad) things.push([far(pad.start), { pad }]);
    if (gone !== undefined) things.push([far(gone), { gone }]);
    if (hollow !== null) things.push([far(hollow), { hollow }]);
    things.sort(([one], [other]) => one - other);
    return things[0]?.[0] <= within ? things[0][1] : under ? { pad: under } : null;
  }

  /** @param {number} x @param {number} y @param {PointerEvent} event */
  #take(x, y, event) {
    forgetLeft();
    const thing = this.#at(x, y, near(event.pointerType));
    if (!thing || "gone" in thing) return null;
    return "pad" in thing ? beginHold(thing.pad, x) : candidateHold(thing.hollow, x);
  }

  /** @param {number} x @param {number} y @param {PointerEvent} event */
  #click(x, y, event) {
    const thing = this.#at(x, y, near(event.pointerType));
    if (!thing) clickAt(view.sample(x));
    else if ("pad" in thing) {
      clickAt(thing.pad.start);
      store.select(thing.pad.start);
    } else if (store.pads.length) addAt("gone" in thing ? thing.gone : thing.hollow);
  }

  /** What is drawn of the places that were found: of those near to each other the strongest. @returns {Candidate[]} */
  #shown() {
    const all = store.candidates.length ? store.candidates : store.found.attacks;
    return thinned(all, APART_PX * view.scale, "strength", (row) => row[1]);
  }

  /** The nearest of them that is no cut; null where none is near. @param {number} x @param {number} within */
  #hollowAt(x, within) {
    const rows = this.#shown(), last = view.sample(x + within);
    let best = null;
    for (let index = firstAt(rows, view.sample(x - within), ofRow); rows[index]?.[0] <= last; index += 1) {
      const at = rows[index][0], far = Math.abs(view.x(at) - x);
      const isNearer = best === null || far < Math.abs(view.x(best) - x);
      if (isNearer && !store.pads.some(({ start }) => start === at)) best = at;
    }
    return best;
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
    const apart = APART_PX * view.scale, rows = this.#shown(), { pads } = store;
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
      const text = fitting(context, pad.pad, pad.name ?? "", room - LOCK * Number(pad.locked));
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

/** Give what fits in a flag: a pad, with as much of a name as there is room for, if that is any to speak of; or "".
 * @param {CanvasRenderingContext2D} context @param {string} pad @param {string} name @param {number} room */
function fitting(context, pad, name, room) {
  const fits = (/** @type {string} */ text) => wide(context, text) + 2 * PADDING <= room;
  if (name && fits(`${pad} ${name}`)) return `${pad} ${name}`;
  for (let long = Math.min(name.length - 1, MOST_NAME); long >= LEAST_NAME; long -= 1) {
    const text = `${pad} ${name.slice(0, long).trimEnd()}…`;
    if (fits(text)) return text;
  }
  return fits(pad) ? pad : "";
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
