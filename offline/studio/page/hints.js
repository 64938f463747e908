// Three hints of a first visit, one after another: each goes away when one does what it says, and none comes back.

import { button, make } from "./dom.js";
import { store } from "./store.js";

const KEY = "samplechop-hints", SEEN = "seen";

/**
 * @typedef {object} Hint
 * @property {string} at what it is beside, a selector
 * @property {string} text
 * @property {() => boolean} isDone
 */

/** @type {Hint[]} */
const HINTS = [
  {
    at: "chop-pads", text: "Press a pad, or one of the keys written on them, to hear its slice.",
    isDone: () => store.playing.size > 0 || store.selected !== null,
  },
  {
    at: "#lanes", text: "A cut lies wrong? Drag its flag, or nudge it with ← and →. Undo goes back as far as you like.",
    isDone: () => store.project.chops.length > 0 || store.project.deleted.length > 0,
  },
  {
    at: "chop-kit", text: "Another kit? Move a slider. What you locked, moved or named stays in it.",
    isDone: () => Object.keys(store.project.kit).length > 0,
  },
];

class Hints extends HTMLElement {
  #number = 0;
  #text = make("span");
  #count = make("span", { class: "faint" });

  connectedCallback() {
    this.hidden = true;
    this.setAttribute("role", "note");
    if (localStorage.getItem(KEY) === SEEN) return;
    this.append(this.#text, make("div", { class: "acts" }, this.#count,
      button("No more hints", () => this.#show(HINTS.length), "Skip all"),
      button("Next hint", () => this.#show(this.#number + 1), "Got it")));
    store.watch(["playing", "selected", "project", "pads"], () => this.#look());
    addEventListener("resize", () => this.#place());
  }

  #look() {
    if (!store.pads.length || this.#number >= HINTS.length) return;
    while (this.#number < HINTS.length && HINTS[this.#number].isDone()) this.#number += 1;
    this.#show(this.#number);
  }

  /** @param {number} number */
  #show(number) {
    this.#number = number;
    this.hidden = number >= HINTS.length;
    if (this.hidden) {
      localStorage.setItem(KEY, SEEN);
      return;
    }
    this.#text.textContent = HINTS[number].text;
    this.#count.textContent = `${number + 1} of ${HINTS.length}`;
    this.#place();
  }

  /** Put it over what it is about, at the middle of its upper edge. */
  #place() {
    const beside = this.hidden ? null : document.querySelector(HINTS[this.#number].at);
    if (!beside) return;
    const { left, width, top } = beside.getBoundingClientRect();
    const half = this.offsetWidth / 2 + 8;
    this.style.left = `${Math.max(half, Math.min(innerWidth - half, left + width / 2))}px`;
    this.style.top = `${Math.max(8, top + (this.#number === 1 ? 60 : -this.offsetHeight - 6))}px`;
  }
}

customElements.define("chop-hints", Hints);
