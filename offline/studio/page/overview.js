// The whole record, and a window on it that is dragged and stretched: what the lanes below show.

import { colour, Lane } from "./lane.js";
import { columns } from "./peaks.js";
import { firstAt, ofPad, padIndexAt } from "./places.js";
import { sliceColour } from "./slices.js";
import { store } from "./store.js";
import { view } from "./view.js";

const EDGE_PX = { mouse: 6, touch: 18 };
const FULL = 32768;
const KEY_PART = 0.25, KEY_ZOOM = 1.5;

class Overview extends Lane {
  static drawnBy = ["record", "pads", "peaks", "selected", "job"];
  static follows = false;
  #window = document.createElement("i");
  #low = new Int16Array(0);
  #high = new Int16Array(0);

  connectedCallback() {
    super.connectedCallback();
    this.append(this.#window);
    this.tabIndex = 0;
    this.setAttribute("role", "slider");
    this.setAttribute("aria-label", "Part of the record that is shown");
    this.setAttribute("aria-valuemin", "0");
    this.setAttribute("aria-valuemax", "100");
    view.addEventListener("view", () => this.#follow());
    this.#follow();
    this.#pointer();
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        view.pan((event.deltaX || event.deltaY) * this.#scale);
      } else view.zoom(Math.exp(event.deltaY * 0.002), view.x(this.#sample(event)));
    }, { passive: false });
  }

  get #scale() { return store.record.length / Math.max(1, this.clientWidth); }

  /** @param {MouseEvent} event */
  #sample(event) { return (event.clientX - this.getBoundingClientRect().left) * this.#scale; }

  #follow() {
    const length = store.record.length || 1;
    const first = Math.max(0, view.first) / length, last = Math.min(1, view.last / length);
    this.#window.style.left = `${100 * first}%`;
    this.#window.style.width = `max(3px, ${100 * (last - first)}%)`;
    const from = (100 * first).toFixed(1), to = (100 * last).toFixed(1);
    this.setAttribute("aria-valuenow", from);
    this.setAttribute("aria-valuetext", `${from} to ${to} per cent`);
  }

  /** @param {number} x CSS pixels @param {string} by @returns {"first"|"last"|"both"|null} */
  #part(x, by) {
    const left = view.first / this.#scale, right = Math.max(left + 3, view.last / this.#scale);
    const edge = Math.min(by === "touch" ? EDGE_PX.touch : EDGE_PX.mouse, Math.max(2, (right - left) / 3 + 2));
    if (Math.abs(x - left) <= edge) return "first";
    if (Math.abs(x - right) <= edge) return "last";
    return left < x && x < right ? "both" : null;
  }

  #pointer() {
    /** @type {"first"|"last"|"both"|null} */
    let part = null;
    let from = 0, first = 0, last = 0;
    const down = new Set();
    this.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      down.add(event.pointerId);
      if (down.size > 1) return;
      const sample = this.#sample(event), box = this.getBoundingClientRect();
      part = this.#part(event.clientX - box.left, event.pointerType);
      if (!part) {
        view.pan(sample - (view.first + view.last) / 2);
        part = "both";
      }
      [from, first, last] = [sample, view.first, view.last];
      this.setPointerCapture(event.pointerId);
    });
    this.addEventListener("pointermove", (event) => {
      if (!down.has(event.pointerId)) {
        const over = this.#part(event.clientX - this.getBoundingClientRect().left, "mouse");
        this.style.cursor = over === "both" ? "grab" : over ? "ew-resize" : "";
        return;
      }
      const sample = Math.max(0, Math.min(store.record.length, this.#sample(event)));
      if (part === "both") view.pan(first + sample - from - view.first);
      else if (part === "first") view.show(Math.min(sample, last - 1), last);
      else if (part === "last") view.show(first, Math.max(sample, first + 1));
    });
    for (const name of ["pointerup", "pointercancel"]) {
      this.addEventListener(name, (event) => {
        down.delete(/** @type {PointerEvent} */ (event).pointerId);
        part = null;
      });
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const part = KEY_PART * (view.last - view.first);
    const does = {
      ArrowLeft: () => view.pan(-part),
      ArrowRight: () => view.pan(part),
      ArrowUp: () => view.zoom(1 / KEY_ZOOM),
      ArrowDown: () => view.zoom(KEY_ZOOM),
      Home: () => view.pan(-store.record.length),
      End: () => view.pan(store.record.length),
    }[event.key];
    if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} height */
  paint(context, width, height) {
    const { pads, pad: selected } = store, { channels } = store.record;
    const thin = 1 / devicePixelRatio, step = this.#scale * thin, count = Math.ceil(width / thin);
    if (this.#low.length < count) [this.#low, this.#high] = [new Int16Array(count), new Int16Array(count)];
    const low = new Int16Array(count), high = new Int16Array(count);
    for (let channel = 0; channel < channels; channel += 1) {
      columns(channel, step, 0, count, this.#low, this.#high);
      for (let index = 0; index < count; index += 1) {
        low[index] = Math.min(low[index], this.#low[index]);
        high[index] = Math.max(high[index], this.#high[index]);
      }
    }
    const middle = height / 2, size = (height / 2 - 4) / FULL;
    let until = -Infinity;
    for (let index = 0; index < count; index += 1) {
      const sample = index * step;
      if (sample >= until) {
        const inside = padIndexAt(sample + step / 2), next = pads[firstAt(pads, sample + step, ofPad)];
        until = Math.min(next?.start ?? Infinity, inside >= 0 ? pads[inside].stop : Infinity);
        context.fillStyle = inside >= 0 ? sliceColour(pads[inside]) : colour("faint");
        context.globalAlpha = inside >= 0 ? 1 : 0.5;
      }
      const top = middle - high[index] * size;
      context.fillRect(index * thin, top, thin, Math.max(thin, middle - low[index] * size - top));
    }
    pads.forEach((pad) => {  // slices of hours are thinner than a pixel: each has a mark that is not
      context.globalAlpha = 1;
      context.fillStyle = sliceColour(pad);
      const chosen = pad === selected;
      context.fillRect(pad.start / this.#scale - 1, height - (chosen ? 8 : 4), 2, chosen ? 8 : 4);
    });
    const { job } = store;
    if (job?.length && job.done !== undefined) {
      context.globalAlpha = 1;
      context.fillStyle = colour("accent");
      context.fillRect(0, height - 2, width * job.done / job.length, 2);
    }
  }
}

customElements.define("chop-overview", Overview);
