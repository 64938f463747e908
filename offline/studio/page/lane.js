// What all lanes have in common: a canvas of device pixels, drawn when something changed, and only then.

import { store } from "./store.js";
import { view } from "./view.js";

export class Lane extends HTMLElement {
  /** Sections and events of the store by which it is drawn anew. @type {string[]} */
  static drawnBy = [];
  canvas = document.createElement("canvas");
  #due = false;

  connectedCallback() {
    this.canvas.setAttribute("aria-hidden", "true");
    this.append(this.canvas);
    new ResizeObserver(() => this.#resize()).observe(this);
    view.addEventListener("view", () => this.draw());
    addEventListener("theme", () => this.draw());
    for (const name of /** @type {typeof Lane} */ (this.constructor).drawnBy) {
      store.addEventListener(name, () => this.draw());
    }
  }

  #resize() {
    const density = devicePixelRatio;
    this.canvas.width = Math.round(this.clientWidth * density);
    this.canvas.height = Math.round(this.clientHeight * density);
    this.draw();
  }

  /** Have it drawn with the next frame. */
  draw() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      const context = this.canvas.getContext("2d");
      if (!context || !store.record.length || !this.canvas.width || !this.canvas.height) return;
      context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      context.clearRect(0, 0, this.clientWidth, this.clientHeight);
      this.paint(context, this.clientWidth, this.clientHeight);
    });
  }

  /** Paint it, in CSS pixels.
   * @param {CanvasRenderingContext2D} _context @param {number} _width @param {number} _height */
  paint(_context, _width, _height) {}
}

/** Give a colour of the theme. @param {string} name */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
