// The cursor, where playing begins, and the head, where it is now: lines over all lanes, moved without drawing.

import { store } from "./store.js";
import { view } from "./view.js";

class Heads extends HTMLElement {
  #cursor = document.createElement("i");
  #head = document.createElement("i");

  connectedCallback() {
    this.setAttribute("aria-hidden", "true");
    this.#cursor.className = "cursor";
    this.#head.className = "head";
    this.append(this.#cursor, this.#head);
    const show = () => {
      place(this.#cursor, store.record.length ? store.cursor : null);
      place(this.#head, store.head);
    };
    for (const name of ["cursor", "head", "record"]) store.addEventListener(name, show);
    view.addEventListener("view", show);
    show();
  }
}

/** @param {HTMLElement} line @param {number|null} sample */
function place(line, sample) {
  const x = sample === null ? -1 : view.x(sample);
  line.hidden = x < 0 || x > view.width;
  line.style.transform = `translateX(${Math.round(x * devicePixelRatio) / devicePixelRatio}px)`;
}

customElements.define("chop-heads", Heads);
