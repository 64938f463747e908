// The server: data by fetch, edits by a socket that comes back by itself. An edit is kept before its promise is.

import { foundOf, sectionsOf } from "./columns.js";
import { store } from "./store.js";

/** @import {Command, Sections} from "./types.js" */

/** Code of a socket whose record cannot be opened: the page was told why. */
const NOT_OPENED = 4404;
const AGAIN_MS = [250, 500, 1000, 2000, 4000];
/** By then what the lanes draw is asked for, which is there at once; all that was found takes longer. */
const DRAWN_MS = 50;

/** What is drawn and heard comes from here: "session-" where it is being recorded. */
let record = "", from = "";
/** What is done where a record cannot be opened, and it may be another one. @type {(() => void)|null} */
let instead = null;
/** @type {WebSocket|null} */
let socket = null;
let tries = 0, number = 0, made = 0;
/** @type {Map<number, {done: (state?: Partial<Sections>) => void, failed: (error: Error) => void}>} */
const waiting = new Map();

/** The id of the record that is open. */
export const recordId = () => record;

/** How many edits were made on this page. */
export const edits = () => made;

/** Whether it is being recorded. */
export const isGrowing = () => from !== "";

/** Give the address of what is drawn or heard of the open record. @param {"peaks"|"audio"} what
 * @param {{[name: string]: string|number}} facts */
export const soundAddress = (what, facts) => address(from + what, facts);

/** Give the address of something about the open record.
 * @param {string} what @param {{[name: string]: string|number}} facts */
export function address(what, facts = {}) {
  const query = new URLSearchParams({ record });
  for (const [name, value] of Object.entries(facts)) query.set(name, String(value));
  return `/api/${what}?${query}`;
}

/** Ask for something; throws an Error with the server's sentence. @param {string} url @param {RequestInit} [init] */
export async function ask(url, init) {
  const answer = await fetch(url, init);
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Error(said.error ?? `the server answers ${answer.status}`);
}

/** Have something done; gives what the server says, also where it asks back (409). Throws an Error with its sentence.
 * @param {string} what @param {object} value @returns {Promise<any>} */
export async function post(what, value) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`/api/${what}`, { method: "POST", headers, body: JSON.stringify(value) });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok || answer.status === 409) return said;
  throw new Error(said.error ?? `the server answers ${answer.status}`);
}

/** Look at a record from now on. @param {string} id
 * @param {(() => void)|null} [otherwise] is done where it cannot be opened, and it may be another one */
export function open(id, otherwise = null) {
  instead = otherwise;
  reading(id);
  store.tellExport(null);
  store.say("");
  store.complain("");
  tries = 0;
  connect();
}

/** Know nothing of what the detectors do. */
function forgetJob() {
  store.job = null;
  store.tell("job");
}

/** Have what is drawn and heard be that of a record, without a project.
 * @param {string} id @param {""|"session-"} [of] */
export function reading(id, of = "") {
  [record, from] = [id, of];
  forgetJob();  // that was the other record's
  const before = socket;
  socket = null;
  before?.close();
}

function connect() {
  const opened = new WebSocket(`ws://${location.host}/api/live?record=${encodeURIComponent(record)}`);
  socket = opened;
  opened.addEventListener("open", () => {
    if (tries) {  // it answers again, and says what is done now
      store.complain("");
      forgetJob();
    }
    tries = 0;
  });
  opened.addEventListener("message", (event) => { if (opened === socket) take(JSON.parse(event.data)); });
  opened.addEventListener("close", (event) => {
    for (const { failed } of waiting.values()) failed(new Error("the studio is gone: start samplechop studio again"));
    waiting.clear();
    if (opened !== socket) return;
    if (event.code === NOT_OPENED) return void instead?.();
    whyGone().then((why) => { if (opened === socket) store.complain(why); });
    setTimeout(() => { if (opened === socket) connect(); }, AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)]);
  });
}

/** Say why the socket closed: this page's cookie is good for the studio that gave it alone. */
async function whyGone() {
  const answer = await fetch("/api/library").catch(() => null);
  return answer?.status === 403 ? "Samplechop studio was started anew: open the address that it printed."
    : "The studio does not answer: start samplechop studio again. What you did until then is kept.";
}

