// Which keys play pads: sixteen by their place on the keyboard, whatever is printed on them.

/** Codes of keys from pad 1 on, the lowest row first, as an MPC counts. */
export const PAD_CODES = [
  ...["KeyZ", "KeyX", "KeyC", "KeyV"],
  ...["KeyA", "KeyS", "KeyD", "KeyF"],
  ...["KeyQ", "KeyW", "KeyE", "KeyR"],
  ...["Digit1", "Digit2", "Digit3", "Digit4"],
];

/** @type {Map<string, string>} */
let printed = new Map();

/** What is printed on a key, as far as the browser says so; else on an American keyboard. @param {string} code */
export const cap = (code) => (printed.get(code) ?? code.replace(/^Key|^Digit/, "")).toUpperCase();

/** Learn what is printed on the keys, then call a function if it differs. @param {() => void} show */
export async function learnCaps(show) {
  const { keyboard } = /** @type {{keyboard?: {getLayoutMap(): Promise<Map<string, string>>}}} */ (navigator);
  const found = await keyboard?.getLayoutMap().catch(() => null);
  if (!found?.size) return;
  printed = found;
  show();
}
