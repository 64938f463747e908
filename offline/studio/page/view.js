// Which part of the record is on the screen: the one place where samples become pixels.

import { store } from "./store.js";

const CLOSEST = 1 / 32;

/** Tells "view" when another part is shown. */
class View extends EventTarget {
  /** First sample shown, a real number. */
  first = 0;
  /** Samples a CSS pixel stands for. */
  scale = 256;
  /** CSS pixels of all lanes. */
  width = 1000;
  #whole = true;

  get last() { return this.first + this.scale * this.width; }

  /** @param {number} sample */
  x(sample) { return (sample - this.first) / this.scale; }

  /** @param {number} x CSS pixels from the left of a lane */
  sample(x) { return this.first + x * this.scale; }

  /** @param {number} width */
  resize(width) {
    this.width = Math.max(1, width);
    if (this.#whole) this.showAll();
    else this.#set(this.first, this.scale);
  }

  showAll() {
    this.#set(0, store.record.length / this.width);
    this.#whole = true;
  }

  /** Zoom so that what lies at x stays there. @param {number} factor above 1 to see more @param {number} x */
  zoom(factor, x = this.width / 2) {
    const at = this.sample(x);
    const scale = this.#allowed(this.scale * factor);
    this.#set(at - x * scale, scale);
  }

  /** @param {number} samples */
  pan(samples) { this.#set(this.first + samples, this.scale); }

  /** Show these samples. @param {number} first @param {number} last */
  show(first, last) {
    const scale = this.#allowed(Math.max(1, last - first) / this.width);
    this.#set((first + last) / 2 - scale * this.width / 2, scale);
  }

  /** Bring a sample onto the screen, if it is not. @param {number} sample */
  reveal(sample) {
    const edge = 0.1 * (this.last - this.first);
    if (sample < this.first || sample > this.last) this.#set(sample - edge, this.scale);
  }

  /** @param {number} scale */
  #allowed(scale) {
    return Math.min(Math.max(CLOSEST, store.record.length / this.width), Math.max(CLOSEST, scale));
  }

  /** @param {number} first @param {number} scale */
  #set(first, scale) {
    this.#whole = false;
    this.scale = scale || 1;
    this.first = Math.max(0, Math.min(first, store.record.length - this.scale * this.width));
    this.dispatchEvent(new Event("view"));
  }
}

export const view = new View();
let shown = "";
store.addEventListener("record", () => {
  const { name, file, length, rate } = store.record, now = `${name} ${file} ${length} ${rate}`;
  if (now !== shown) view.showAll();
  shown = now;
});
