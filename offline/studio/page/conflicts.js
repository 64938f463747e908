// Decisions that have no clear place in this file, as another master has: how many, and each to be heard and settled.

import { button, make } from "./dom.js";
import { panel } from "./panel.js";
import { edit } from "./server.js";
import { hush, listen, press } from "./sound.js";
import { store } from "./store.js";
import { view } from "./view.js";
import { counted } from "./words.js";

/** @import {Conflict} from "./types.js" */

/** Seconds shown before and after a place. */
const BEFORE = 2, AFTER = 6;
/** Listed at once; the others follow as these are settled. */
const MOST = 100;

class Conflicts extends HTMLElement {
  #line = make("span", { role: "status" });
  #opener = make("button", { type: "button" }, "Look at them");
  #panel = panel("conflicts-panel", "Decisions without a clear place", this.#opener);
  #list = make("ul");
  #more = make("p", { class: "faint" });
  #all = make("button", { type: "button", onclick: () => edit({ do: "settle" }) }, "All lie well");
  /** The place that somebody went to. @type {number|null} */
  #at = null;

  connectedCallback() {
    this.setAttribute("role", "region");
    this.append(this.#line, this.#opener);
    this.#panel.body.append(
      make("p", {}, "Press one to go there and hear it. Move or delete it, or say that it lies well."),
      this.#list, this.#more, make("div", { class: "acts" }, this.#all));
    store.watch(["conflicts", "record"], () => this.#show());
  }

  #show() {
    const conflicts = store.get("conflicts"), several = conflicts.length > 1;
    this.hidden = !conflicts.length;
    this.#line.textContent = several ? `${counted(conflicts.length, "decision")} have no clear place in this file.`
      : "One decision has no clear place in this file.";
    this.#opener.textContent = several ? "Look at them" : "Look at it";
    this.#all.hidden = !several;
    if (this.hidden && this.#panel.isOpen) this.#panel.show(false);
    const focused = [...this.#list.children].findIndex((row) => row.contains(document.activeElement));
    this.#list.replaceChildren(...conflicts.slice(0, MOST).map((one) => this.#row(one)));
    this.#more.hidden = conflicts.length <= MOST;
    this.#more.textContent = `${counted(conflicts.length - MOST, "other")} follow.`;
    // What was settled by the keyboard leaves it on the next.
    const next = this.#list.children[Math.min(focused, this.#list.children.length - 1)];
    /** @type {HTMLElement|null|undefined} */ (focused < 0 ? null : next?.querySelector(".go"))?.focus();
  }

  /** @param {Conflict} conflict */
  #row(conflict) {
    const said = conflict.said.replace(/^(a|the) /, (word) => word[0].toUpperCase() + word.slice(1));
    const go = make("button", { type: "button", class: "go", onclick: () => this.#go(conflict) }, said);
    const about = conflict.chop ? { chop: conflict.chop } : { at: conflict.at };
    return make("li", { "aria-current": conflict.at === this.#at && "true" },
      go, button(said, () => edit({ do: "settle", ...about }), "It lies well"));
  }

  /** Go to where it is kept, and hear what is there. @param {Conflict} conflict */
  #go({ at, chop }) {
    const { rate } = store.record, pad = store.pads.find((one) => one.start === at || (chop && one.chop === chop));
    this.#at = at;
    for (const [index, row] of [...this.#list.children].entries()) {
      if (store.get("conflicts")[index].at === at) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
    view.show(at - BEFORE * rate, at + AFTER * rate);
    store.moveCursor(at);
    hush();
    store.select(pad?.start ?? null);
    if (pad) press(pad);
    else listen(at);
  }
}

customElements.define("chop-conflicts", Conflicts);
