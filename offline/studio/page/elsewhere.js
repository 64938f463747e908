// Places of other records that sound like the selected slice, found one record after the other while the page goes on.

import { button, icon, make } from "./dom.js";
import { address, ask } from "./server.js";
import { playAside } from "./sound.js";
import { store } from "./store.js";
import { readWav } from "./wav.js";
import { clock, counted } from "./words.js";

/** @typedef {{record: string, title: string, rate: number, start: number, stop: number, likeness: number}} Place */
/** @typedef {{of: number, done: number, unheard: number, places: Place[]}} Found */

const OPEN = ["M9.5 3H13v3.5", "M13 3 7.5 8.5", "M11 9v4H3V5h4"];
/** Seconds of a place that are played at most. */
const LONGEST = 20;

/** Make the list. @param {(record: string, at: number) => void} open shows a place in its record
 * @param {() => void} begins is called before it is looked for
 * @returns {{find: HTMLButtonElement, element: HTMLElement, clear: () => void}} */
export function elsewhere(open, begins) {
  const list = make("div", { class: "places" });
  const find = make("button", { type: "button" }, "Other records");
  const said = make("p", { class: "faint", role: "status", hidden: true });
  let search = new AbortController();

  /** @param {Place} place */
  function row({ record, title, rate, start, stop, likeness }) {
    const at = clock(start, rate);
    const heard = make("button", { type: "button", class: "place", title: `${title} at ${at}` },
      make("span", { class: "title" }, title), make("span", { class: "faint" }, at),
      make("span", { class: "faint" }, `${Math.round(100 * likeness)} %`));
    heard.addEventListener("click", () => {
      const to = Math.min(stop, start + LONGEST * rate);
      const url = `/api/audio?${new URLSearchParams({ record, from: String(start), to: String(to) })}`;
      playAside(ask(url).then((answer) => answer.arrayBuffer()).then(readWav)).catch(complain);
    });
    return make("div", { class: "row" }, heard,
      button(`Open ${title} at ${at}`, () => open(record, start), icon(...OPEN)));
  }

  /** @param {Found} found */
  function show({ of, done, unheard, places }) {
    const focused = [...list.children].findIndex((one) => one.contains(document.activeElement));
    list.replaceChildren(...places.map(row));
    /** @type {HTMLElement|null|undefined} */ (list.children[focused]?.querySelector(".place"))?.focus();
    const heard = of - unheard;
    const none = heard && !places.length ? `Nothing like it in ${counted(heard, "other record")}. ` : "";
    const rest = unheard ? `${unheard} of ${counted(of, "other record")} ${unheard === 1 ? "was" : "were"} not heard `
      + `yet: open ${unheard === 1 ? "it" : "them"} first.` : "";
    said.textContent = done < of ? `${done} of ${counted(of, "record")} …` : none + rest;
    said.hidden = !said.textContent;
  }

  function clear() {
    search.abort();
    list.replaceChildren();
    said.hidden = true;
  }

  find.addEventListener("click", async () => {
    const { pad } = store;
    if (!pad) return;
    begins();
    const { signal } = search = new AbortController();
    try {
      const answer = await ask(address("similar/elsewhere", { at: pad.start }), { signal });
      for await (const line of linesOf(answer)) show(JSON.parse(line));
    } catch (error) {
      if (!signal.aborted) complain(error);
    }
  });
  return { find, element: make("div", { class: "elsewhere" }, said, list), clear };
}

/** @param {unknown} error */
const complain = (error) => store.complain(/** @type {Error} */ (error).message);

/** Give the lines of an answer as they come. @param {Response} answer */
async function* linesOf(answer) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader(), decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    const lines = (rest + decoder.decode(value, { stream: !done })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (done) return;
  }
}
