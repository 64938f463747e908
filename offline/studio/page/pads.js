// Sixteen pads, and banks of them: a press plays a slice and selects it, a drag swaps two or takes one out of the page.

import { carryOn } from "./carry.js";
import { button, make } from "./dom.js";
import { cap, learnCaps, PAD_CODES } from "./keycaps.js";
import { seconds } from "./measures.js";
import { colour } from "./palette.js";
import { PadPictures } from "./pad-picture.js";
import { isGrowing } from "./server.js";
import { IN_TURN, sliceColour } from "./slices.js";
import { chokeGroup, press, progress, release } from "./sound.js";
import { store } from "./store.js";
import { tagOf } from "./tags.js";
import { view } from "./view.js";
import { sentence } from "./words.js";

/** @import {Pad} from "./types.js" */

/** MIDI note of A01, and pads of a bank. */
export const FIRST_NOTE = 36, BANK = 16;
const LETTERS = "ABCDEF";
const HOW = "Press to play; drag onto another pad to swap, or out of the page to take the wav along";

/** @param {number} note */
const bankOf = (note) => Math.floor((note - FIRST_NOTE) / BANK);

/** Name a note as a pad. @param {number} note */
export function padName(note) {
  const bank = bankOf(note);
  return bank < 0 ? `note ${note}` : `${LETTERS[bank]}${String(note - FIRST_NOTE - BANK * bank + 1).padStart(2, "0")}`;
}

/** Make parts of a pad's name, with spaces between. @param {...string} names */
const parts = (...names) => names.flatMap((name) => [make("span", { class: name }), " "]);

export class PadsView extends HTMLElement {
  bank = 0;
  /** The bank of the slice that is selected. @type {number|null} */
  #chosen = null;
  /** @type {HTMLButtonElement[]} by place, the lowest row first */
  #slots = [];
  #banks = make("div", { class: "banks" });
  #told = make("span", { class: "faint" });
  #pictures = new PadPictures();
  /** Notes that pointers hold. @type {Map<number, number>} */
  #held = new Map();

