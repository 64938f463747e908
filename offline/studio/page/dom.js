// Elements made by script, so that no text of a record is ever read as markup.

/** Make an element. Facts whose names begin with "on" are listeners, others attributes; null and false leave one out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {{[name: string]: any}} [facts] @param {...(Node|string)} inside
 * @returns {HTMLElementTagNameMap[Tag]} */
export function make(tag, facts = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...inside);
  return made;
}

/** Draw an icon of 16 × 16 with lines. @param {...string} paths as in SVG */
export function icon(...paths) {
  const space = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(space, "svg");
  drawn.setAttribute("viewBox", "0 0 16 16");
  drawn.setAttribute("aria-hidden", "true");
  for (const path of paths) {
    const line = document.createElementNS(space, "path");
    line.setAttribute("d", path);
    drawn.append(line);
  }
  return drawn;
}

/** Make a button. @param {string} name as a tip and for screen readers, there behind the words that it shows
 * @param {(event: Event) => void} pressed @param {...(Node|string)} inside what it shows, the name if nothing */
export function button(name, pressed, ...inside) {
  const words = inside.filter((one) => typeof one === "string" && /[\p{L}\p{N}]/u.test(one)).join(" ");
  const named = inside.length ? { "aria-label": words ? `${words}: ${name}` : name, title: name } : {};
  return make("button", { type: "button", ...named, onclick: pressed }, ...(inside.length ? inside : [name]));
}

/** Make a cross that closes something. @param {() => void} pressed @param {string} [name] */
export const closer = (pressed, name = "Close") => button(name, pressed, icon("M4 4l8 8M12 4l-8 8"));

/** Call what belongs to a key, unless somebody types or a modifier is held.
 * @param {{[key: string]: () => void}} keys by KeyboardEvent.key, lower case */
export function onKeys(keys) {
  addEventListener("keydown", (event) => {
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    if (event.defaultPrevented || isModified || event.repeat || isTyping(event)) return;
    const does = keys[event.key.toLowerCase()];
    if (!does) return;
    event.preventDefault();
    does();
  });
}

/** Say whether a key goes to a field with text in it. @param {Event} event */
export function isTyping(event) {
  const [target] = event.composedPath();
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
    || (target instanceof HTMLInputElement && !["range", "checkbox", "radio", "button"].includes(target.type))
    || (target instanceof HTMLElement && target.isContentEditable);
}