/** @param {any} message */
function take(message) {
  if ("id" in message) {
    const one = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) one?.failed(new Error(message.error));
    else one?.done(sectionsOf(message.state));
  } else if (message.outdated) {
    location.reload();  // the file is another one: all that is kept of it here is not
  } else if (message.error) {
    store.tellBroken(record, message.error);
    store.complain(message.error);
  } else if (message.teach) {
    store.tellTeach(message.teach);
  } else if (message.export) {
    store.tellExport(message.export);
  } else if (message.attacks) {
    const before = message.from ? store.found.attacks : [];
    store.found = { ...store.found, attacks: [...before, ...message.attacks].sort((one, other) => one[0] - other[0]) };
    store.tell("found");
  } else if (message.curve) {
    store.found = { ...store.found, curve: message.curve };
    store.tell("found");
  } else if (message.job) {
    store.job = message.job.stage === "all heard" ? null : message.job;
    if (message.job.error) store.complain(message.job.error);
    store.tell("job");
    if (["heard", "all heard"].includes(message.job.stage)) lookAtFound();
  } else if (message.state) {
    store.broken.delete(record);
    const another = message.state.record && message.state.record !== store.record;
    store.take(sectionsOf(message.state));
    const { candidates, grid } = message.state;  // by a corrected grid attacks lie elsewhere on the dial
    if (another || candidates || grid) setTimeout(lookAtFound, DRAWN_MS);
  }
}

async function lookAtFound() {
  try {
    store.found = foundOf(await (await ask(address("found"))).json());
    store.tell("found");
  } catch (error) {
    store.complain(String(/** @type {Error} */ (error).message));
  }
}

/** @param {object} message @returns {Promise<Partial<Sections>|undefined>} */
function send(message) {
  return new Promise((done, failed) => {
    if (socket?.readyState !== WebSocket.OPEN) {
      failed(new Error("the studio does not answer: this was not done"));
      return;
    }
    number += 1;
    waiting.set(number, { done, failed });
    socket.send(JSON.stringify({ id: number, ...message }));
  });
}

/** Say that a session cannot be edited while it is recorded; whether it is. */
function refused() {
  if (isGrowing()) store.complain("This is being recorded: edit it when that has ended, and mark by m until then.");
  return isGrowing();
}

/** Do commands as one edit, which one undo takes back. Resolves to whether it was done; if not, the page says why.
 * @param {...Command} commands */
export async function edit(...commands) {
  if (refused()) return false;
  const one = commands.length === 1 ? commands[0] : { do: "steps", steps: commands };
  wanted = null;  // a preview that was not asked for yet would come behind what it previews
  made += 1;
  store.say("");
  try {
    await send({ edits: [one] });
    store.complain("");
    return true;
  } catch (error) {
    store.preview(null);
    store.complain(/** @type {Error} */ (error).message);
    return false;
  }
}

/** @type {Command[]|null} */
let wanted = null;
let asking = false;

/** Show what commands would do while a gesture goes on; the newest counts. With none the page shows what is again.
 * @param {...Command} commands */
export async function preview(...commands) {
  wanted = commands;
  if (asking || (commands.length && refused())) return;
  asking = true;
  try {
    while (wanted) {
      const now = wanted;
      wanted = null;
      if (!now.length) store.preview(null);
      else {
        const state = await send({ preview: now });
        if (state && !wanted) store.preview(state);
      }
    }
  } catch (error) {
    store.complain(/** @type {Error} */ (error).message);
  } finally {
    asking = false;
  }
}

export const undo = () => store.project.undo ? edit({ do: "undo" }) : Promise.resolve(false);
export const redo = () => store.project.redo ? edit({ do: "redo" }) : Promise.resolve(false);

/** Name the chop that a command means: by its id, or by its place where it is the machine's yet.
 * @param {{chop?: string|null, start: number}} pad */
export const meant = (pad) => pad.chop ? { chop: pad.chop } : { at: pad.start };
