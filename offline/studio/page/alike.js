// Places that sound like the selected slice, the nearest first: one press plays one, another makes it a chop.

import { button, icon, make } from "./dom.js";
import { elsewhere } from "./elsewhere.js";
import { address, ask } from "./server.js";
import { add } from "./snap.js";
import { press } from "./sound.js";
import { store } from "./store.js";
import { view } from "./view.js";
import { clock } from "./words.js";

/** @import {Pad} from "./types.js" */
/** @typedef {{start: number, stop: number, likeness: number}} Place */

const PLUS = "M8 3.5v9M3.5 8h9";
/** Of what is heard and lies on no pad. */
const NO_NOTE = -1;

/** Make the list. @param {(record: string, at: number) => void} open shows a place in another record */
export function alike(open) {
  const list = make("div", { class: "places" }), name = make("h3");
  const clear = () => {
    list.replaceChildren();
    others.clear();
  };
  const find = make("button", { type: "button" }, "This record");
  const others = elsewhere(open, clear);
  const all = make("section", { class: "alike", "aria-label": "Like the selected slice" },
    name, make("div", { class: "seek" }, find, others.find), list, others.element);

  /** @param {Place} place */
  const one = ({ start, stop, likeness }) => {
    const pad = store.pads.find((other) => other.start === start), { rate } = store.record;
    const heard = make("button", { type: "button", class: "place" },
      make("span", {}, clock(start, rate)), make("span", { class: "faint" }, pad?.pad ?? ""),
      make("span", { class: "faint" }, `${Math.round(100 * likeness)} %`));
    heard.addEventListener("click", () => {
      const said = { note: NO_NOTE, start, stop, gain_db: null, play: "one-shot", choke: null };
      view.reveal(start);
      store.moveCursor(start);
      press(pad ?? /** @type {Pad} */ (/** @type {unknown} */ (said)));
    });
    const more = button(`A chop at ${clock(start, rate)}`, async () => {
      if (await add(start)) more.hidden = true;
    }, icon(PLUS));
    more.hidden = Boolean(pad);
    return make("div", { class: "row" }, heard, more);
  };

  find.addEventListener("click", async () => {
    const { pad } = store;
    if (!pad) return;
    clear();
    try {
      const { places } = await (await ask(address("similar", { at: pad.start }))).json();
      if (store.pad?.start === pad.start) list.replaceChildren(...places.map(one));
    } catch (error) {
      store.complain(/** @type {Error} */ (error).message);
    }
  });
  store.watch(["selected", "record"], () => {
    all.hidden = !store.pad;
    clear();
  });
  store.watch(["selected", "pads"], () => {
    name.textContent = store.pad ? `Find what is like ${store.pad.name ?? store.pad.pad} in` : "";
  });
  return all;
}
