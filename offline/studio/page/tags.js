// What is in slices: chord and drum, as the kit tags them. Each slice is asked about once, as soon as the record was
// heard; a slider goes by many.

import { address, ask, isGrowing } from "./server.js";
import { store } from "./store.js";

/** Milliseconds without other slices until it is asked about them. */
const QUIET_MS = 120;
const NOTE = / note$/;

/** Chords and drums by "start-stop". @type {Map<string, [chord: string, drum: string]>} */
const known = new Map();
let cutFrom = "", due = 0, asking = false;

/** @param {{start: number, stop: number}} slice */
const key = ({ start, stop }) => `${start}-${stop}`;

/** Write a chord: of a single note the note alone. @param {string} chord */
export const written = (chord) => chord.replace(NOTE, "");

/** Whether what is called a chord is a single note. @param {string} chord */
export const isNote = (chord) => NOTE.test(chord);

/** Give what is in a slice: as it is written, in words, and whether it is a single note and nothing else.
 * @param {{start: number, stop: number}} slice */
export function tagOf(slice) {
  const [chord, drum] = known.get(key(slice)) ?? ["", ""], isOne = isNote(chord);
  const said = isOne ? `note ${written(chord)}` : chord;
  return { text: [written(chord), drum].filter(Boolean).join(" "), words: [said, drum].filter(Boolean).join(", "),
           isNote: isOne && !drum };
}

function look() {
  clearTimeout(due);
  due = setTimeout(() => void find(), QUIET_MS);
}

async function find() {
  const wanted = store.pads.map(key).filter((one) => !known.has(one));
  if (!wanted.length || asking || isGrowing()) return;
  const from = cutFrom;
  asking = true;
  try {
    const rows = await (await ask(address("tags", { slices: wanted.join() }))).json();
    if (from !== cutFrom) return look();
    for (const [start, stop, chord, drum] of rows) known.set(key({ start, stop }), [chord, drum]);
    if (rows.length) store.tell("tags");
    if (rows.length && store.pads.some((pad) => !known.has(key(pad)))) look();  // they were others meanwhile
  } catch {
    // the page says already that the studio is gone
  } finally {
    asking = false;
  }
}

store.watch(["record", "pads", "kit", "found"], () => {
  const { channel, write_harmonic } = store.kit.options;
  const now = JSON.stringify([address("tags"), channel, write_harmonic]);
  if (now !== cutFrom) known.clear();
  cutFrom = now;
  look();
});
