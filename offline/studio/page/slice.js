// The selected slice: all that can be said of it, shown as it is and changed there.

import { fileAddress, fileName, swapped } from "./carry.js";
import { check, choice, fill } from "./choices.js";
import { button, icon, make } from "./dom.js";
import { Field } from "./field.js";
import { beatLength, beatsAfter, beatsBetween, hasBeats, precise, readNumber, readSeconds } from "./measures.js";
import { allowed, nudgeOn, put, settle } from "./nudges.js";
import { BANK, FIRST_NOTE, padName } from "./pads.js";
import { colour } from "./palette.js";
import { edit, meant } from "./server.js";
import { IN_TURN, sliceColour } from "./slices.js";
import { removeSelected } from "./snap.js";
import { chokeGroup, playMode, press, release } from "./sound.js";
import { store } from "./store.js";

/** @import {Pad, Snap} from "./types.js" */

const UNITS = { seconds: "Seconds", samples: "Samples", beats: "Beats" };
const MODES = { "one-shot": "One-shot", gate: "Gate", loop: "Loop" };
const MODE_TIPS = {
  "one-shot": "plays to its end", gate: "plays while it is held", loop: "plays over and over while it is held",
};
const SNAPS = { attack: "Attack", zero: "Zero", grid: "Grid", off: "Off" };
const SNAP_TIPS = {
  attack: "the nearest attack", zero: "the nearest zero crossing", grid: "the nearest line of the beat grid",
  off: "where you put it",
};
const LONGEST_NAME = 200, NOTES = 128;
const MOST_CHOKE = 16, GAIN = [-60, 24], GAIN_STEP = 0.5, GAIN_LEAP = 6;
const PLAY = "M4.5 3v10l8-5z", LOCK = ["M4 7.5h8v6H4z", "M5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5"];
const BIN = ["M3 4.5h10", "M6.5 4.5V3h3v1.5", "M4.5 4.5l.6 8.5h5.8l.6-8.5"];
const BACK = ["M6 3.5 3 6.5l3 3", "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H7"];
const SAVE = ["M8 2.5v8", "M4.8 7.5 8 10.7l3.2-3.2", "M3 13.5h10"];

