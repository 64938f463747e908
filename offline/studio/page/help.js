// All keys, on a panel that is no dialog: the page goes on beside it.

import { button, make, onKeys } from "./dom.js";
import { panel } from "./panel.js";

/** Groups of keys and what they do. @type {[group: string, keys: [keys: string, does: string][]][]} */
const KEYS = [
  ["Hear", [
    ["space", "play, stop, from the cursor"], ["enter", "play the selected slice"],
    ["1234 qwer asdf zxcv", "pads A13–A16 … A01–A04: press to hear"],
    ["shift with a pad's key", "select it, without sound"],
    ["pageup pagedown", "pads of the next bank, of the one before"], ["esc", "silence"],
  ]],
  ["Cut", [
    ["← →", "move the selected cut by 1 ms"], ["shift ← →", "by a beat"], ["alt ← →", "by one sample"],
    ["ctrl ← →", "to the next place that was found"], ["[ ]", "end of the slice earlier, later"],
    ["m", "a chop at the cursor, also while it plays"], ["backspace", "delete"], ["l", "lock"], ["n", "name"],
    ["↑ ↓", "the slice before, after"],
  ]],
  ["See", [
    [", .", "zoom out, in"], ["wheel", "zoom at the pointer"], ["drag", "pan"], ["double click", "a new chop there"],
  ]],
  ["Choose", [
    ["k", "re-roll what is not locked"], ["g", "a bar begins at the cursor, or no more"],
    ["t t t", "tap the tempo"], ["ctrl-z", "undo"], ["ctrl-shift-z", "redo"], ["?", "these keys"],
  ]],
];

class Help extends HTMLElement {
  #open = button("Keys (?)", () => {}, "?");
  #panel = panel("keys-panel", "Keys", this.#open);

  connectedCallback() {
    this.append(this.#open);
    this.#panel.body.append(...KEYS.map(([group, keys]) => make("div", { class: "group" }, make("h3", {}, group),
      make("dl", {}, ...keys.flatMap(([key, does]) => [
        make("dt", {}, ...key.split(" ").map((one) => (["with", "a", "pad's", "key"].includes(one)
          ? document.createTextNode(`${one} `) : make("kbd", {}, one)))),
        make("dd", {}, does)])))));
    const now = () => /** @type {HTMLElement} */ (document.activeElement);
    onKeys({ "?": () => this.#panel.show(!this.#panel.isOpen, this.#panel.isOpen ? undefined : now()) });
  }
}

customElements.define("chop-help", Help);
