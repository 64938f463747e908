// The tempo of the record and its beat grid, corrected: doubled, halved, said, tapped, shifted, counted anew.

import { button, make, onKeys } from "./dom.js";
import { edit } from "./server.js";
import { store } from "./store.js";

const PAUSE_MS = 1800;  // slower than 34 beats a minute nobody taps
const LEAST_TAPS = 3;
const METERS = [2, 3, 4, 5, 6, 7, 8, 9, 12];
const SAME_SECONDS = 0.05;

class Grid extends HTMLElement {
  #tempo = make("input", {
    type: "text", inputmode: "decimal", "aria-label": "Tempo in beats per minute", autocomplete: "off",
    placeholder: "no",
  });
  #tap = button("Tap the tempo while it plays (t)", () => this.#tapped(), "Tap");
  #one = button("A bar begins at the cursor, or no more (g)", () => this.#begin(), "One");
  #usual = make("option", { value: "" });
  #meter = make("select", { "aria-label": "Beats in a bar", title: "Beats in a bar" },
    this.#usual,
    ...METERS.map((beats) => make("option", { value: beats }, `${beats} beats`)));
  #reset = button("Take all corrections of the grid back", () => edit({ do: "reset-grid" }), "Reset");
  /** Samples. @type {number[]} */
  #taps = [];
  #began = 0;
  #from = 0;
  #pause = 0;

  connectedCallback() {
    const times = (/** @type {number} */ factor) => () => edit({ do: "tempo", factor });
    const later = (/** @type {number} */ beats) => () => edit({ do: "shift", beats });
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "Tempo and bars");
    this.append(
      make("label", { class: "field" }, this.#tempo, make("span", { class: "faint" }, "bpm")),
      make("div", { class: "joined" },
        button("Double the tempo", times(2), "×2"), button("Halve the tempo", times(0.5), "÷2"), this.#tap),
      make("div", { class: "joined" },
        button("Bars begin a beat earlier", later(-1), "−beat"), this.#one,
        button("Bars begin a beat later", later(1), "+beat")),
      this.#meter, this.#reset);
    this.#tempo.addEventListener("change", () => this.#say());
    this.#tempo.addEventListener("focus", () => this.#tempo.select());
    this.#meter.addEventListener("change", () =>
      edit({ do: "meter", beats_per_bar: Number(this.#meter.value) || null }));
    onKeys({ t: () => this.#tapped(), g: () => this.#begin() });
    store.watch(["grid", "project"], () => this.#show());
  }

  #show() {
    const { tempo } = store.grid, { grid } = store.project;
    if (document.activeElement !== this.#tempo) this.#tempo.value = tempo ? Number(tempo.value).toFixed(1) : "";
    this.#tempo.title = tempo?.other ? `It may as well be ${Math.round(Number(tempo.other))}: ×2 or ÷2`
      : "Type the tempo, or empty it for the detected one";
    const counts = store.grid.beats.map(([, label]) => label);
    const usual = counts.reduce((most, count) => Math.max(most, count), 0);
    this.#usual.textContent = usual && !grid.beats_per_bar ? `auto: ${usual} beats` : "auto";
    this.#meter.value = String(grid.beats_per_bar ?? "");
    this.#reset.hidden = !Object.keys(grid).length;
  }

  async #say() {
    const said = this.#tempo.value.trim().replace(",", ".");
    const bpm = said ? Number(said) : null;
    this.#tempo.blur();
    if (bpm !== null && !(bpm > 0)) {
      store.complain(`a tempo is a number of beats per minute, such as 92.5, not “${said}”`);
    } else await edit({ do: "tempo", bpm });
    this.#show();
  }

  /** A tap lies where the record plays; where nothing plays, time goes on from the cursor. */
  #tapped() {
    const now = performance.now();
    if (!this.#taps.length) [this.#began, this.#from] = [now, store.cursor];
    this.#taps.push(Math.round(store.head ?? this.#from + (now - this.#began) / 1000 * store.record.rate));
    const { length } = this.#taps;
    const gap = (this.#taps[length - 1] - this.#taps[0]) / (length - 1) / store.record.rate;
    this.#tap.textContent = length < 2 ? "Tap…" : `${(60 / gap).toFixed(1)}`;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#tappedAll(), PAUSE_MS);
  }

  #tappedAll() {
    const taps = this.#taps.filter((tap) => tap < store.record.length);
    this.#taps = [];
    this.#tap.textContent = "Tap";
    if (taps.length >= LEAST_TAPS) edit({ do: "tap", taps });
    else store.complain(`tap ${LEAST_TAPS} times or more, with the beat`);
  }

  #begin() {
    const at = Math.round(store.head ?? store.cursor);
    const near = SAME_SECONDS * store.record.rate;
    const said = /** @type {number[]} */ (store.project.grid.ones ?? []).find((one) => Math.abs(one - at) <= near);
    edit(said === undefined ? { do: "one", at } : { do: "not-one", at: said });
  }
}

customElements.define("chop-grid", Grid);