  connectedCallback() {
    const grid = make("div", { class: "pad-grid", role: "group", "aria-label": "Pads" });
    this.append(make("header", { class: "head" }, make("h2", {}, "Pads"), this.#banks, this.#told), grid);
    for (let place = 0; place < BANK; place += 1) this.#slots.push(this.#slot(place));
    for (let row = 3; row >= 0; row -= 1) grid.append(...this.#slots.slice(4 * row, 4 * row + 4));
    carryOn(this, grid);
    for (const name of ["pointerup", "pointercancel"]) {
      addEventListener(name, (event) => this.#letGo(/** @type {PointerEvent} */ (event).pointerId));
    }
    new ResizeObserver(() => this.#paint()).observe(grid);
    addEventListener("theme", () => this.#show());
    store.watch(["pads", "kit", "record", "tags"], () => this.#show());
    store.watch(["selected"], () => this.#showSelected());
    store.watch(["playing"], () => this.#showPlaying());
    store.addEventListener("peaks", () => this.#paint());
    store.addEventListener("head", () => this.#showHeads());
    learnCaps(() => this.#show());
  }

  /** The pad at a place of the shown bank. @param {number} place @returns {Pad|undefined} */
  at(place) {
    const note = this.note(place);
    return store.pads.find((pad) => pad.note === note);
  }

  /** @param {number} place */
  note(place) { return FIRST_NOTE + BANK * this.bank + place; }

  /** The place of an element within a pad, or -1. @param {Element|null} element */
  placeOf(element) {
    return this.#slots.indexOf(/** @type {HTMLButtonElement} */ (element?.closest(".pad")));
  }

  /** Play a pad and select its slice, or with `silently` select it only. @param {Pad} pad @param {boolean} silently */
  play(pad, silently = false) {
    if (!silently) press(pad);
    store.select(pad.start);
    if (!isGrowing()) view.reveal(pad.start);  // what is being recorded is looked at where it grows
  }

  /** Show the bank before or after. @param {number} step */
  turn(step) {
    const banks = this.#used(), now = banks.indexOf(this.bank);
    this.bank = banks[Math.min(Math.max(0, now + step), banks.length - 1)];
    this.#show();
  }

  /** @param {number} place */
  #slot(place) {
    const slot = make("button", { type: "button", class: "pad" }, make("canvas"), make("i", { class: "line" }),
      make("span", { class: "top" }, ...parts("where", "lock", "length")),
      make("span", { class: "foot" }, ...parts("about", "choke"), make("kbd")));
    slot.addEventListener("pointerdown", (event) => this.#down(place, event));
    slot.addEventListener("click", (event) => {
      const pad = this.at(place);
      if (event.detail) slot.blur();  // the keyboard plays on, also after a click
      else if (pad) this.play(pad);
    });
    return slot;
  }

  /** @param {number} place @param {PointerEvent} event */
  #down(place, event) {
    const pad = this.at(place);
    this.#slots[place].draggable = pad !== undefined && event.pointerType === "mouse";
    if (!pad || event.button !== 0) return;
    this.#held.set(event.pointerId, pad.note);
    this.play(pad, event.shiftKey);
  }

  /** @param {number} pointer */
  #letGo(pointer) {
    const note = this.#held.get(pointer);
    this.#held.delete(pointer);
    if (note !== undefined) release(note);
  }

  #used() {
    const used = new Set(store.pads.map((pad) => bankOf(pad.note)));
    return used.size ? [...used].sort((a, b) => a - b) : [0];
  }

  #show() {
    const banks = this.#used();
    if (!banks.includes(this.bank)) this.bank = banks[0];
    this.#showBanks(banks);
    this.#told.textContent = this.#sentence();
    this.#slots.forEach((slot, place) => this.#fill(slot, place, this.at(place)));
    this.#showSelected(false);
    this.#showPlaying();
    this.#paint();
  }

  /** @param {number[]} banks */
  #showBanks(banks) {
    this.#banks.hidden = banks.length < 2;
    const words = banks.map((bank) => bank < 0 ? "low" : LETTERS[bank]);
    if (words.join() !== [...this.#banks.children].map(({ textContent }) => textContent).join()) {
      const choose = (/** @type {number} */ bank) => () => {
        this.bank = bank;
        this.#show();
      };
      this.#banks.replaceChildren(...banks.map((bank, index) => button(words[index], choose(bank))));
    }
    [...this.#banks.children].forEach((one, index) => {
      one.setAttribute("aria-pressed", String(banks[index] === this.bank));
    });
  }

  #sentence() {
    if (store.pads.length) return `${store.pads.length} ${store.pads.length === 1 ? "slice" : "slices"}`;
    if (!store.record.length) return "";
    return store.kit.found === null ? "They fill once the record has been heard" : "No place to cut was found";
  }

  /** @param {HTMLButtonElement} slot @param {number} place @param {Pad|undefined} pad */
  #fill(slot, place, pad) {
    const say = (/** @type {string} */ name, /** @type {string} */ text) => {
      const element = /** @type {HTMLElement} */ (slot.querySelector(`.${name}, ${name}`));
      if (element.textContent !== text) element.textContent = text;
    };
    const name = padName(this.note(place)), group = pad ? chokeGroup(pad) : 0;
    slot.classList.toggle("empty", !pad);
    slot.classList.toggle("locked", Boolean(pad?.locked));
    slot.setAttribute("aria-disabled", String(!pad));
    slot.style.setProperty("--slice", pad ? sliceColour(pad) : "transparent");
    slot.style.setProperty("--choke", group ? colour(`slice-${(group - 1) % IN_TURN}`) : "transparent");
    say("where", name);
    say("lock", pad?.locked ? "locked" : "");
    say("length", pad ? seconds(pad.stop - pad.start) : "");
    const tag = pad ? tagOf(pad) : null;
    say("about", pad?.name ?? tag?.text ?? "");
    slot.classList.toggle("named", Boolean(pad?.name));
    slot.classList.toggle("note", !pad?.name && Boolean(tag?.isNote));
    say("choke", pad && pad.choke !== null ? String(group || "–") : "");
    say("kbd", cap(PAD_CODES[place]));
    slot.title = pad ? `${tag?.words ? `${sentence(tag.words)}. ` : ""}${HOW}` : "";
  }

  #showSelected(turn = true) {
    const chosen = store.pad, bank = chosen ? bankOf(chosen.note) : null, before = this.#chosen;
    if (!store.isPreviewed) this.#chosen = bank;
    if (bank !== null && bank !== this.bank && (turn || before !== this.#chosen)) {
      this.bank = bank;
      this.#show();
      return;
    }
    this.#slots.forEach((slot, place) => {
      const here = chosen !== undefined && chosen.note === this.note(place);
      slot.classList.toggle("selected", here);
      if (here) slot.setAttribute("aria-current", "true");
      else slot.removeAttribute("aria-current");
      slot.tabIndex = here || (place === 0 && (!chosen || bankOf(chosen.note) !== this.bank)) ? 0 : -1;
      if (here && this.contains(document.activeElement) && this.placeOf(document.activeElement) >= 0) slot.focus();
    });
  }

  #showPlaying() {
    this.#slots.forEach((slot, place) => slot.classList.toggle("playing", store.playing.has(this.note(place))));
  }

  #showHeads() {
    this.#slots.forEach((slot, place) => {
      const share = store.playing.has(this.note(place)) ? progress(this.note(place)) : null;
      const head = /** @type {HTMLElement} */ (slot.querySelector(".line"));
      head.style.transform = `translateX(${(share ?? 0) * slot.clientWidth}px)`;
    });
  }

  #paint() {
    this.#pictures.paint(this.#slots, (place) => this.at(place));
  }
}

customElements.define("chop-pads", PadsView);
