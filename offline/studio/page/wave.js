// The waveform: slices in their colours, what no slice has in grey.

import { colour, Lane } from "./lane.js";
import { extremes, levelFor } from "./peaks.js";
import { sliceColour } from "./slices.js";
import { store } from "./store.js";
import { view } from "./view.js";

class Wave extends Lane {
  static drawnBy = ["record", "pads", "peaks", "selected", "cursor"];

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  paint(context, width, height) {
    const { channels } = store.record, level = levelFor(view.scale);
    const high = height / channels;
    const grey = colour("faint");
    const step = 1 / devicePixelRatio;
    for (let channel = 0; channel < channels; channel += 1) {
      const middle = high * (channel + 0.5), size = high / 2 / 32768;
      for (let x = 0; x < width; x += step) {
        const found = extremes(level, channel, view.sample(x), view.sample(x + step));
        if (!found) continue;
        const inside = this.#padAt(view.sample(x));
        context.fillStyle = inside ? sliceColour(inside) : grey;
        context.globalAlpha = inside ? 1 : 0.5;
        context.fillRect(x, middle - found[1] * size, step, Math.max(step, (found[1] - found[0]) * size));
      }
    }
    context.globalAlpha = 1;
    context.fillStyle = colour("ink");
    context.fillRect(view.x(store.cursor), 0, 1, height);
  }

  /** @param {number} sample */
  #padAt(sample) {
    return store.pads.findLast((pad) => pad.start <= sample && sample < pad.stop);
  }
}

customElements.define("chop-wave", Wave);
