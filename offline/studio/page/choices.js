// Choosing one of several words: side by side, or in a list.

import { make } from "./dom.js";

/** Make a row of words of which one is chosen. @param {string} name @param {{[value: string]: string}} words
 * @param {{[value: string]: string}} tips @param {(value: string) => unknown} chosen */
export function choice(name, words, tips, chosen) {
  const labels = Object.entries(words).map(([value, word]) => {
    const radio = make("input", { type: "radio", name, value, class: "unseen" });
    radio.addEventListener("change", () => chosen(value));
    return make("label", { title: tips[value] ? `${word}: ${tips[value]}` : null }, radio, make("span", {}, word));
  });
  return make("div", { class: "switch", role: "radiogroup", "aria-label": name }, ...labels);
}

/** Show which one is chosen. @param {HTMLElement} shown @param {string} value
 * @param {string[]} [without] what cannot be chosen */
export function check(shown, value, without = []) {
  for (const radio of shown.querySelectorAll("input")) {
    radio.checked = radio.value === value;
    radio.disabled = without.includes(radio.value);
  }
}

/** Show options, and which is chosen. @param {HTMLSelectElement} select @param {string[][]} options value and word
 * @param {string} value */
export function fill(select, options, value) {
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.dataset.options = key;
    select.replaceChildren(...options.map(([one, word]) => make("option", { value: one }, word)));
  }
  select.value = value;
}
