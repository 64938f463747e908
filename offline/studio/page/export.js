// A kit is made of what is on the page, as samplechop chop makes it: formats, progress, where it is, files to drag out.

import { button, make } from "./dom.js";
import { advance, panel } from "./panel.js";
import { address, ask, edit, post, recordId } from "./server.js";
import { store } from "./store.js";
import { counted, sentence } from "./words.js";

/** @typedef {{name: string, opens_in: string, chosen: boolean}} Format */

/** Formats that every kit has. */
const ALWAYS = ["wav", "json"];
const KINDS = /** @type {{[ending: string]: string}} */ ({ mid: "audio/midi", zip: "application/zip" });

class Export extends HTMLElement {
  #opener = make("button", { type: "button" }, "Export");
  #panel = panel("export-panel", "Export a kit", this.#opener, () => this.#load());
  #name = make("input", { type: "text", "aria-label": "Name of the kit's folder", spellcheck: false,
                          autocomplete: "off", maxlength: 100 });
  #folder = make("span", { class: "faint path" });
  #formats = make("div", { class: "formats", role: "group", "aria-label": "Formats" });
  #go = make("button", { type: "button", class: "main", onclick: () => this.#export() }, "Export");
  #line = make("progress", { max: 1, "aria-label": "Progress of the export" });
  #stage = make("span", { class: "faint" });
  #going = make("div", { class: "acts" }, this.#line, this.#stage, button("Stop", () => this.#stop()));
  /** Where the files are, if nothing here shows them. */
  #nowhere = make("p", { class: "trouble path", role: "alert", hidden: true });
  #said = make("div", { class: "said-of-kit", role: "status" });
  /** Formats that are chosen where nobody chose. @type {string} */
  #usual = "";

  connectedCallback() {
    this.append(this.#opener);
    this.#panel.body.append(
      make("label", { class: "place" }, make("span", { class: "faint" }, "Name"), this.#name), this.#folder,
      this.#formats, make("div", { class: "acts" }, this.#go),
      this.#going, this.#said);
    store.watch(["export"], () => this.#show());
    store.watch(["pads"], () => {
      this.#go.textContent = `Export ${counted(store.pads.length, "slice")}`;
      this.#go.setAttribute("aria-disabled", String(!store.pads.length));
    });
    store.addEventListener("record", () => { if (this.#panel.isOpen) this.#load(); });
  }

  async #load() {
    try {
      const { formats, folder, name } = await (await ask(address("formats"))).json();
      this.#name.value = name;
      this.#folder.textContent = `in ${folder}`;
      const known = /** @type {Format[]} */ (formats);
      this.#usual = String(known.filter((one) => one.chosen).map((one) => one.name));
      this.#formats.replaceChildren(...known.map((one) => make("label", {},
        make("input", { type: "checkbox", value: one.name, checked: one.chosen, disabled: ALWAYS.includes(one.name) }),
        make("span", {}, make("strong", {}, one.name), " ", make("span", { class: "faint" }, one.opens_in)))));
    } catch (error) {
      store.complain(/** @type {Error} */ (error).message);
    }
  }

  /** @param {{place?: string, replace?: boolean}} [how] */
  async #export(how = {}) {
    if (!store.pads.length) return;
    const chosen = [...this.#formats.querySelectorAll("input")].filter((one) => one.checked).map((one) => one.value);
    if (String(chosen) !== this.#usual) {  // kept with the record, so that it is so tomorrow, and on the command line
      const formats = chosen.filter((name) => !ALWAYS.includes(name));
      if (!await edit({ do: "formats", formats: formats.length ? formats : ["wav"] })) return;
      this.#usual = String(chosen);
    }
    try {
      const said = await post("export", { record: recordId(), place: this.#name.value.trim(), ...how });
      if (said.taken) this.#ask(said.taken, said.free);
    } catch (error) {
      this.#say(make("p", { class: "trouble" }, `${sentence(/** @type {Error} */ (error).message)}.`));
    }
  }

  #stop() {
    post("export/stop", { record: recordId() }).catch((error) => store.complain(error.message));
  }

  /** Say that a kit is there, and offer what can be done. @param {string} taken @param {string} free */
  #ask(taken, free) {
    const instead = button(`Export as ${free}`, () => {
      this.#name.value = free;
      this.#export({ place: free });
    });
    this.#say(make("p", {}, `There is a kit called ${taken} already.`),
      make("div", { class: "acts" },
        button("Replace it", () => this.#export({ place: taken, replace: true })), instead));
    instead.focus();
  }

  #show() {
    const job = store.exported, isGoing = job !== null && job.done !== undefined;
    this.#going.hidden = !isGoing;
    this.#go.hidden = isGoing;
    if (!job) this.#say();
    else if (isGoing) {
      advance(this.#line, job);
      this.#stage.textContent = sentence(job.stage);
      this.#say();
    } else if (job.error) this.#say(make("p", { class: "trouble" }, `${sentence(job.error)}.`));
    else if (job.stage === "exported") this.#tell(job);
    else this.#say(make("p", { class: "faint" }, "Stopped. Nothing was written."));
  }

  /** @param {import("./types.js").Exported} job */
  #tell(job) {
    this.#nowhere.hidden = true;
    const { kit } = job, name = encodeURIComponent(kit);
    const out = [this.#file(`${kit}.zip`, `/api/kit?name=${name}`)];
    const midi = (job.files ?? []).find((file) => file.endsWith(".mid"));
    if (midi) out.push(this.#file(midi, `/api/kit/file?name=${name}&file=${encodeURIComponent(midi)}`));
    this.#say(
      make("p", {}, `${counted(job.slices ?? 0, "slice")}, as ${["wav", ...job.formats ?? []].join(", ")}, in `,
        make("span", { class: "path" }, job.folder ?? "")),
      make("div", { class: "acts" }, button("Show the files", () => this.#reveal(kit)), ...out), this.#nowhere,
      make("p", { class: "faint" }, "Drag a file from here into your DAW, or press it to save it."),
      ...(job.warnings ?? []).map((warning) => make("p", { class: "faint" }, `${sentence(warning)}.`)));
  }

  /** Make a file that is dragged out of the page. @param {string} name @param {string} path */
  #file(name, path) {
    const file = make("a", { class: "file", href: path, download: name, draggable: "true" }, name);
    file.addEventListener("dragstart", (event) => {
      const kind = KINDS[name.split(".").at(-1) ?? ""] ?? "application/octet-stream";
      event.dataTransfer?.setData("DownloadURL", `${kind}:${name}:${location.origin}${path}`);
    });
    return file;
  }

  /** @param {string} kit */
  #reveal(kit) {
    post("reveal", { name: kit }).catch((error) => {
      this.#nowhere.textContent = `${sentence(error.message)}.`;
      this.#nowhere.hidden = false;
      this.#nowhere.scrollIntoView({ block: "nearest" });
    });
  }

  /** @param {...Node} inside */
  #say(...inside) { this.#said.replaceChildren(...inside); }
}

customElements.define("chop-export", Export);
