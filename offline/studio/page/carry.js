// Pads that are carried: onto another one, with which they swap places, or out of the page, as a wav file.

import { address, edit, meant } from "./server.js";
import { store } from "./store.js";

/** @import {PadsView} from "./pads.js" */
/** @import {Command, Pad} from "./types.js" */

const KIND = "application/x-samplechop-pad";
/** Milliseconds that a finger rests on a pad before it lifts it. */
const LIFT_MS = 350;

/** Give the commands that bring a slice to a note, and what is there to its place.
 * @param {Pad} pad @param {number} note @returns {Command[]} */
export function swapped(pad, note) {
  const other = store.pads.find((one) => one.note === note);
  /** @type {(one: Pad, to: number) => Command} */
  const give = (one, to) => ({ do: "pad", ...meant(one), note: to });
  if (!other) return [give(pad, note)];
  if (pad.pinned && other.pinned) return [{ do: "swap", chop: pad.chop, with: other.chop }];
  // What has a note of its own leaves it first, or it would be taken.
  return other.pinned ? [give(other, pad.note), give(pad, note)] : [give(pad, note), give(other, pad.note)];
}

/** @param {Pad} pad @param {number} note */
const swap = (pad, note) => pad.note === note ? Promise.resolve(false) : edit(...swapped(pad, note));

/** Name the file of a slice. @param {Pad} pad */
export const fileName = (pad) => `${store.record.name}_${pad.pad || pad.note}.wav`.replace(/[^\w.()+ -]/g, "_");

/** The address of a slice as a wav file. @param {Pad} pad */
export const fileAddress = (pad) => address("slice", { note: pad.note });

/** Let pads be carried. @param {PadsView} pads @param {HTMLElement} grid */
export function carryOn(pads, grid) {
  const over = (/** @type {Element|null} */ slot) => {
    for (const one of grid.querySelectorAll(".over")) if (one !== slot) one.classList.remove("over");
    slot?.classList.add("over");
  };
  /** @type {Pad|undefined} */
  let carried;

  grid.addEventListener("dragstart", (event) => {
    const slot = /** @type {Element} */ (event.target).closest(".pad"), pad = pads.at(pads.placeOf(slot));
    if (!pad || !event.dataTransfer || !slot) return;
    carried = pad;
    slot.classList.add("lifted");
    event.dataTransfer.effectAllowed = "copyMove";
    event.dataTransfer.setData(KIND, String(pad.note));
    event.dataTransfer.setData("DownloadURL", `audio/wav:${fileName(pad)}:${location.origin}${fileAddress(pad)}`);
  });
  grid.addEventListener("dragover", (event) => {
    const slot = /** @type {Element} */ (event.target).closest(".pad");
    if (!carried || !slot || !event.dataTransfer) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    over(slot);
  });
  grid.addEventListener("drop", (event) => {
    const place = pads.placeOf(/** @type {Element} */ (event.target));
    if (!carried || place < 0) return;
    event.preventDefault();
    swap(carried, pads.note(place));
  });
  grid.addEventListener("dragleave", (event) => {
    if (!grid.contains(/** @type {Node|null} */ (event.relatedTarget))) over(null);
  });
  grid.addEventListener("dragend", () => end());
  const end = () => {
    carried = undefined;
    over(null);
    for (const one of grid.querySelectorAll(".lifted")) one.classList.remove("lifted");
  };

  // Fingers drum, and do not drag by chance: one that rests on a pad lifts it, and carries it from then on.
  let finger = -1, resting = 0;
  grid.addEventListener("pointerdown", (event) => {
    const slot = /** @type {Element} */ (event.target).closest(".pad"), pad = pads.at(pads.placeOf(slot));
    if (event.pointerType === "mouse" || !pad || finger >= 0) return;
    finger = event.pointerId;
    resting = setTimeout(() => { carried = pad; slot?.classList.add("lifted"); }, LIFT_MS);
  });
  const under = (/** @type {PointerEvent} */ event) => {
    const slot = document.elementFromPoint(event.clientX, event.clientY)?.closest(".pad");
    return slot && grid.contains(slot) ? slot : null;
  };
  grid.addEventListener("pointermove", (event) => {
    if (event.pointerId !== finger) return;
    if (carried) over(under(event));
    else if (!under(event)?.contains(/** @type {Node} */ (event.target))) clearTimeout(resting);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    addEventListener(name, (given) => {
      const event = /** @type {PointerEvent} */ (given);
      if (event.pointerId !== finger) return;
      const place = pads.placeOf(under(event));
      if (carried && name === "pointerup" && place >= 0) swap(carried, pads.note(place));
      clearTimeout(resting);
      finger = -1;
      end();
    });
  }
}
