// Colours of the theme, asked of the style sheet once for each theme: asking costs a layout.

/** @type {Map<string, string>} */
const known = new Map();
addEventListener("theme", () => known.clear());

/** Give a colour of the theme. @param {string} name as in colours.css, without its dashes */
export function colour(name) {
  let found = known.get(name);
  if (found === undefined) {
    found = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    known.set(name, found);
  }
  return found;
}

/** @type {Map<string, string>} */
const inks = new Map();

/** Give what is legible on a colour, black or white. @param {string} ground #rrggbb */
export function inkOn(ground) {
  let found = inks.get(ground);
  if (found === undefined) {
    const parts = [1, 3, 5].map((at) => parseInt(ground.slice(at, at + 2), 16) / 255);
    const [red, green, blue] = parts.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;  // WCAG 2.2, relative luminance
    found = light > 0.18 ? "#000000" : "#ffffff";
    inks.set(ground, found);
  }
  return found;
}
