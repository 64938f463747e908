// The keyboard: pads by the place of a key, commands by what is printed on it. Other keys belong to their parts: tempo
// and bars in grid.js, the kit's in kit.js, undo in bar.js, the list of all in help.js.

import { isTyping } from "./dom.js";
import { PAD_CODES } from "./keycaps.js";
import { beatLength } from "./measures.js";
import { nudgeOn, settle } from "./nudges.js";
import { firstAt, ofPad } from "./places.js";
import { edit, isGrowing, meant } from "./server.js";
import { addAt, landing, removeSelected, toNext } from "./snap.js";
import { heardNow, hush, isListening, listen, press, release, stopListening } from "./sound.js";
import { store } from "./store.js";
import { view } from "./view.js";

/** @import {PadsView} from "./pads.js" */
/** @import {SliceView} from "./slice.js" */

const ZOOM = 1.6;
/** A mark that is set by ear snaps to what is no further away. */
const EAR_SECONDS = 0.12;
const OWN_ARROWS = "input, select, [role=slider], [role=listbox], [role=menu]";
/** What goes on by arrows where a pointer left it. */
const SLIDES = "input[type=range]";
const OWN_PRESS = "button, a[href], input, select, summary, [role=button]";

/** Notes that keys hold, by code. @type {Map<string, number>} */
const held = new Map();
/** Whether what has the focus got it from a pointer: then keys are the page's, not that part's. */
let byPointer = false;

const pads = () => /** @type {PadsView} */ (document.querySelector("chop-pads"));
const inspector = () => /** @type {SliceView} */ (document.querySelector("chop-slice"));

/** What is moved by an arrow or bracket, samples. @param {KeyboardEvent} event @param {number} at */
const step = (event, at) =>
  event.altKey ? 1 : event.shiftKey ? beatLength(at) : Math.max(1, Math.round(store.record.rate / 1000));

/** @param {KeyboardEvent} event @param {-1|1} direction */
function arrow(event, direction) {
  if (event.ctrlKey || event.metaKey) toNext(direction);
  else if (store.pad) nudgeOn("start", direction * step(event, store.pad.start));
  else store.moveCursor(store.cursor + direction * step(event, store.cursor));
}

/** @param {KeyboardEvent} event @param {-1|1} direction */
function bracket(event, direction) {
  if (store.pad) nudgeOn("end", direction * step(event, store.pad.stop));
}

/** Where the slice began that was selected last. */
let last = 0;
store.addEventListener("selected", () => { last = store.selected ?? last; });

/** Select the slice before or after, also of one that is gone. @param {-1|1} direction */
function walk(direction) {
  const { pads: all, pad } = store;
  const now = pad ? all.indexOf(pad) : firstAt(all, last, ofPad) - (direction > 0 ? 1 : 0);
  const next = all[Math.max(0, Math.min(all.length - 1, now + direction))];
  if (next) pads().play(next, true);
}

/** Zoom at what is worked at, if it is on the screen. @param {number} factor */
function zoom(factor) {
  const at = view.x(store.pad?.start ?? store.cursor);
  view.zoom(factor, at >= 0 && at <= view.width ? at : undefined);
}

function mark() {
  if (isGrowing()) return undefined;  // live.js marks what is heard
  const heard = isListening() ? heardNow() : null;
  if (heard === null) return addAt(store.cursor);
  const { at } = landing(heard);
  return addAt(Math.abs(at - heard) <= EAR_SECONDS * store.record.rate ? at : Math.round(heard));
}

function lock() {
  const pad = store.pad;
  if (pad) edit({ do: pad.locked ? "unlock" : "lock", ...meant(pad) });
}

/** Commands by KeyboardEvent.key. @type {{[key: string]: () => unknown}} */
const LETTERS = {
  m: mark, l: lock, n: () => inspector().rename(), Backspace: removeSelected, Delete: removeSelected,
  ",": () => zoom(ZOOM), ".": () => zoom(1 / ZOOM), ArrowUp: () => walk(-1), ArrowDown: () => walk(1),
  PageUp: () => pads().turn(1), PageDown: () => pads().turn(-1), Escape: hush,
};
/** Those that go on while a key is held. */
const REPEATED = new Set([",", ".", "ArrowUp", "ArrowDown"]);
/** Keys whose place counts, as few keyboards have brackets without AltGr. @type {{[code: string]: -1|1}} */
const BRACKETS = { BracketLeft: -1, BracketRight: 1 };

/** Whether the part that has the focus uses a key itself. @param {KeyboardEvent} event @param {string} parts */
const isOwn = (event, parts) => event.target instanceof Element && event.target.closest(parts) !== null &&
  (!byPointer || event.target.matches(SLIDES));

/** Find what a key does; null for nothing here. @param {KeyboardEvent} event @returns {(() => unknown)|null} */
function command(event) {
  const { key, code } = event, isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    return isOwn(event, OWN_ARROWS) ? null : () => arrow(event, key === "ArrowLeft" ? -1 : 1);
  }
  if (code in BRACKETS && !event.ctrlKey && !event.metaKey) return () => bracket(event, BRACKETS[code]);
  if (!isPlain) return null;
  const place = PAD_CODES.indexOf(code);
  if (place >= 0) return () => padKey(event, place);
  if (key === " " || key === "Enter") {
    if (isOwn(event, OWN_PRESS)) return null;
    return event.repeat ? () => {} : key === " " ? playOrStop : () => playSelected(code);
  }
  const does = LETTERS[key.length === 1 ? key.toLowerCase() : key];
  if (!does || (isOwn(event, OWN_ARROWS) && key.length > 1 && key !== "Escape")) return null;
  return event.repeat && !REPEATED.has(key) ? () => {} : does;
}

const playOrStop = () => isListening() ? stopListening() : listen(store.cursor);

/** @param {string} code */
function playSelected(code) {
  const pad = store.pad;
  if (!pad) return;
  held.set(code, pad.note);
  press(pad);
}

/** @param {KeyboardEvent} event @param {number} place */
function padKey(event, place) {
  const pad = pads().at(place);
  if (!pad || event.repeat) return;
  if (!event.shiftKey) held.set(event.code, pad.note);
  pads().play(pad, event.shiftKey);
}

// Before all others: a key that plays a pad is no letter besides, whatever is printed on it.
addEventListener("keydown", (event) => {
  if (["Tab", "ArrowUp", "ArrowDown"].includes(event.key)) byPointer = false;
  if (event.defaultPrevented || event.isComposing || isTyping(event) || !store.record.length) return;
  const does = command(event);
  if (!does) return;
  if (event.key !== "Escape") event.preventDefault();
  does();
}, { capture: true });

addEventListener("keyup", (event) => {
  if (event.key.startsWith("Arrow") || event.code in BRACKETS) settle();
  const note = held.get(event.code);
  held.delete(event.code);
  if (note !== undefined) release(note);
}, { capture: true });

addEventListener("blur", () => {
  for (const note of held.values()) release(note);
  held.clear();
});
addEventListener("pointerdown", () => { byPointer = true; }, { capture: true, passive: true });
// What was chosen from a list by the mouse leaves the keys to the page again.
addEventListener("change", ({ target }) => { if (byPointer && target instanceof HTMLSelectElement) target.blur(); });