export class SliceView extends HTMLElement {
  /** @type {keyof typeof UNITS} */
  #unit = "seconds";
  #title = make("h2");
  #dot = make("i", { class: "dot" });
  #lock = button("Lock", () => this.#say({ do: store.pad?.locked ? "unlock" : "lock" }), icon(...LOCK));
  #release = button("As found: forget all that was said of this slice", () => this.#say({ do: "release" }),
    icon(...BACK), make("span", {}, "As found"));
  #save = make("a", { class: "button", "aria-label": "Save as wav", title: "Save as wav" }, icon(...SAVE));
  #name = make("input", { type: "text", placeholder: "Name", "aria-label": "Name", maxlength: LONGEST_NAME,
                          autocomplete: "off", spellcheck: "false" });
  #dots = Array.from({ length: IN_TURN }, (_, number) =>
    button(`Colour ${number + 1}`, () => this.#colour(colour(`slice-${number}`)), ""));
  #custom = make("input", { type: "color", "aria-label": "Another colour", title: "Another colour" });
  #colours = make("div", { class: "colours", role: "group", "aria-label": "Colour" }, ...this.#dots, this.#custom);
  #start = this.#place("Start", "start");
  #end = this.#place("End", "end");
  #length = this.#place("Length", "end", true);
  #gain = new Field({
    name: "Gain", title: "Decibels; empty it for none",
    typed: (text) => {
      const gain = text.trim() ? readNumber(text) : 0;
      if (gain === null) return store.complain(`A gain is a number of decibels such as -3, not “${text}”.`);
      return this.#gained(gain);
    },
    nudged: (steps, event) => this.#showGain(steps * (event.shiftKey ? GAIN_LEAP : GAIN_STEP)),
    settled: () => { if (store.pad) this.#gained(store.pad.gain_db ?? 0); },
  });
  #choke = make("select", { "aria-label": "Choke group", title: "Pads of one group end each other" });
  #pad = make("select", { "aria-label": "Pad", title: "Where another slice is, the two swap" });
  #mode = choice("How the pad plays", MODES, MODE_TIPS, (play) => this.#say({ do: "play", play }));
  #snap = choice("What cuts snap to that are dragged", SNAPS, SNAP_TIPS, (snap) => {
    store.snapTo(/** @type {Snap} */ (snap));
  });
  #units = choice("Unit", UNITS, {}, (unit) => {
    this.#unit = /** @type {keyof typeof UNITS} */ (unit);
    this.#show();
  });
  #full = make("div", { class: "full" });
  #empty = make("div", { class: "empty" },
    make("p", {}, "Press a pad, or click into the waveform: its slice is shown here."),
    make("p", { class: "faint" }, "Then ← and → move where it begins, [ and ] where it ends, enter plays it again. "
      + "A double click, or m while it plays, sets a new cut."));

  connectedCallback() {
    const row = (/** @type {string} */ name, /** @type {Node} */ what) =>
      make("div", { class: "row" }, make("span", { class: "name", "aria-hidden": "true" }, name), what);
    const play = button("Play (enter)", () => {}, icon(PLAY));
    play.addEventListener("pointerdown", () => { if (store.pad) press(store.pad); });
    for (const name of ["pointerup", "pointerleave"]) {
      play.addEventListener(name, () => { if (store.pad) release(store.pad.note); });
    }
    play.addEventListener("click", (event) => { if (!event.detail && store.pad) press(store.pad); });
    const remove = button("Delete (backspace)", () => removeSelected(), icon(...BIN));
    this.#full.append(
      make("div", { class: "head" }, this.#dot, this.#title, play, this.#lock, this.#save, remove, this.#release),
      make("div", { class: "row" }, this.#name, this.#colours),
      make("div", { class: "two" }, row("Start", this.#start.element), row("End", this.#end.element),
        row("Length", this.#length.element), row("Gain", this.#gain.element), row("Choke", this.#choke),
        row("Pad", this.#pad)),
      row("In", this.#units), row("Play", this.#mode));
    this.append(this.#full, this.#empty, row("Snap", this.#snap));
    this.#name.addEventListener("change", () => this.#say({ do: "name", name: this.#name.value.trim() || null }));
    this.#name.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#name.value = store.pad?.name ?? "";
      if (event.key === "Enter" || event.key === "Escape") this.#name.blur();
    });
    this.#custom.addEventListener("change", () => this.#say({ do: "colour", colour: this.#custom.value }));
    this.#choke.addEventListener("change", () => {
      this.#say({ do: "choke", choke: this.#choke.value === "" ? null : Number(this.#choke.value) });
    });
    this.#pad.addEventListener("change", () => {
      if (store.pad) edit(...swapped(store.pad, Number(this.#pad.value)));
    });
    store.watch(["selected", "pads", "kit", "grid", "record"], () => this.#show());
    store.watch(["snap"], () => check(this.#snap, store.snap));
    addEventListener("theme", () => this.#show());
  }

  /** Let the name be typed. */
  rename() {
    if (!store.pad) return;
    this.#name.focus();
    this.#name.select();
  }

  /** Say something of the selected slice. @param {{do: string, [name: string]: any}} command */
  #say(command) {
    const { pad, selected } = store;
    return pad && selected !== null && edit({ ...command, ...meant({ chop: pad.chop, start: selected }) });
  }

  /** @param {number} gain */
  #gained(gain) {
    return this.#say({ do: "gain", gain_db: decibels(gain) || null });
  }

  /** Show another gain, while a key or button is held. @param {number} by decibels */
  #showGain(by) {
    const { pad, pads } = store;
    if (!pad) return;
    const gain_db = decibels((pad.gain_db ?? 0) + by);
    store.preview({ pads: pads.map((one) => one === pad ? { ...one, gain_db } : one) });
  }

  /** Make the field of a place or, with isLength, of how far the end is from the beginning. @param {string} name
   * @param {"start"|"end"} edge @param {boolean} isLength */
  #place(name, edge, isLength = false) {
    return new Field({
      name, title: edge === "end" ? "Empty it for the end that is found" : "",
      typed: (text) => {
        if (edge === "end" && !text.trim()) return put(edge, null);
        const { pad } = store, from = pad && isLength ? pad.start : null, to = pad && this.#read(text, from);
        const kind = this.#unit === "seconds" ? "a time such as 1:02.5" : "a number";
        if (!pad || typeof to !== "number") return store.complain(`${name} is ${kind}, not “${text}”.`);
        const can = allowed(edge, pad, to), limit = this.#words(can, from);
        return can === to ? put(edge, to)
          : store.complain(`${name} goes ${can > to ? "down" : "up"} to ${limit}, not to “${text}”.`);
      },
      nudged: (steps, event) => nudgeOn(edge, steps * this.#step(event)),
      settled: settle,
    });
  }

  /** Samples of a step of what is shown. @param {{shiftKey: boolean, altKey: boolean}} event */
  #step({ shiftKey, altKey }) {
    const at = store.pad?.start ?? 0;
    if (altKey || (this.#unit === "samples" && !shiftKey)) return 1;
    if (shiftKey) return beatLength(at);
    return Math.max(1, Math.round(this.#unit === "beats" ? beatLength(at) / 4 : store.record.rate / 1000));
  }

  /** Read a place. @param {string} text @param {number|null} from where a length begins @returns {number|null} */
  #read(text, from) {
    if (this.#unit === "seconds") {
      const found = readSeconds(text);
      return found === null ? null : found + (from ?? 0);
    }
    const number = readNumber(text);
    if (number === null) return null;
    if (this.#unit === "samples") return Math.round(number) + (from ?? 0);
    return beatsAfter(from ?? store.grid.beats[0][0], number);
  }

  /** @param {number} sample @param {number|null} from */
  #words(sample, from) {
    if (this.#unit === "samples") return String(sample - (from ?? 0));
    if (this.#unit === "beats") return beatsBetween(from ?? store.grid.beats[0][0], sample).toFixed(2);
    return from === null ? precise(sample) : ((sample - from) / store.record.rate).toFixed(3);
  }

  #show() {
    const pad = store.pad;
    this.#full.hidden = !pad;
    this.#empty.hidden = Boolean(pad);
    if (!pad) return;
    if (this.#unit === "beats" && !hasBeats()) this.#unit = "seconds";
    check(this.#units, this.#unit, hasBeats() ? [] : ["beats"]);
    const own = sliceColour(pad);
    this.#dot.style.background = own;
    this.#title.textContent = padName(pad.note);
    this.#lock.setAttribute("aria-pressed", String(pad.locked));
    this.#lock.title = pad.locked ? "Unlock (l)" : "Lock: it stays in every kit (l)";
    this.#release.setAttribute("aria-disabled", String(pad.chop === null));
    this.#save.setAttribute("href", fileAddress(pad));
    this.#save.setAttribute("download", fileName(pad));
    if (document.activeElement !== this.#name) this.#name.value = pad.name ?? "";
    this.#showColours(own);
    this.#start.show(this.#words(pad.start, null), pad.origin !== pad.start && pad.chop !== null);
    this.#end.show(this.#words(pad.stop, null), pad.end !== null);
    this.#length.show(this.#words(pad.stop, pad.start), pad.end !== null);
    this.#gain.show(`${(pad.gain_db ?? 0).toFixed(1)} dB`.replace("-", "−"), pad.gain_db !== null);
    this.#showChoke(pad);
    this.#showPads(pad);
    check(this.#mode, playMode(pad));
  }

  /** @param {string} own */
  #showColours(own) {
    this.#dots.forEach((dot, number) => {
      const one = colour(`slice-${number}`);
      dot.style.setProperty("--slice", one);
      dot.setAttribute("aria-pressed", String(own === one));
    });
    this.#custom.value = own;
  }

  /** Give the slice a colour, or, with the one that it was given, that of its turn. @param {string} one */
  #colour(one) {
    return this.#say({ do: "colour", colour: store.pad?.colour === one ? null : one });
  }

  /** @param {Pad} pad */
  #showChoke(pad) {
    const usual = chokeGroup({ ...pad, choke: null });
    const options = [["", usual ? "all (1)" : "none"], ["0", "none"]];
    for (let group = 1; group <= MOST_CHOKE; group += 1) {
      options.push([String(group), group === 1 ? "1: all others" : `group ${group}`]);
    }
    const chosen = pad.choke === null || pad.choke === usual ? "" : String(pad.choke);
    fill(this.#choke, options.filter(([value]) => value !== String(usual)), chosen);
  }

  /** @param {Pad} pad */
  #showPads(pad) {
    const there = new Map(store.pads.map((one) => [one.note, one]));
    const banks = Math.max(1, ...[...there.keys()].map((note) => Math.floor((note - FIRST_NOTE) / BANK) + 1));
    const notes = Array.from({ length: Math.min(BANK * banks, NOTES - FIRST_NOTE) }, (_, place) => FIRST_NOTE + place);
    if (!notes.includes(pad.note)) notes.unshift(pad.note);
    const words = notes.map((note) => [String(note), `${padName(note)}${there.has(note) ? "" : " (empty)"}`]);
    fill(this.#pad, words, String(pad.note));
  }
}

/** Give a gain within what there is, to a tenth. @param {number} gain */
const decibels = (gain) => Math.round(10 * Math.max(GAIN[0], Math.min(GAIN[1], gain))) / 10;

customElements.define("chop-slice", SliceView);
