// What lies beside the records: kits with their pictures. One press shows a kit large, what it is, and what it is of.

import { button, make } from "./dom.js";
import { panel } from "./panel.js";
import { ask, post, recordId } from "./server.js";
import { store } from "./store.js";
import { counted, sentence } from "./words.js";

/** @typedef {{id: string, title: string, folder: string, slices: number, tempo: string, key: string, source: string,
 *   record: string|null, picture: boolean}} Kit */

/** How the kits of the record that is open are told, beside others. */
const MINE = "of this record";

export class Shelf {
  element = make("nav", { class: "kits", "aria-label": "Kits" });
  #panel = panel("kit-panel", "Kit", null);
  /** @type {Kit[]} */
  #kits = [];
  /** @type {string[]} */
  #words = [];
  /** Opens a record by its id. @type {(id: string) => void} */
  #open;

  /** @param {(id: string) => void} open */
  constructor(open) {
    this.#open = open;
    store.addEventListener("record", () => this.#fill());
  }

  /** Look what there is. */
  async load() {
    try {
      const { kits } = await (await ask("/api/shelf")).json();
      if (JSON.stringify(kits) === JSON.stringify(this.#kits)) return;
      this.#kits = kits;
      this.#fill();
    } catch {
      // the page says already that the studio is gone
    }
  }

  /** Show what has all of these words in its name. @param {string[]} words lower case */
  filter(words) {
    this.#words = words;
    this.#fill();
  }

  #fill() {
    const found = this.#kits.filter(({ title, folder, source }) => this.#words.every((word) =>
      `${folder}/${title} ${source}`.toLowerCase().includes(word)));
    const focused = this.element.contains(document.activeElement)
      ? /** @type {HTMLElement} */ (document.activeElement).dataset.id : null;
    const rows = found.map((kit) => this.#row(kit));
    this.element.replaceChildren(...(found.length ? [make("h3", {}, counted(found.length, "kit"))] : []), ...rows);
    rows.find((row) => row.dataset.id === focused)?.focus();
  }

  /** @param {Kit} kit */
  #row(kit) {
    const { id, title, slices, source, record } = kit;
    const of = record === recordId() ? MINE : source === title || source.startsWith(`${title}.`) ? "" : `of ${source}`;
    const one = make("button", { type: "button", class: "item", "data-id": id },
      make("span", { class: "title" }, title), make("span", { class: "length faint" }, slices ? String(slices) : ""),
      picture(kit, ""), make("span", { class: "marks faint" }, of));
    one.addEventListener("click", () => this.#show(kit, one));
    return one;
  }

  /** @param {Kit} kit @param {HTMLButtonElement} from */
  #show(kit, from) {
    const { id, title, folder, slices, tempo, key, source, record } = kit;
    const facts = [slices ? counted(slices, "slice") : "", tempo ? `${tempo} bpm` : "", key, `in ${folder}`];
    const zip = make("a", { class: "file", href: `/api/kit?kit=${id}`, download: `${title}.zip`, draggable: "true" },
      `${title}.zip`);
    zip.addEventListener("dragstart", (event) => {
      event.dataTransfer?.setData("DownloadURL", `application/zip:${title}.zip:${zip.href}`);
    });
    const trouble = make("p", { class: "trouble", role: "status", hidden: true });
    const acts = make("div", { class: "acts" },
      button("Show the files", () => post("reveal", { kit: id }).catch((error) => {
        trouble.hidden = false;
        trouble.textContent = `${sentence(error.message)}.`;
      })), zip);
    const of = record ? button(source, () => {
      this.#panel.show(false);
      this.#open(record);
    }, "Open its record")
      : make("span", { class: "faint" }, source ? `Its record ${source} was not opened.` : "");
    acts.prepend(of);
    this.#panel.body.replaceChildren(make("h3", {}, title), make("p", { class: "faint" },
      facts.filter(Boolean).join(" · ")), picture(kit, `Picture of the kit ${title}`), acts, trouble);
    this.#panel.show(true, from);
  }
}

/** @param {Kit} kit @param {string} alt */
function picture({ id, picture: is }, alt) {
  const inside = is ? [make("img", { src: `/api/shelf/picture?kit=${id}`, alt, loading: "lazy", draggable: "false",
                                     decoding: "async" })] : [];
  return make("span", { class: "picture" }, ...inside);
}
