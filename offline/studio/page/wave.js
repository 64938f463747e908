// The waveform: slices in their colours, what no slice has in grey; close enough, the samples themselves.

import { clickAt, doubleAt, edgeAt, endHold } from "./cuts.js";
import { gestures } from "./gestures.js";
import { colour, Lane, sharp } from "./lane.js";
import { columns, FINEST } from "./peaks.js";
import { firstAt, ofPad, padIndexAt } from "./places.js";
import { samples } from "./samples.js";
import { sliceColour } from "./slices.js";
import { drag, lastLeft } from "./snap.js";
import { store } from "./store.js";
import { view } from "./view.js";

/** Samples that are this far apart get dots. */
const DOTS_PX = 5;
const FULL = 32768;

class Wave extends Lane {
  static drawnBy = ["record", "pads", "peaks", "samples", "selected", "left", "drag"];
  #low = new Int16Array(0);
  #high = new Int16Array(0);
  #isMarked = false;

  connectedCallback() {
    super.connectedCallback();
    this.setAttribute("role", "img");
    store.watch(["record"], () => this.setAttribute("aria-label", `Waveform of ${store.record.name}`));
    gestures(this, {
      take: (x, y, event) => edgeAt(x, event.pointerType) ? endHold() : null,
      click: (x) => clickAt(view.sample(x)),
      double: (x) => doubleAt(view.sample(x)),
      pointer: (x) => edgeAt(x, "mouse") ? "ew-resize" : "",
    });
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  paint(context, width, height) {
    const { channels } = store.record, high = height / channels;
    this.#grounds(context, width, height);
    for (let channel = 0; channel < channels; channel += 1) {
      const middle = high * (channel + 0.5), size = (high / 2 - 1) / FULL;
      context.globalAlpha = 1;
      context.fillStyle = colour("line");
      context.fillRect(0, sharp(middle), width, 1 / devicePixelRatio);
      if (view.scale < 1) this.#line(context, channel, width, middle, size * FULL);
      else this.#columns(context, channel, width, middle, size);
    }
    this.#cuts(context, width, height);
  }

  /** The grounds of slices, that of the selected one stronger.
   * @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  #grounds(context, width, height) {
    const { pads, pad: selected } = store;
    for (let index = Math.max(0, firstAt(pads, view.first, ofPad) - 16); index < pads.length; index += 1) {
      const pad = pads[index], from = Math.max(0, view.x(pad.start)), to = Math.min(width, view.x(pad.stop));
      if (from > width) break;
      if (to < 0) continue;
      context.globalAlpha = pad === selected ? 0.22 : 0.06;
      context.fillStyle = sliceColour(pad);
      context.fillRect(from, 0, Math.max(1, to - from), height);
    }
  }

  /** One rectangle a column of device pixels, from its lowest to its highest sample.
   * @param {CanvasRenderingContext2D} context @param {number} channel @param {number} width @param {number} middle
   * @param {number} size CSS pixels of a step of 16 bits */
  #columns(context, channel, width, middle, size) {
    const thin = 1 / devicePixelRatio, step = view.scale * thin;
    const column = Math.floor(view.first / step), count = Math.ceil(width / thin) + 1;
    if (this.#low.length < count) [this.#low, this.#high] = [new Int16Array(count), new Int16Array(count)];
    const low = this.#low, high = this.#high;
    if (step >= FINEST || !this.#extremes(channel, step, column, count)) {
      const isWhole = columns(channel, step, column, count, low, high);
      if (isWhole && store.pads.length && !this.#isMarked) {
        this.#isMarked = true;
        performance.mark("waveform and flags");  // `samplechop bench studio` asks when
      }
    }
    const left = sharp((column * step - view.first) / view.scale), { pads } = store;
    let until = -Infinity;
    for (let index = 0; index < count; index += 1) {
      const sample = (column + index) * step;
      if (sample >= until) {  // another slice, or none, from here on: one change of colour for all its columns
        const inside = padIndexAt(sample), next = pads[firstAt(pads, sample + 1, ofPad)];
        until = Math.min(next?.start ?? Infinity, inside >= 0 ? pads[inside].stop : Infinity);
        context.fillStyle = inside >= 0 ? sliceColour(pads[inside]) : colour("faint");
        context.globalAlpha = inside >= 0 ? 1 : 0.45;
      }
      const top = middle - high[index] * size;
      context.fillRect(left + index * thin, top, thin, Math.max(thin, middle - low[index] * size - top));
    }
  }

  /** Fill in the extremes of columns from the samples themselves; false until they are there.
   * @param {number} channel @param {number} step @param {number} column @param {number} count */
  #extremes(channel, step, column, count) {
    const first = Math.floor(column * step) - 1;
    const found = samples(channel, first, Math.ceil((column + count) * step) + 1);
    if (!found) return false;
    for (let index = 0; index < count; index += 1) {
      const from = Math.floor((column + index) * step) - first, to = Math.floor((column + index + 1) * step) - first;
      let lowest = found[from - 1], highest = lowest;  // from the sample before on, so that the line has no gaps
      for (let at = from; at < to; at += 1) {
        if (found[at] < lowest) lowest = found[at];
        if (found[at] > highest) highest = found[at];
      }
      this.#low[index] = Math.max(-FULL, lowest * FULL);
      this.#high[index] = Math.min(FULL - 1, highest * FULL);
    }
    return true;
  }

