// Numbers as people read them.

/** Give a length or place as m:ss.s, or h:mm:ss.s. @param {number} samples @param {number} rate samples a second */
export function clock(samples, rate) {
  const tenths = Math.round(10 * samples / rate);
  const seconds = String(Math.floor(tenths / 10) % 60).padStart(2, "0");
  const minutes = Math.floor(tenths / 600), hours = Math.floor(minutes / 60);
  const front = hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}` : String(minutes);
  return `${front}:${seconds}.${tenths % 10}`;
}

/** Count something. @param {number} number @param {string} one @param {string} [many] */
export const counted = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/** Begin a sentence. @param {string} text */
export const sentence = (text) => text && text[0].toUpperCase() + text.slice(1);
