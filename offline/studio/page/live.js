// A session that is being recorded: its sound and what is detected come in from the right; what is marked is kept.

import { button, icon, make } from "./dom.js";
import { grownFrom } from "./peaks.js";
import { samplesGrownFrom } from "./samples.js";
import { ask, open, reading, recordId } from "./server.js";
import { makeReady } from "./sound.js";
import { EMPTY, store } from "./store.js";
import { view } from "./view.js";
import { clock } from "./words.js";

/** @import {Pad} from "./types.js" */

/** What is shown of the end, seconds. */
const SHOWN = 12;
const PADS = 16;
const QUIETEST_DB = -48;
const AGAIN_MS = 1000;
const DOT = "M8 4a4 4 0 1 0 .01 0";

/** @typedef {{kind: string, sample: number, label?: string, strength: number, note?: number, tempo?: number}} Heard */

export class Live extends HTMLElement {
  /** @type {WebSocket|null} */
  #socket = null;
  #number = 0;
  /** @type {Map<number, (message: any) => void>} */
  #waiting = new Map();
  /** @type {number[]} */
  #marks = [];
  #chord = make("output", { class: "chord", "aria-label": "Chord" });
  #facts = make("span");
  #meters = make("span", { class: "meters", "aria-hidden": "true" });
  #said = make("span", { role: "status", class: "said" });