  /** A line from sample to sample, with dots where they are far apart.
   * @param {CanvasRenderingContext2D} context @param {number} channel @param {number} width @param {number} middle
   * @param {number} size CSS pixels of full scale */
  #line(context, channel, width, middle, size) {
    const first = Math.max(0, Math.floor(view.first) - 1);
    const last = Math.min(store.record.length, Math.ceil(view.last) + 2);
    const found = samples(channel, first, last), apart = 1 / view.scale, { pads } = store;
    if (!found) return;
    context.lineWidth = 1.25;
    context.globalAlpha = 1;
    for (let sample = first; sample < last;) {
      const inside = padIndexAt(sample), next = pads[firstAt(pads, sample + 1, ofPad)];
      const until = Math.min(last, next?.start ?? last, inside >= 0 ? pads[inside].stop : last);
      context.strokeStyle = context.fillStyle = inside >= 0 ? sliceColour(pads[inside]) : colour("faint");
      context.beginPath();
      for (let at = sample; at <= Math.min(until, last - 1); at += 1) {
        context.lineTo(view.x(at), middle - Math.max(-1, Math.min(1, found[at - first])) * size);
      }
      context.stroke();
      if (apart >= DOTS_PX) {
        context.beginPath();
        for (let at = sample; at < until; at += 1) {
          const x = view.x(at), y = middle - Math.max(-1, Math.min(1, found[at - first])) * size;
          context.moveTo(x + 2, y);
          context.arc(x, y, 2, 0, 2 * Math.PI);
        }
        context.fill();
      }
      sample = until;
    }
  }

  /** Lines where slices begin, where the moved one began before, where the dragged one lands.
   * @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  #cuts(context, width, height) {
    const { pads, pad: selected } = store, thin = 1 / devicePixelRatio;
    for (let index = firstAt(pads, view.first, ofPad); index < pads.length; index += 1) {
      const pad = pads[index], x = sharp(view.x(pad.start)), chosen = pad === selected;
      if (x > width) break;
      context.globalAlpha = chosen ? 1 : 0.7;
      context.fillStyle = sliceColour(pad);
      context.fillRect(x, 0, chosen ? 2 : thin, height);
    }
    const left = drag.now ? drag.now.from : lastLeft();
    if (selected) {
      context.globalAlpha = 0.6;
      context.fillStyle = sliceColour(selected);
      context.fillRect(sharp(view.x(selected.stop)) - thin, 0, thin, height);
    }
    context.strokeStyle = context.fillStyle = colour("ink");
    context.lineWidth = 1;
    if (left !== null) {
      context.globalAlpha = 0.4;
      context.setLineDash([3, 4]);
      context.beginPath();
      context.moveTo(sharp(view.x(left)) + thin / 2, 0);
      context.lineTo(sharp(view.x(left)) + thin / 2, height);
      context.stroke();
      context.setLineDash([]);
    }
  }
}

customElements.define("chop-wave", Wave);
