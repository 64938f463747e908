// What is heard: slices on their pads, and the record from anywhere on.
//
// All is scheduled in frames of one context that runs at the record's own rate. A press starts a buffer that lies
// ready; what is longer than a part follows in parts that are fetched while it sounds.

import { begins, fetchAhead, goesOn, part, there } from "./buffers.js";
import { recordId } from "./server.js";
import { store } from "./store.js";
import { Voice } from "./voice.js";

/** @import {Range} from "./buffers.js" */
/** @import {Pad} from "./types.js" */

/** Seconds of a part: of the first when listening begins, which is soon there, and of the others. */
const FIRST_PART = 1.5, PART = 6;
/** Seconds before a part is due that it is asked for. */
const EARLY = 8;
/** Milliseconds without another change until sound is fetched ahead. */
const QUIET_MS = 120;
/** The group of all pads, where nobody gave another. */
const ALL = 1;

/** @type {AudioContext|null} */
let context = null;
/** Pads that sound, by note, with those whose sound is not there yet. @type {Map<number, {pad: Pad, voice: Voice}>} */
const pads = new Map();
/** @type {Voice|null} */
let listening = null;
/** A part of another record, which is no place of this one. @type {Voice|null} */
let aside = null;
/** The newest of all, whose place is shown. @type {Voice|null} */
let newest = null;
let moving = false;

/** Give the context, at the rate of the record. It is made before it is needed, as that takes a while. */
function made() {
  const { rate } = store.record;
  if (context?.sampleRate !== rate) {
    context?.close();
    context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
  }
  return context;
}

/** Give the context, which a gesture of the user's lets run. */
function awake() {
  const audio = made();
  if (audio.state === "suspended") audio.resume();
  return audio;
}

/** @param {Pad} pad */
export const playMode = (pad) => pad.play ?? store.kit.options.play ?? "one-shot";

/** The choke group of a pad, 0 for none. @param {Pad} pad @returns {number} */
export const chokeGroup = (pad) => pad.choke ?? (store.kit.options.choke === false ? 0 : ALL);

/** Give the first part of a slice: all of it where the kit shapes it, up to a minute. @param {Pad} pad
 * @returns {Range} */
const head = ({ start, stop }) => {
  const { shape } = store.kit;
  return shape ? [start, stop, shape] : [start, Math.min(stop, start + Math.round(PART * store.record.rate))];
};

/** Play a slice on its pad. @param {Pad} pad */
export function press(pad) {
  const audio = awake();
  stopListening();
  store.moveCursor(pad.start);  // from where space goes on
  pads.get(pad.note)?.voice.stop();
  const group = chokeGroup(pad);
  if (group) for (const one of pads.values()) if (chokeGroup(one.pad) === group) one.voice.stop();
  const [first, last, shape] = head(pad), buffer = there(first, last, shape), loops = playMode(pad) === "loop";
  const whole = last === pad.stop && (!shape || (buffer !== undefined && !goesOn(buffer)));
  const voice = new Voice(audio, { gain_db: pad.gain_db, loop: whole && loops });
  pads.set(pad.note, { pad, voice });
  begin(voice, () => { if (pads.get(pad.note)?.voice === voice) pads.delete(pad.note); });
  if (buffer && whole) {
    voice.add(buffer, begins(buffer, first));
    voice.complete();
  } else {
    const given = shape ? shapedParts(pad, shape) : parts(pad.start, pad.stop, last - first);
    feed(voice, given, { loop: !whole && loops });
  }
}

/** Let go of a pad: what plays only while it is held ends. @param {number} note */
export function release(note) {
  const one = pads.get(note);
  if (one && playMode(one.pad) !== "one-shot") one.voice.stop();
}

/** Play the record from a sample on. @param {number} from */
export function listen(from) {
  const audio = awake(), first = Math.round(from);
  hush();
  if (first >= store.record.length) return;
  const voice = listening = new Voice(audio);
  begin(voice, () => { if (listening === voice) listening = null; });
  feed(voice, parts(first, store.record.length, Math.round(FIRST_PART * audio.sampleRate)), { rise: true });
}

/** Play a part of another record as it stands. @param {Promise<AudioBuffer>} coming */
export async function playAside(coming) {
  const audio = awake();
  hush();
  const voice = aside = new Voice(audio);
  voice.ended = () => { if (aside === voice) aside = null; };
  const buffer = await coming;
  if (voice.over) return;
  voice.add(buffer, 0);
  voice.complete();
}

/** Whether a record itself is played. */
export const isListening = () => listening !== null || aside !== null;

export function stopListening() {
  listening?.stop();
  aside?.stop();
}

/** Let all fall silent. */
export function hush() {
  stopListening();
  for (const { voice } of pads.values()) voice.stop();
}

