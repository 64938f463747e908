// What all the other files stand on: the one name they share, messages between them, and the data that scripts bring.
// A page from disk may neither fetch nor use modules, so these are classic scripts, in the order of index.html.
"use strict";

window.samplechop = (function () {
  const hearers = new Map();
  const atlas = {};

  // Messages: "view" (the camera moved), "rest" (it came to rest), "places" (the points moved), "shown" (others are
  // shown), "colours", "theme", "kit", "asked" (the user wants another sound), "current" (row), "print" (row: its
  // fingerprint is there), "playing" ({row, seconds}; row -1 when it ended).
  atlas.on = (what, hear) => {
    if (!hearers.has(what)) hearers.set(what, []);
    hearers.get(what).push(hear);
  };
  atlas.tell = (what, value) => (hearers.get(what) || []).forEach((hear) => hear(value));

  atlas.element = (id) => document.getElementById(id);

  // Text goes in as text: whatever a sound is called, it is never read as HTML.
  atlas.make = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  atlas.stillness = matchMedia("(prefers-reduced-motion: reduce)");

  atlas.bytes = (text) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const raw = atob(text);
    const bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    return bytes;
  };
  const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array, f8: Float64Array };

  // A column is [kind, base64], little-endian, as every browser's machine is.
  atlas.column = ([kind, text]) => new KINDS[kind](atlas.bytes(text).buffer);

  // data/sounds.js calls this once, data/map-N.js calls the next one, audio/N.js the last.
  atlas.takeSounds = (data) => {
    for (const [name, value] of Object.entries(data.columns)) data[name] = atlas.column(value);
    delete data.columns;
    atlas.data = data;
    atlas.count = data.names.length;
  };
  atlas.maps = new Map();
  atlas.takeMap = (number, places) => atlas.maps.set(number, atlas.column(places));
  atlas.colourings = new Map();
  atlas.takeColours = (number, colours) => atlas.colourings.set(number, atlas.column(colours));

  const wanted = new Map();
  atlas.takePart = (number, part) => {
    const waiting = wanted.get(number);
    if (waiting) waiting.part = part;
  };

  // Give a promise of what a data script leaves with takePart, or of nothing; fails if there is no such file.
  atlas.load = (path, number) =>
    new Promise((done, fail) => {
      const script = document.createElement("script");
      const waiting = {};
      if (number !== undefined) wanted.set(number, waiting);
      script.onload = () => {
        script.remove();
        wanted.delete(number);
        done(waiting.part);
      };
      script.onerror = () => {
        script.remove();
        wanted.delete(number);
        fail(new Error(path));
      };
      script.src = path;
      document.head.append(script);
    });

  let hiding = 0;
  atlas.hint = (text, seconds) => {
    const hint = atlas.element("hint");
    clearTimeout(hiding);
    hint.textContent = text;
    hint.hidden = !text;
    if (text && seconds) hiding = setTimeout(() => { hint.hidden = true; }, 1000 * seconds);
  };

  return atlas;
})();
