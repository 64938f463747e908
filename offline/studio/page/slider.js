// A slider of an option of the kit: it shows at once what would be, and is one edit when it is let go.

import { button, make } from "./dom.js";
import { edit, edits, preview } from "./server.js";
import { store } from "./store.js";

/** @import {Command} from "./types.js" */

/**
 * @typedef {object} Range What a slider is of.
 * @property {string} option of `samplechop chop`
 * @property {string} name
 * @property {string} title
 * @property {number} min
 * @property {number} max
 * @property {number} step
 * @property {(value: number) => string} words
 */

/** What was set last by keys, and how many edits there were by then: further steps are one undo with it. */
let before = "";

/** Set an option, or take it back with null. @param {string} option @param {any} value
 * @param {...string} without options that it takes the place of */
export async function say(option, value, ...without) {
  const said = Object.keys(store.project.kit), others = without.filter((name) => said.includes(name));
  /** @type {Command[]} */
  const commands = others.map((name) => ({ do: "kit", option: name, value: null }));
  if (value !== null || said.includes(option)) commands.push({ do: "kit", option, value });
  if (commands.length) await edit(...commands);
}

export class Slider {
  #range;
  #input;
  #output = make("output");
  #usual;
  #isMoving = false;
  element;

  /** @param {Range} range */
  constructor(range) {
    const { option, name, title, min, max, step } = range;
    this.#range = range;
    this.#input = make("input", { type: "range", min, max, step, "aria-label": name, title, "data-option": option });
    this.#usual = button(`${name} as usual`, () => say(option, null), "auto");
    const label = make("span", { class: "name", "aria-hidden": true, title }, name);
    this.element = make("div", { class: "slider" }, label, this.#input, this.#output, this.#usual);
    this.#input.addEventListener("input", () => {
      this.#isMoving = true;
      this.#say(this.#input.valueAsNumber);
      preview({ do: "kit", option, value: this.#input.valueAsNumber });
    });
    let byKey = false;
    this.#input.addEventListener("keydown", () => { byKey = true; });
    this.#input.addEventListener("pointerdown", () => { byKey = false; });
    this.#input.addEventListener("change", async () => {
      const further = byKey && before === option + edits();
      before = byKey ? option + (edits() + 1) : "";
      await edit({ do: "kit", option, value: this.#input.valueAsNumber, ...(further ? { further } : {}) });
      this.#isMoving = false;
    });
    this.#input.addEventListener("dblclick", () => say(option, null));
  }

  /** Show a value, unless it is being moved. @param {number} value @param {boolean} isSaid whether somebody chose it */
  show(value, isSaid) {
    this.#usual.setAttribute("aria-pressed", String(!isSaid));
    if (this.#isMoving) return;
    this.#input.valueAsNumber = value;
    this.#say(this.#input.valueAsNumber);
  }

  /** @param {number} value */
  #say(value) {
    const { min, max, words } = this.#range;
    this.#output.textContent = words(value);
    this.#input.setAttribute("aria-valuetext", words(value));
    this.#input.style.setProperty("--filled", `${100 * (value - min) / (max - min)}%`);
  }
}
