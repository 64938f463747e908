// The kit: how many slices, of which places, how different; chosen anew at once, with what is locked left in it.

import { densityNow } from "./density.js";
import { button, make, onKeys } from "./dom.js";
import { edit, meant } from "./server.js";
import { say, Slider } from "./slider.js";
import { store } from "./store.js";
import { counted } from "./words.js";

/** @import {Range} from "./slider.js" */
/** @import {Command} from "./types.js" */

const MOST = 64;
const DENSITY = "0 chooses among the beginnings of bars, then beats and strong hits come, 1 has every attack";

const DIVERSITY = "0 takes the strongest chops, 1 those whose harmony differs most";
const twoDigits = (/** @type {number} */ value) => value.toFixed(2);
/** @type {Range[]} */
const RANGES = [
  { option: "count", name: "Count", title: "Slices in the kit", min: 1, max: MOST, step: 1, words: String },
  { option: "density", name: "Density", title: DENSITY, min: 0, max: 1, step: 0.01, words: twoDigits },
  { option: "diversity", name: "Diversity", title: DIVERSITY, min: 0, max: 1, step: 0.01, words: twoDigits },
];
/** @type {[value: string, name: string, title: string][]} */
const CHOOSE = [
  ["auto", "Auto", "Places where people would cut"], ["attacks", "Attacks", "Every attack"],
  ["hits", "Hits", "Every strong hit"], ["beats", "Beats", "The beats"], ["bars", "Bars", "The first beat of each bar"],
];
/** The density at which as much is cut. @type {[choose: string, density: number][]} */
const DIAL = [["bars", 0], ["beats", 0.33], ["hits", 0.67], ["attacks", 1]];
/** @type {[value: string, name: string][]} */
const UNTIL = [
  ["next", "next slice, 2 bars at most"], ["candidate", "next attack"], ["chosen", "next slice, however late"],
  ["1beats", "after 1 beat"], ["2beats", "after 2 beats"], ["1bars", "after 1 bar"], ["2bars", "after 2 bars"],
];

