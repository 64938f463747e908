// A panel beside the page's work: opened by a button, closed by it, its cross or Escape. It blocks nothing. The focus
// goes back to where it came from.

import { closer, make } from "./dom.js";

/** Make a panel. @param {string} id @param {string} title
 * @param {HTMLButtonElement|null} opener null where several open it: each says so by `show`
 * @param {() => void} [opened] is called when it is opened
 * @returns {{body: HTMLElement, show: (isOpen: boolean, by?: HTMLElement) => void, readonly isOpen: boolean}} */
export function panel(id, title, opener, opened = () => {}) {
  /** @type {HTMLElement|null} */
  let from = opener;
  const body = make("div", { class: "body" });
  const all = make("section", { id, class: "panel", role: "region", "aria-label": title, tabindex: -1, hidden: true },
    make("div", { class: "head" }, make("h2", {}, title), closer(() => show(false))), body);
  document.body.append(all);

  /** @param {boolean} isOpen @param {HTMLElement} [by] what opens it, and is gone back to */
  function show(isOpen, by) {
    from = by ?? from;
    if (isOpen) for (const other of document.querySelectorAll(".panel")) other.dispatchEvent(new Event("another"));
    const focus = document.activeElement;
    if (!isOpen && (all.contains(focus) || focus === document.body)) from?.focus();
    all.hidden = !isOpen;
    opener?.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    opened();
    all.focus();
  }

  opener?.setAttribute("aria-controls", id);
  opener?.setAttribute("aria-expanded", "false");
  opener?.addEventListener("click", () => show(all.hidden, opener));
  all.addEventListener("another", () => { if (!all.hidden) show(false); });
  addEventListener("keydown", (event) => { if (event.key === "Escape" && !all.hidden) show(false); });
  return { body, show, get isOpen() { return !all.hidden; } };
}

/** Show how far something is. @param {HTMLProgressElement} line @param {{done?: number, length?: number}} job */
export function advance(line, { done, length }) {
  if (done === undefined || !length) line.removeAttribute("value");
  else line.value = done / length;
}
