// The kit beside other ways to choose as many slices: what each would cut, in rows, and how alike that sounds.

import { button, closer, icon, isTyping, make } from "./dom.js";
import { colour } from "./lane.js";
import { address, ask } from "./server.js";
import { press } from "./sound.js";
import { store } from "./store.js";

/** @import {Pad} from "./types.js" */

/**
 * @typedef {object} Way A way to choose, see offline/studio/compare.py.
 * @property {string} name
 * @property {[start: number, stop: number][]} slices
 * @property {{repeats: number, distance: number, probability: number}|null} figures
 */

const PLAY = "M4 2.5l9 5.5-9 5.5z";
const IN_TURN = 6;
/** The note of what plays here: no pad has it. */
const NOTE = -1;
/** @type {{[name: string]: [name: string, title: string]}} */
const NAMES = {
  kit: ["This kit", "As it is now"], strongest: ["Strongest", "As many of the strongest chops: diversity 0"],
  grid: ["Equal grid", "Parts of one length, wherever they begin"], beats: ["Beats only", "The strongest of the beats"],
  librosa: ["librosa", "The strongest of the onsets that librosa finds"],
};

class Compare extends HTMLElement {
  #rows = make("div", { class: "ways", role: "list" });
  #more = make("div", { class: "joined" });
  /** @type {Way[]} */
  #ways = [];
  /** @type {string[]} */
  #others = [];
  /** @type {string[]} */
  #with = [];
  #asked = 0;

  connectedCallback() {
    this.hidden = true;
    this.append(
      make("div", { class: "head" },
        make("h2", {}, "Beside other ways to choose"),
        make("span", { class: "faint space" }, "Press a slice to hear it"),
        this.#more, closer(() => this.#turn(false), "Close the comparison")),
      this.#rows);
    store.addEventListener("compare", () => this.#turn(this.hidden));
    for (const name of ["pads", "record"]) store.addEventListener(name, () => { if (!this.hidden) this.#ask(); });
    addEventListener("theme", () => this.#show());
    addEventListener("keydown", (event) => { if (event.key === "Escape" && !isTyping(event)) this.#turn(false); });
    new ResizeObserver(() => this.#draw()).observe(this.#rows);
  }

  /** @param {boolean} isOpen */
  #turn(isOpen) {
    this.hidden = !isOpen;
    this.parentElement?.classList.toggle("comparing", isOpen);
    for (const opener of document.querySelectorAll("[data-opens=compare]")) {
      opener.setAttribute("aria-expanded", String(isOpen));
    }
    if (isOpen) this.#ask();
  }

  /** Ask for what changed; the newest answer counts. */
  async #ask() {
    if (!store.pads.length) return;
    const asked = this.#asked += 1;
    const query = this.#with.map((name) => `&with=${encodeURIComponent(name)}`).join("");
    try {
      const { ways, others } = await (await ask(address("compare") + query)).json();
      if (asked !== this.#asked) return;
      this.#ways = ways;
      this.#others = others;
    } catch (error) {
      this.#with = [];
      store.complain(/** @type {Error} */ (error).message);
    }
    this.#show();
  }

  #show() {
    const kit = this.#ways.find((way) => way.name === "kit");
    this.#rows.replaceChildren(heads(), ...this.#ways.map((way) => this.#row(way, way === kit)));
    this.#more.replaceChildren(...this.#others.filter((name) => !this.#with.includes(name)).map((name) =>
      button(`Compare with ${name}, too: that takes a moment`, () => {
        this.#with.push(name);
        this.#ask();
      }, `+ ${name}`)));
    this.#draw();
  }

  /** @param {Way} way @param {boolean} isKit */
  #row(way, isKit) {
    const [name, title] = NAMES[way.name] ?? [way.name, `The chops that the model ${way.name} finds`];
    let next = 0;
    const canvas = make("canvas", { role: "img", "aria-label": `${way.slices.length} slices` });
    canvas.addEventListener("pointerdown", (event) => {
      const at = event.offsetX / canvas.clientWidth * store.record.length;
      const index = way.slices.findLastIndex(([start]) => start <= at);
      if (index < 0) return;
      play(way.slices[index]);
      next = index + 1;
    });
    const plays = button(`Play the next slice: ${name}`, () => {
      play(way.slices[next % way.slices.length]);
      next += 1;
    }, icon(PLAY));
    return make("div", { class: isKit ? "way own" : "way", role: "listitem", "data-way": way.name },
      make("span", { class: "name", title }, name), plays, canvas, ...figures(way));
  }

  #draw() {
    this.#rows.querySelectorAll("canvas").forEach((canvas, index) => paint(canvas, this.#ways[index]));
  }
}

const heads = () => make("div", { class: "way heads faint", "aria-hidden": true },
  make("span", { class: "name" }), make("span"), make("span"),
  make("span", { title: "Slices that sound nearly like another one; fewer is better" }, "alike"),
  make("span", { title: "How far apart slices sound, 1 is random picks; more is better" }, "apart"),
  make("span", { title: "How sure they are to be chops; more is better" }, "sure"));

/** Words for those who do not see the heads of the columns. @param {string} words */
const unseen = (words) => make("span", { class: "unseen" }, words);

/** @param {Way} way */
function figures({ figures: found, slices }) {
  if (!found) return [make("span"), make("span"), make("span")];
  const alike = Math.round(found.repeats * slices.length), apart = found.distance.toFixed(1);
  const sure = Math.round(100 * found.probability);
  return [
    make("span", {}, String(alike), unseen(` of ${slices.length} sound alike`)),
    make("span", {}, `${apart} ×`, unseen(" as far apart as random picks")),
    make("span", {}, `${sure} %`, unseen(" sure")),
  ];
}

/** @param {[start: number, stop: number]} slice */
function play([start, stop]) {
  /** @type {Pad} */
  const pad = {
    start, stop, note: NOTE, strength: 1, pad: "", chop: null, locked: false, pinned: false, origin: null,
    name: null, end: null, gain_db: null, choke: null, play: "one-shot", colour: null,
  };
  press(pad);
}

/** Paint slices of the whole record in their colours, each with a line where it is cut.
 * @param {HTMLCanvasElement} canvas @param {Way|undefined} way */
function paint(canvas, way) {
  const { clientWidth: width, clientHeight: height } = canvas, context = canvas.getContext("2d");
  if (!way || !context || !width || !store.record.length) return;
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  context.scale(devicePixelRatio, devicePixelRatio);
  const scale = width / store.record.length;
  way.slices.forEach(([start, stop], index) => {
    context.fillStyle = colour(`slice-${index % IN_TURN}`);
    context.globalAlpha = 0.55;
    context.fillRect(start * scale, 4, Math.max(1, (stop - start) * scale), height - 8);
    context.globalAlpha = 1;
    context.fillRect(start * scale, 0, 2, height);
  });
}

customElements.define("chop-compare", Compare);