class Kit extends HTMLElement {
  #sliders = RANGES.map((range) => new Slider(range));
  #alone = make("button", { type: "button", class: "alone", onclick: () => say("count", store.kit.alone) });
  #choose = make("div", { class: "switch", role: "radiogroup", "aria-label": "What is cut at" });
  #until = make("select", { "aria-label": "Where slices end" },
    ...UNTIL.map(([value, name]) => make("option", { value }, name)));
  #gap = make("input", {
    type: "number", min: 0, max: 60, step: 0.1, placeholder: "0", "aria-label": "Least seconds between chops",
  });
  #bars = make("input", { type: "checkbox" });
  #figures = make("p", { class: "figures", "aria-live": "polite" });
  /** The record that it was offered in to give each hit a pad. @type {object|null} */
  #offered = null;
  #again = button("Choose others of the same kind for what is not locked (k)", () => this.#reroll(), "Re-roll");
  #lock = button("Lock all", () => this.#lockAll());
  #compare = make("button", {
    type: "button", "aria-expanded": "false", "data-opens": "compare", title: "Beside simpler ways to choose",
    onclick: () => store.tell("compare"),
  }, "Compare");

  connectedCallback() {
    for (const [value, name, title] of CHOOSE) {
      const radio = make("input", { type: "radio", name: "choose", value, class: "unseen" });
      radio.addEventListener("change", () => say("choose", value === "auto" ? null : value, "density"));
      this.#choose.append(make("label", { title }, radio, make("span", {}, name)));
    }
    this.#until.addEventListener("change", () => {
      say("until", this.#until.value === "next" ? null : this.#until.value);
    });
    this.#gap.addEventListener("change", () => say("min_gap", this.#gap.valueAsNumber || null));
    this.#bars.addEventListener("change", () => say("bars", this.#bars.checked || null));
    this.append(
      make("div", { class: "head" }, make("h2", {}, "Kit"), this.#again, this.#lock, this.#compare),
      this.#sliders[0].element, this.#alone, ...this.#sliders.slice(1).map((slider) => slider.element),
      make("div", { class: "row" }, make("span", { class: "name" }, "Cut at"), this.#choose),
      make("div", { class: "row" },
        make("label", { class: "named" }, make("span", { class: "name" }, "End at"), this.#until)),
      make("div", { class: "row" },
        make("label", { class: "named" }, make("span", { class: "name" }, "Apart"), this.#gap,
          make("span", { class: "faint" }, "s at least")),
        make("label", { class: "named", title: "Take beginnings of bars first" }, this.#bars, "Bars first")),
      this.#figures);
    onKeys({ k: () => this.#reroll() });
    store.watch(["kit", "project", "pads", "found"], () => this.#show());
  }

  #show() {
    const { options, weight } = store.kit, said = store.project.kit;
    const values = [slicesShown(), options.density ?? densityNow(), weight];
    this.#sliders.forEach((slider, index) => slider.show(values[index], RANGES[index].option in said));
    const density = options.density ?? null, near = density === null ? null
      : DIAL.reduce((best, one) => Math.abs(one[1] - density) < Math.abs(best[1] - density) ? one : best)[0];
    for (const radio of this.#choose.querySelectorAll("input")) {
      radio.checked = density === null && radio.value === options.choose;
      radio.parentElement?.classList.toggle("near", radio.value === near);
    }
    this.#offer(store.kit.alone);
    this.#until.value = this.#known(String(options.until ?? "next"));
    if (document.activeElement !== this.#gap) this.#gap.value = options.min_gap ?? "";
    this.#bars.checked = Boolean(options.bars);
    this.#lock.textContent = this.#isAllLocked() ? "Unlock all" : "Lock all";
    this.#figures.replaceChildren(...figuresInWords());
  }

  /** Offer a pad for each hit. Where that was done once its room stays: nothing may move below a hand that drags.
   * @param {number} hits */
  #offer(hits) {
    if (hits) this.#offered = store.record;
    this.#alone.hidden = this.#offered !== store.record;
    this.#alone.style.visibility = hits ? "" : "hidden";
    if (hits) this.#alone.textContent = `Drums alone: ${counted(hits, "hit")}. Give each a pad`;
  }

  /** Have an end among those to choose, such as "3.5", also where it was said elsewhere. @param {string} until */
  #known(until) {
    if (![...this.#until.options].some((option) => option.value === until)) {
      this.#until.append(make("option", { value: until }, Number(until) ? `after ${until} s` : `after ${until}`));
    }
    return until;
  }

  #reroll() {
    if (store.pads.length) say("reroll", (store.kit.options.reroll ?? 0) + 1);
  }

  #isAllLocked() {
    return store.pads.length > 0 && store.pads.every((pad) => pad.locked);
  }

  #lockAll() {
    const isAll = this.#isAllLocked();
    const { pads } = store, wanted = pads.filter((pad) => pad.locked === isAll);
    /** @type {Command[]} */
    const commands = wanted.map((pad) => ({ do: isAll ? "unlock" : "lock", ...meant(pad) }));
    if (commands.length) edit(...commands);
  }
}

/** How many slices there are, or are to be: with no count said, a record may have less. */
function slicesShown() {
  const { options, most } = store.kit, { length } = store.pads;
  return Math.max(options.count ?? (length ? 0 : most), length);
}

/** Say how alike the slices sound, beside random picks. @returns {Node[]} */
function figuresInWords() {
  const { found, figures: { kit, random } } = store.kit, { length } = store.pads, more = length - (found ?? 0);
  if (!length || found === null) return [];
  const of = document.createTextNode(`${counted(length, "slice")} of ${counted(found, "chop")}${
    more === 1 ? " and the beginning" : more > 1 ? ` and ${more} other attacks` : ""}. `);
  if (!kit || !random) return [of];
  const alike = Math.round(kit.repeats * length), byChance = Math.round(random.repeats * length);
  const strong = (/** @type {string} */ text) => make("strong", {}, text);
  const repeats = alike ? `${alike} of ${length}` : "None";
  return [
    of, strong(repeats), document.createTextNode(
      ` ${alike === 1 || !alike ? "has" : "have"} nearly the timbre of another; of random picks ${byChance} would. `),
    strong(`${kit.distance.toFixed(1)} ×`), document.createTextNode(" as far apart as random picks, "),
    strong(`${Math.round(100 * kit.probability)} %`), document.createTextNode(" sure of a chop."),
  ];
}

customElements.define("chop-kit", Kit);
