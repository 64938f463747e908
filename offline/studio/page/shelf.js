// What lies beside the records: kits with their pictures, and atlases. One press shows a kit large, what it is, and
// what it is of; another opens an atlas beside this page.

import { button, icon, make } from "./dom.js";
import { panel } from "./panel.js";
import { ask, post, recordId } from "./server.js";
import { store } from "./store.js";
import { counted, sentence } from "./words.js";

/** @typedef {{id: string, title: string, folder: string, slices: number, tempo: string, key: string, source: string,
 *   record: string|null, picture: boolean}} Kit */
/** @typedef {{id: string, title: string, folder: string, sounds: number}} Atlas */

/** How the kits of the record that is open are told, beside others. */
const MINE = "of this record";
const DOTS = "M3.5 12h.01M6 8.5h.01M4.5 4.5h.01M9 11h.01M9.5 6h.01M12.5 9h.01M12 3.5h.01";

export class Shelf {
  element = make("nav", { class: "kits", "aria-label": "Kits and atlases" });
  #panel = panel("kit-panel", "Kit", null);
  /** @type {Kit[]} */
  #kits = [];
  /** @type {Atlas[]} */
  #atlases = [];
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
      const { kits, atlases } = await (await ask("/api/shelf")).json();
      if (JSON.stringify([kits, atlases]) === JSON.stringify([this.#kits, this.#atlases])) return;
      [this.#kits, this.#atlases] = [kits, atlases];
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
    const named = (/** @type {string} */ name) => this.#words.every((word) => name.toLowerCase().includes(word));
    const found = this.#kits.filter(({ title, folder, source }) => named(`${folder}/${title} ${source}`));
    const atlases = this.#atlases.filter(({ title, folder }) => named(`${folder}/${title}`));
    const focused = this.element.contains(document.activeElement)
      ? /** @type {HTMLElement} */ (document.activeElement).dataset.id : null;
    const rows = found.map((kit) => this.#row(kit));
    const heading = (/** @type {number} */ count, /** @type {string[]} */ ...words) =>
      count ? [make("h3", {}, counted(count, words[0], words[1]))] : [];
    this.element.replaceChildren(...heading(found.length, "kit"), ...rows,
      ...heading(atlases.length, "atlas", "atlases"), ...atlases.map((atlas) => this.#atlas(atlas)));
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

  /** @param {Atlas} atlas */
  #atlas({ id, title, sounds }) {
    const one = make("button", { type: "button", class: "item atlas", title: "Open it in another window" },
      icon(DOTS), make("span", { class: "title" }, title),
      make("span", { class: "length faint" }, sounds ? counted(sounds, "sound") : ""));
    one.addEventListener("click", () => post("atlas", { atlas: id }).catch((error) => store.complain(error.message)));
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