/** How much of a pad's slice was heard, 0..1; null where it does not sound. @param {number} note */
export function progress(note) {
  const one = pads.get(note), sample = one && heard(one.voice);
  if (!one || typeof sample !== "number") return null;
  return Math.min(1, (sample - one.pad.start) / (one.pad.stop - one.pad.start));
}

/** The sample of the record that is heard now, or null. */
export const heardNow = () => newest && heard(newest);

/** @param {Voice} voice */
function heard(voice) {
  if (!context) return null;
  return voice.sample(context.currentTime - (context.outputLatency || 0));
}

/** @param {Voice} voice @param {() => void} ended */
function begin(voice, ended) {
  newest = voice;
  voice.ended = () => {
    ended();
    if (newest === voice) newest = listening ?? [...pads.values()].at(-1)?.voice ?? null;
    showPads();
  };
  showPads();
  if (moving) return;
  moving = true;
  requestAnimationFrame(move);
}

/** Show what sounds where, until nothing does. */
function move() {
  const sample = heardNow();
  store.moveHead(sample === null ? null : Math.floor(sample));
  moving = newest !== null;
  if (moving) requestAnimationFrame(move);
}

function showPads() {
  const now = new Set(pads.keys());
  if (now.size === store.playing.size && [...now].every((note) => store.playing.has(note))) return;
  store.playing = now;
  store.tell("playing");
}

/** @typedef {(before: AudioBuffer|null) => Range|null} Parts gives the part to begin with, and what follows one */

/** The record in parts. @param {number} from @param {number} to @param {number} length of the first part
 * @returns {Parts} */
function parts(from, to, length) {
  let next = from;
  return (before) => {
    if (!before) next = from;
    if (next >= to) return null;
    const first = next;
    next = Math.min(to, first + (before ? Math.round(PART * store.record.rate) : length));
    return [first, next];
  };
}

/** A slice as the kit has it, in parts. @param {Pad} pad @param {string} shape @returns {Parts} */
function shapedParts({ start, stop }, shape) {
  let number = 0;
  return (before) => {
    number = before ? number + 1 : 0;
    return before && !goesOn(before) ? null : [start, stop, shape, number];
  };
}

/** Give a voice part after part, over and over where it loops; what comes late begins late.
 * @param {Voice} voice @param {Parts} parts
 * @param {{loop?: boolean, rise?: boolean}} how rise: as it begins in the middle of something */
async function feed(voice, parts, { loop = false, rise = false }) {
  const audio = /** @type {AudioContext} */ (context);
  let range = parts(null), frame = 0;
  try {
    while (range && !voice.over) {
      const buffer = there(...range) ?? (await part(...range));
      if (voice.over || audio !== context) return;
      const isFirst = !frame;
      frame = Math.max(frame, voice.soon);
      if (rise && isFirst) voice.rise(frame);
      voice.add(buffer, begins(buffer, range[0]), frame);
      frame += Math.round(buffer.duration * audio.sampleRate);
      range = parts(buffer) ?? (loop ? parts(null) : null);
      await wait(frame / audio.sampleRate - audio.currentTime - EARLY);
    }
    voice.complete();
  } catch (error) {
    voice.stop();
    store.complain(/** @type {Error} */ (error).message);
  }
}

/** @param {number} seconds */
const wait = (seconds) => seconds > 0 ? new Promise((done) => setTimeout(done, 1000 * seconds)) : undefined;

let due = 0;
/** Fetch ahead what may be played next: from the cursor, the selected slice, and all pads. */
function prepare() {
  clearTimeout(due);
  due = setTimeout(() => {
    const { rate, length } = store.record, { cursor, pad } = store;
    if (!length) return;
    /** @type {Range[]} */
    const wanted = [...(pad ? [pad] : []), ...store.pads].map(head);
    made();
    if (cursor < length) wanted.splice(1, 0, [cursor, Math.min(length, cursor + Math.round(FIRST_PART * rate))]);
    fetchAhead(wanted);
  }, QUIET_MS);
}

/** Fetch the slices of pads ahead, and have the context there. @param {Pad[]} of */
export function makeReady(of) {
  made();
  fetchAhead(of.map(head));
}

// Any gesture starts the sound of the machine, which takes a moment: the first press on a pad need not wait for it.
for (const gesture of ["pointerdown", "keydown"]) {
  addEventListener(gesture, () => { if (store.record.length) awake(); }, { capture: true, passive: true });
}
for (const name of ["record", "pads", "kit", "selected", "cursor"]) store.addEventListener(name, prepare);
let opened = "";
store.addEventListener("record", () => {
  if (recordId() !== opened) hush();  // another one: what is recorded grows while its pads sound
  opened = recordId();
});
