// What all lanes have in common: a canvas of device pixels, drawn when something changed, and only then.

import { store } from "./store.js";
import { view } from "./view.js";

export { colour } from "./palette.js";

/** Device pixels of a CSS pixel, as of the last painting: to ask the window for each of thousands takes long. */
let density = devicePixelRatio;

export class Lane extends HTMLElement {
  /** Sections and events of the store by which it is drawn anew. @type {string[]} */
  static drawnBy = [];
  /** Whether it shows what the view shows, and not the whole record. */
  static follows = true;
  canvas = document.createElement("canvas");
  #due = false;

  connectedCallback() {
    const { drawnBy, follows } = /** @type {typeof Lane} */ (this.constructor);
    this.canvas.setAttribute("aria-hidden", "true");
    this.append(this.canvas);
    new ResizeObserver(() => this.#resize()).observe(this);
    if (follows) view.addEventListener("view", () => this.draw());
    addEventListener("theme", () => this.draw());
    for (const name of drawnBy) store.addEventListener(name, () => this.draw());
  }

  #resize() {
    density = devicePixelRatio;
    this.canvas.width = Math.round(this.clientWidth * density);
    this.canvas.height = Math.round(this.clientHeight * density);
    this.#paint();  // at once: a canvas of another size is empty, and would be for a frame
  }

  /** Have it drawn with the next frame. */
  draw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#paint();
    });
  }

  #paint() {
    const context = this.canvas.getContext("2d");
    if (!context || !this.canvas.width || !this.canvas.height) return;
    density = devicePixelRatio;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!store.record.length) return;
    context.setTransform(density, 0, 0, density, 0, 0);
    this.paint(context, this.clientWidth, this.clientHeight);
    context.globalAlpha = 1;
  }

  /** Paint it, in CSS pixels.
   * @param {CanvasRenderingContext2D} _context @param {number} _width @param {number} _height */
  paint(_context, _width, _height) {}
}

/** Round to a device pixel, so that what is thin stays sharp. @param {number} x CSS pixels */
export const sharp = (x) => Math.round(x * density) / density;
