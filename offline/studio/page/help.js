// All keys, on a panel that is no dialog: the page goes on beside it.

import { button, icon, make, onKeys } from "./dom.js";

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
    ["t t t", "tap the tempo"], ["ctrl-z", "undo, without end"], ["ctrl-shift-z", "redo"], ["?", "these keys"],
  ]],
];
const CROSS = "M4 4l8 8M12 4l-8 8";

class Help extends HTMLElement {
  #panel = make("section", { id: "keys-panel", role: "region", "aria-label": "Keys", tabindex: -1, hidden: true });
  #open = button("Keys (?)", () => this.#turn(), "?");

  connectedCallback() {
    this.#open.setAttribute("aria-controls", "keys-panel");
    this.append(this.#open);
    document.body.append(this.#panel);
    this.#panel.append(
      make("div", { class: "head" }, make("h2", {}, "Keys"), button("Close", () => this.#turn(), icon(CROSS))),
      ...KEYS.map(([group, keys]) => make("div", { class: "group" }, make("h3", {}, group), make("dl", {},
        ...keys.flatMap(([key, does]) => [
          make("dt", {}, ...key.split(" ").map((one) => (["with", "a", "pad's", "key"].includes(one)
            ? document.createTextNode(`${one} `) : make("kbd", {}, one)))),
          make("dd", {}, does)])))));
    onKeys({ "?": () => this.#turn() });
    addEventListener("keydown", (event) => { if (event.key === "Escape" && !this.#panel.hidden) this.#turn(); });
    this.#show(false);
  }

  #turn() {
    this.#show(this.#panel.hidden);
    if (this.#panel.hidden) this.#open.focus();
    else this.#panel.focus();
  }

  /** @param {boolean} isOpen */
  #show(isOpen) {
    this.#panel.hidden = !isOpen;
    this.#open.setAttribute("aria-expanded", String(isOpen));
  }
}

customElements.define("chop-help", Help);
