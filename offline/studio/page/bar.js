// The bar on top: which record, its key, undo and redo by name, the theme. Its tempo is in grid.js.

import { button, icon, isTyping, make } from "./dom.js";
import { edit, redo, undo } from "./server.js";
import { store } from "./store.js";
import { turnTheme } from "./theme.js";
import { clock } from "./words.js";

const NOTES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const KEYS = NOTES.flatMap((note) => [`${note} major`, `${note} minor`]);
const UNDO = ["M6 3 2.5 6.5 6 10", "M2.5 6.5H10a3.5 3.5 0 0 1 0 7H6"];
const REDO = ["M10 3l3.5 3.5L10 10", "M13.5 6.5H6a3.5 3.5 0 0 0 0 7h4"];
const THEME = ["M8 1.5a6.5 6.5 0 1 0 0 13z", "M8 1.5a6.5 6.5 0 0 1 0 13"];

/** What undo takes back, in words: commands of docs/project.md. @type {{[command: string]: string}} */
const WORDS = {
  add: "new chop", choke: "choke group", end: "end of slice", "not-one": "bar taken back", one: "bar begins",
  play: "play mode", "reset-grid": "grid reset", shift: "grid shift", swap: "swap of pads", tap: "tapped tempo",
  "tempo-change": "tempo change", "kit reroll": "re-roll",
};

/** @param {string|null} does */
export const inWords = (does) =>
  (does ?? "").split(", ").map((one) => WORDS[one] ?? one.replace(/^kit /, "").replaceAll("_", " ")).join(", ");

class Title extends HTMLElement {
  #name = make("h1");
  #length = make("span", { class: "faint" });

  connectedCallback() {
    this.append(this.#name, this.#length);
    store.watch(["record"], () => {
      const { name, file, length, rate } = store.record;
      this.#name.textContent = name;
      this.#name.title = file;
      this.#length.textContent = length ? clock(length, rate) : "";
      document.title = name ? `${name} – samplechop` : "samplechop";
    });
  }
}

class Key extends HTMLElement {
  #field = make("input", {
    type: "text", list: "keys", placeholder: "key", "aria-label": "Key of the record",
    spellcheck: "false", autocomplete: "off",
  });

  connectedCallback() {
    this.append(this.#field, make("datalist", { id: "keys" }, ...KEYS.map((key) => make("option", { value: key }))));
    this.#field.addEventListener("change", async () => {
      const key = this.#field.value.trim() || null;
      if (key !== store.grid.key && !await edit({ do: "key", key })) this.#show();
    });
    store.watch(["grid", "found"], () => { if (document.activeElement !== this.#field) this.#show(); });
  }

  #show() {
    this.#field.value = store.grid.key ?? "";
    const { key } = store.found, or = key?.other ? ` or ${key.other}` : "";
    this.#field.placeholder = key?.value ?? "key";
    this.#field.title = key ? `Detected: ${key.value}${or}. Type another` : "Type the key of the record";
  }
}

class History extends HTMLElement {
  #undo = button("Undo", undo, icon(...UNDO), make("span", { class: "named" }));
  #redo = button("Redo", redo, icon(...REDO), make("span", { class: "named" }));

  connectedCallback() {
    this.append(this.#undo, this.#redo);
    addEventListener("keydown", (event) => this.#key(event));
    store.watch(["project"], () => {
      this.#name(this.#undo, "Undo", store.project.undo, "ctrl-z");
      this.#name(this.#redo, "Redo", store.project.redo, "ctrl-shift-z");
    });
  }

  /** @param {HTMLButtonElement} shown @param {string} word @param {string|null} does @param {string} keys */
  #name(shown, word, does, keys) {
    const says = does ? `${word} ${inWords(does)}` : `Nothing to ${word.toLowerCase()}`;
    shown.setAttribute("aria-label", says);
    shown.title = `${says} (${keys})`;
    shown.setAttribute("aria-disabled", String(!does));
    /** @type {HTMLElement} */ (shown.lastElementChild).textContent = does ? inWords(does) : "";
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || isTyping(event)) return;
    if (key === "z" && !event.shiftKey) undo();
    else if ((key === "z" && event.shiftKey) || key === "y") redo();
    else return;
    event.preventDefault();
  }
}

class Theme extends HTMLElement {
  connectedCallback() {
    this.append(button("Dark or light", turnTheme, icon(...THEME)));
  }
}

customElements.define("chop-title", Title);
customElements.define("chop-key", Key);
customElements.define("chop-history", History);
customElements.define("chop-theme", Theme);
