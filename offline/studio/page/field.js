// A field for a number: typed, or moved by its buttons and arrow keys; it goes back to what is when it cannot be read.

import { button, icon, make } from "./dom.js";

/**
 * @typedef {object} Facts
 * @property {string} name
 * @property {string} [title]
 * @property {(text: string) => unknown} typed does what was typed, or says why not
 * @property {(steps: number, event: KeyboardEvent|PointerEvent) => unknown} nudged goes on while a key is held
 * @property {() => unknown} [settled] the key or button is let go
 */

/** Milliseconds until a button that is held repeats, and between two times. */
const WAIT_MS = 400, AGAIN_MS = 60;
const LESS = "M5 8h6", MORE = "M5 8h6M8 5v6";

export class Field {
  #input;
  #shown = "";
  element;

  /** @param {Facts} facts */
  constructor({ name, title, typed, nudged, settled = () => {} }) {
    this.#input = make("input", { type: "text", inputmode: "decimal", "aria-label": name, title: title ?? null,
                                  autocomplete: "off", spellcheck: "false" });
    const held = (/** @type {number} */ steps, /** @type {string} */ says, /** @type {string} */ sign) => {
      const made = button(says, (event) => {
        if (/** @type {MouseEvent} */ (event).detail) return;  // a pointer did it when it went down
        nudged(steps, /** @type {any} */ (event));
        settled();
      }, icon(sign));
      let again = 0;
      const stop = () => {
        if (!again) return;
        clearTimeout(again);
        again = 0;
        settled();
      };
      made.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) return;
        nudged(steps, event);
        const repeat = () => { nudged(steps, event); again = setTimeout(repeat, AGAIN_MS); };
        again = setTimeout(repeat, WAIT_MS);
      });
      for (const end of ["pointerup", "pointerleave", "pointercancel"]) made.addEventListener(end, stop);
      return made;
    };
    this.element = make("div", { class: "field joined" },
      held(-1, `${name}: less`, LESS), this.#input, held(1, `${name}: more`, MORE));
    this.#input.addEventListener("focus", () => this.#input.select());
    this.#input.addEventListener("change", async () => {
      if (this.#input.value !== this.#shown) await typed(this.#input.value);
      if (document.activeElement !== this.#input) this.#input.value = this.#shown;  // or somebody types again by now
    });
    this.#input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        event.preventDefault();
        nudged(event.key === "ArrowUp" ? 1 : -1, event);
      } else if (event.key === "Enter") {
        this.#input.blur();
      } else if (event.key === "Escape") {
        this.#input.value = this.#shown;
        this.#input.blur();
      }
    });
    this.#input.addEventListener("keyup", (event) => {
      if (event.key === "ArrowUp" || event.key === "ArrowDown") settled();
    });
  }

  /** Show a value. @param {string} text @param {boolean} [isGiven] whether a person said it */
  show(text, isGiven = false) {
    this.element.classList.toggle("given", isGiven);
    const isTyping = document.activeElement === this.#input && this.#input.value !== this.#shown;
    this.#shown = text;
    if (!isTyping && this.#input.value !== text) this.#input.value = text;
  }
}