  connectedCallback() {
    this.hidden = true;
    addEventListener("keydown", (event) => this.#key(event), { capture: true });
  }

  /** Follow a session until it ends. @param {string} id */
  follow(id) {
    reading(id, "session-");
    const socket = new WebSocket(`ws://${location.host}/api/session?record=${encodeURIComponent(id)}`);
    this.#socket = socket;
    this.hidden = false;
    document.body.classList.add("live");
    this.replaceChildren(
      make("strong", {}, icon(DOT), "Recording"), this.#meters, this.#facts, this.#chord,
      button("Mark what is heard now (m)", () => this.#do("mark"), "Mark ", make("kbd", {}, "m")),
      button("Keep the last minute as a session of its own (k)", () => this.#do("keep"), "Keep last minute ",
             make("kbd", {}, "k")),
      this.#said);
    socket.addEventListener("message", (event) => this.#take(id, JSON.parse(event.data)));
    socket.addEventListener("close", () => this.#closed(id, socket));
  }

  /** @param {string} id @param {any} message */
  #take(id, message) {
    if (recordId() !== id) {  // another record is looked at by now
      this.#leave();
      return;
    }
    if ("id" in message) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    } else if (message.error) {
      store.complain(message.error);
    } else if (message.live) {
      this.#begin(message.live);
    } else if (message.grown) {
      this.#grow(message.grown);
    } else if ("ended" in message) {
      this.#end(id);
    }
  }

  /** @param {{name: string, source: string, rate: number, channels: number, latency: number}} live */
  #begin(live) {
    const { name, rate, channels, latency } = live;
    store.take({ ...EMPTY, record: { name, file: live.source, rate, channels, length: 0 } });
    store.found = { attacks: [], drums: [], chords: [], key: null, curve: null };
    const meters = Array.from({ length: channels }, () => make("meter", { min: QUIETEST_DB, max: 0 }));
    this.#meters.replaceChildren(...meters);
    this.#delay = `track delay ${(-1000 * latency / rate).toFixed(1)} ms`;
  }

  #delay = "";

  /** @param {{length: number, events: Heard[], level: number[]}} grown */
  #grow({ length, events, level }) {
    const before = store.record.length, { rate } = store.record;
    const followed = view.last >= before - 1;
    const { beats, tempo, key } = store.grid;
    const grid = { beats, tempo, key };
    for (const event of events) this.#hear(event, grid);
    store.take({
      record: { ...store.record, length: Math.max(1, length) },
      pads: this.#pads(length),
      candidates: store.found.attacks,
      ...(events.some(({ kind }) => kind === "beat" || kind === "key") ? { grid } : {}),
    });
    grownFrom(before);
    samplesGrownFrom(before);
    if (events.some(({ kind }) => kind === "chop")) makeReady(store.pads.slice(0, -1));  // the last one goes on yet
    if (events.length) store.tell("found");
    if (followed) view.show(Math.max(0, length - SHOWN * rate), Math.max(length, SHOWN * rate));
    level.forEach((peak, channel) => {
      const meter = /** @type {HTMLMeterElement|undefined} */ (this.#meters.children[channel]);
      if (meter) meter.value = Math.max(QUIETEST_DB, peak);
    });
    const known = [clock(length, store.record.rate), tempo && `${tempo.value} bpm`, grid.key, this.#delay];
    this.#facts.textContent = known.filter(Boolean).join("  ·  ");
    this.#chord.textContent = store.found.chords.at(-1)?.[1] || "–";
  }

  /** @param {Heard} event @param {import("./types.js").Grid} grid */
  #hear(event, grid) {
    const { sample, label = "", strength } = event, { found } = store;
    if (event.kind === "chop") found.attacks.push([sample, strength, 0]);
    else if (event.kind === "drum") found.drums.push([sample, label, strength]);
    else if (event.kind === "chord") found.chords.push([sample, label]);
    else if (event.kind === "beat") {
      grid.beats = [...grid.beats, [sample, Number(label) || 0]];
      if (event.tempo) grid.tempo = { value: event.tempo.toFixed(0), confidence: strength, other: "" };
    } else if (event.kind === "key") grid.key = label.replace(":maj", " major").replace(":min", " minor");
  }

  /** The last chops, on pads in turn. @param {number} length @returns {Pad[]} */
  #pads(length) {
    const chops = store.found.attacks.slice(-PADS), first = Math.max(0, store.found.attacks.length - PADS);
    return chops.map(([start, strength], index) => {
      const number = (first + index) % PADS;
      return {
        start, strength, stop: chops[index + 1]?.[0] ?? length, note: 36 + number,
        pad: `A${String(number + 1).padStart(2, "0")}`, chop: null, locked: this.#marks.some((at) => near(at, start)),
        pinned: false, origin: null, name: null, end: null, gain_db: null, choke: null, play: null, colour: null,
      };
    });
  }

  /** @param {"mark"|"keep"} what */
  #do(what) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#number += 1;
    this.#waiting.set(this.#number, (answer) => {
      if (answer.error) store.complain(answer.error);
      else if (what === "mark") {
        this.#marks.push(answer.sample);
        this.#said.textContent = `${this.#marks.length} marked, the last at ${clock(answer.sample, store.record.rate)}`;
      } else this.#said.textContent = `Kept as ${answer.kept}`;
    });
    this.#socket.send(JSON.stringify({ id: this.#number, do: what }));
  }

  /** While it is recorded, m and k are this page's: there is no kit to edit yet. @param {KeyboardEvent} event */
  #key(event) {
    if (this.hidden || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const what = { m: "mark", k: "keep" }[event.key.toLowerCase()];
    if (!what) return;
    event.preventDefault();
    event.stopPropagation();
    this.#do(/** @type {"mark"|"keep"} */ (what));
  }

  /** It has ended: from now on it is a record with a project. @param {string} id */
  #end(id) {
    this.#leave();
    open(id);
  }

  #leave() {
    const before = this.#socket;
    this.#socket = null;
    before?.close();
    this.hidden = true;
    document.body.classList.remove("live");
  }

  /** @param {string} id @param {WebSocket} socket */
  #closed(id, socket) {
    if (this.#socket !== socket) return;
    store.complain("The studio does not answer: start samplechop studio again. The recording goes on without it.");
    setTimeout(async () => {
      if (this.#socket !== socket) return;
      await ask("/api/library").then(() => this.follow(id), () => this.#closed(id, socket));
    }, AGAIN_MS);
  }
}

/** Whether a mark means this chop, as the server takes it. @param {number} at @param {number} chop */
const near = (at, chop) => chop - at <= 0.15 * store.record.rate && at - chop <= 0.35 * store.record.rate;

customElements.define("chop-live", Live);
