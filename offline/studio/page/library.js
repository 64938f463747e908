// What was opened, on the left edge: records with their pictures, sessions, kits, a search; one press switches over.

import { button, icon, make } from "./dom.js";
import { alike } from "./alike.js";
import { ask, open, recordId } from "./server.js";
import { Shelf } from "./shelf.js";
import { store } from "./store.js";
import { view } from "./view.js";
import { sentence } from "./words.js";

/** @typedef {{id: string, title: string, folder: string, session: boolean, live: boolean, project: boolean}} Item */
/** @typedef {{heights: number[], seconds: number|null, fault?: string|null}} Picture */

const KEY = "samplechop-library", NARROW = "(max-width: 1180px)";
/** @type {(does: () => void) => void} */
const later = window.requestIdleCallback ?? setTimeout;
/** Seconds shown before and after a place. */
const BEFORE = 2, AFTER = 6;
const SHELF = ["M2.5 3v10", "M5.5 3v10", "M8.5 3.5l3.5 9.5"], HIGH = 24;

class Library extends HTMLElement {
  #turn = button("Library", () => this.#show(this.hidden, true), icon(...SHELF));
  #search = make("input", { type: "search", placeholder: "Search", "aria-label": "Search the library",
                            autocomplete: "off", spellcheck: false });
  #list = make("nav", { "aria-label": "Records" });
  #shelf = new Shelf((id) => this.#openBy(id));
  /** @type {Item[]} */
  #items = [];
  /** The place that is shown when its record comes. @type {{id: string, at: number}|null} */
  #wanted = null;
  /** Pictures that were asked for. @type {Map<string, Promise<Picture>>} */
  #pictures = new Map();
  #seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) this.#draw(/** @type {HTMLElement} */ (entry.target));
  });

  connectedCallback() {
    this.hidden = true;
    this.setAttribute("role", "complementary");
    this.setAttribute("aria-label", "Library");
    this.append(make("div", { class: "search" }, this.#search), this.#list, this.#shelf.element,
      alike((id, at) => this.#openBy(id, at)));
    document.getElementById("bar")?.prepend(this.#turn);
    this.#search.addEventListener("input", () => this.#fill());
    this.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("focus", () => this.#load());
    store.addEventListener("export", () => { if (store.exported?.stage === "exported") this.#load(); });
    store.addEventListener("record", () => this.#arrive());
    store.addEventListener("broken", () => this.#fill());
    this.#load(true);
  }

  /** @param {boolean} [isFirst] */
  async #load(isFirst = false) {
    try {
      const { items } = await (await ask("/api/library")).json();
      const before = JSON.stringify(this.#items);
      this.#items = items;
      this.classList.toggle("alone", items.length < 2);
      if (JSON.stringify(items) !== before) this.#fill();
      const kept = localStorage.getItem(KEY);
      if (isFirst) this.#show(kept ? kept === "open" : items.length > 1 && !matchMedia(NARROW).matches);
      else if (!this.hidden) this.#shelf.load();
    } catch {
      // the page says already that the studio is gone
    }
  }

  /** @param {boolean} isOpen @param {boolean} [byHand] */
  #show(isOpen, byHand = false) {
    this.hidden = !isOpen;
    this.#turn.setAttribute("aria-expanded", String(isOpen));
    // What somebody wants to hear comes first: folders are looked through when nothing else is to be done.
    if (isOpen) later(() => this.#shelf.load());
    if (!byHand) return;
    localStorage.setItem(KEY, isOpen ? "open" : "closed");
    if (isOpen) this.#search.focus();
  }

  #fill() {
    const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.#items.filter(({ title, folder }) => words.every((word) =>
      `${folder}/${title}`.toLowerCase().includes(word)));
    const shown = [];
    let folder = "";
    const several = new Set(this.#items.map((item) => item.folder)).size > 1;
    for (const item of found) {
      if (several && item.folder !== folder) shown.push(make("h3", {}, item.folder));
      folder = item.folder;
      shown.push(this.#item(item));
    }
    if (!found.length) shown.push(make("p", { class: "faint" }, "Nothing here is called so."));
    this.#list.replaceChildren(...shown);
    this.#shelf.filter(words);
    this.#mark();
  }

  /** @param {Item} item */
  #item(item) {
    const why = store.broken.get(item.id), kind = item.live ? "live" : item.session ? "session" : "";
    const marks = why ? [sentence(why)] : [kind, item.project ? "edited" : ""].filter(Boolean);
    const one = make("button", { type: "button", class: "item", "data-id": item.id, onclick: () => this.#open(item) },
      make("span", { class: "title" }, item.title), make("span", { class: "length faint" }),
      make("span", { class: "picture" }), make("span", { class: "marks faint" }, marks.join(", ")));
    one.classList.toggle("broken", Boolean(why));
    this.#seen.observe(one);
    return one;
  }

  /** @param {HTMLElement} one */
  async #draw(one) {
    this.#seen.unobserve(one);
    const id = one.dataset.id ?? "";
    if (!this.#pictures.has(id)) {
      const url = `/api/picture?record=${encodeURIComponent(id)}`;
      this.#pictures.set(id, ask(url).then((answer) => answer.json()).catch(() => ({ heights: [], seconds: null })));
    }
    const { heights, seconds, fault } = await /** @type {Promise<Picture>} */ (this.#pictures.get(id));
    if (fault && !store.broken.has(id)) return store.tellBroken(id, fault);
    /** @type {HTMLElement} */ (one.querySelector(".length")).textContent = seconds === null ? "" : inMinutes(seconds);
    if (!heights.length) return;
    const drawn = icon(heights.map((height, at) => {
      const size = Math.max(0.5, HIGH / 2 * height / 255);
      return `M${at + 0.5} ${HIGH / 2 - size}v${2 * size}`;
    }).join(""));
    drawn.setAttribute("viewBox", `0 0 ${heights.length} ${HIGH}`);
    drawn.setAttribute("preserveAspectRatio", "none");
    one.querySelector(".picture")?.replaceChildren(drawn);
  }

  /** @param {Item} item @param {boolean} [isBack] to the one before, since another cannot be opened: if this one cannot
   * either, there it ends */
  #open(item, isBack = false) {
    if (item.id === recordId()) return;
    history.replaceState(null, "", `/?record=${item.id}`);
    const live = /** @type {import("./live.js").Live|null} */ (document.querySelector("chop-live"));
    const before = this.#items.find((one) => one.id === recordId());
    const back = isBack ? null : () => {
      const why = store.trouble;
      if (before) this.#open(before, true);
      store.complain(why);
    };
    if (item.live && live) live.follow(item.id);
    else open(item.id, back);
    this.#mark();
  }

  /** Open a record, and show a place in it. @param {string} id @param {number} [at] */
  #openBy(id, at) {
    const item = this.#items.find((one) => one.id === id);
    this.#wanted = at === undefined ? null : { id, at };
    if (item) this.#open(item);
  }

  #arrive() {
    this.#mark();
    if (this.#wanted?.id !== recordId()) return;
    const { at } = this.#wanted, { rate } = store.record;
    this.#wanted = null;
    view.show(at - BEFORE * rate, at + AFTER * rate);
    store.moveCursor(at);
  }

  #mark() {
    for (const one of this.#list.querySelectorAll("button")) {
      if (one.dataset.id === recordId()) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    }
  }

  /** Walk along what is in it by up and down. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = [this.#search, ...this.querySelectorAll("button")];
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    all[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}

/** @param {number} seconds */
function inMinutes(seconds) {
  const whole = Math.round(seconds), hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  const rest = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

customElements.define("chop-library", Library);
