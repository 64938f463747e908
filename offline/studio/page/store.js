// What the page knows of the record, and what is selected. Nothing here is decided: that is the server's project.
//
//   "record" "project" "pads" "candidates" "grid" "kit" "conflicts" "messages"
//                 a section is another
//   "found"       attacks, drums or chords are       "job"      how far the detectors are
//   "selected"    another pad or place               "cursor"   where playing begins
//   "trouble"     a sentence to show                 "playing"  pads that sound
//   "head"        what sounds has come further       "snap"     cuts go elsewhere from now on
//   "broken"      another record cannot be opened
//   "remark"      what came of an edit, to know
//   "tags"        it is known what is in more slices

/** @import {Sections, Found, Job, Pad, Snap} from "./types.js" */

/** Of a record that nothing is known of. @type {Sections} */
export const EMPTY = {
  record: { name: "", file: "", rate: 44100, channels: 1, length: 0 },
  project: { chops: [], deleted: [], grid: {}, kit: {}, undo: null, redo: null },
  pads: [],
  candidates: [],
  grid: { beats: [], tempo: null, key: null },
  kit: { options: { choose: "auto" }, most: 16, weight: 0.25,
         found: null, figures: {}, at_bars: null, alone: 0, shape: "" },
  conflicts: [],
  messages: [],
};

class Store extends EventTarget {
  /** Sections as the server keeps them. @type {Sections} */
  #kept = { ...EMPTY };
  /** Sections as they would be after a gesture that goes on; null where none does. @type {Partial<Sections>|null} */
  #preview = null;
  /** @type {Found} */
  found = { attacks: [], drums: [], chords: [], key: null, curve: null };
  /** @type {Job|null} */
  job = null;
  /** A model that learns, or did. @type {import("./types.js").Taught|null} */
  taught = null;
  /** A kit that is being made, or was. @type {import("./types.js").Exported|null} */
  exported = null;
  /** Where the selected slice begins, samples; null for none. @type {number|null} */
  selected = null;
  /** What is wrong with records that could not be opened, by their ids. @type {Map<string, string>} */
  broken = new Map();
  cursor = 0;
  /** Which sample is heard, null where all is quiet. @type {number|null} */
  head = null;
  /** Where a cut goes that somebody moves. @type {Snap} */
  snap = "attack";
  trouble = "";
  remark = "";
  /** Notes of pads that sound. @type {Set<number>} */
  playing = new Set();

  /** @template {keyof Sections} Name @param {Name} name @returns {Sections[Name]} */
  get(name) {
    return /** @type {Sections[Name]} */ (this.#preview?.[name] ?? this.#kept[name]);
  }

  get record() { return this.get("record"); }
  get project() { return this.get("project"); }
  get pads() { return this.get("pads"); }
  get candidates() { return this.get("candidates"); }
  get grid() { return this.get("grid"); }
  get kit() { return this.get("kit"); }

  /** Take sections from the server. @param {Partial<Sections>} sections */
  take(sections) {
    const before = this.pad;
    this.#preview = null;
    Object.assign(this.#kept, sections);
    const after = before && !sections.record ? this.#same(before) : this.pad;
    this.#tell(sections);
    this.select(after?.start ?? null);
  }

  /** Show what would be, or, with null, what is again. @param {Partial<Sections>|null} sections */
  preview(sections) {
    const before = this.#preview;
    this.#preview = sections;
    this.#tell({ ...before, ...sections });
  }

  /** Whether what is shown is what a gesture would make. */
  get isPreviewed() { return this.#preview !== null; }

  /** The selected slice, also while a gesture moves it. @returns {Pad|undefined} */
  get pad() {
    if (this.selected === null) return undefined;
    const kept = this.#kept.pads.find((pad) => pad.start === this.selected);
    return kept && this.#preview?.pads ? this.#same(kept) : kept;
  }

  /** Find a slice among those that are shown, wherever it was moved. @param {Pad} pad @returns {Pad|undefined} */
  #same(pad) {
    return (
      this.pads.find((one) => pad.chop !== null && one.chop === pad.chop) ??
      this.pads.find((one) => one.start === pad.start) ??
      this.pads.find((one) => one.origin === pad.start || one.start === pad.origin) ??
      this.pads.find((one) => one.origin !== null && one.origin === pad.origin)
    );
  }

  /** Select the slice that begins at a sample, or nothing. @param {number|null} start */
  select(start) {
    if (start === this.selected) return;
    this.selected = start;
    this.tell("selected");
  }

  /** @param {Snap} snap */
  snapTo(snap) {
    this.snap = snap;
    this.tell("snap");
  }

  /** @param {number} sample */
  moveCursor(sample) {
    this.cursor = Math.max(0, Math.min(this.record.length, Math.round(sample)));
    this.tell("cursor");
  }

  /** Say which sample is heard now, null for none. @param {number|null} sample */
  moveHead(sample) {
    if (sample === this.head) return;
    this.head = sample;
    this.tell("head");
  }

  /** Show a sentence where people look, "" for none. @param {string} sentence */
  complain(sentence) {
    this.trouble = sentence;
    this.tell("trouble");
  }

  /** Say what came of an edit, until the next one. @param {string} sentence */
  say(sentence) {
    if (sentence === this.remark) return;
    this.remark = sentence;
    this.tell("remark");
  }

  /** Note that a record cannot be opened, and why. @param {string} id @param {string} why */
  tellBroken(id, why) {
    this.broken.set(id, why);
    this.tell("broken");
  }

  /** Note how far a training is, or what came of it. @param {import("./types.js").Taught|null} taught */
  tellTeach(taught) {
    this.taught = taught;
    this.tell("teach");
  }

  /** Note how far an export is, or what came of it. @param {import("./types.js").Exported|null} exported */
  tellExport(exported) {
    this.exported = exported;
    this.tell("export");
  }

  /** @param {string} name */
  tell(name) {
    this.dispatchEvent(new Event(name));
  }

  /** Call a function at once, and whenever some of these are others: once for all that change together.
   * @param {string[]} names @param {() => void} show */
  watch(names, show) {
    let due = false;
    const later = () => {
      if (due) return;
      due = true;
      queueMicrotask(() => {
        due = false;
        show();
      });
    };
    for (const name of names) this.addEventListener(name, later);
    show();
  }

  /** @param {object} sections */
  #tell(sections) {
    for (const name of Object.keys(sections)) this.tell(name);
  }
}

export const store = new Store();
