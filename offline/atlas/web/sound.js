// Sounds lie in parts of some seconds each. A part comes with a script, is decoded once and kept for a while; parts
// near the pointer are fetched ahead, so that a sound begins at once.
"use strict";

(function (atlas) {
  const { data } = atlas;
  const SMALL = matchMedia("(pointer: coarse)").matches;
  const KEPT = SMALL ? 24 : 96, AHEAD = SMALL ? 6 : 16, AT_ONCE = 2, FADE = 0.004;
  const parts = new Map(); // number → {buffer, prints}, the last used one last
  const coming = new Map(); // number → promise
  const sound = { muted: false, wanted: -1 };
  let queue = [], context = null, playing = null, decoder = null, awake = false;

  const decode = (bytes) => {
    // A context that plays nothing needs no gesture; at the rate of the file nothing is resampled before it is played.
    decoder ||= new OfflineAudioContext(1, 1, data.rate);
    return decoder.decodeAudioData(bytes.buffer);
  };

  const fetched = async (number) => {
    const part = await atlas.load(`audio/${number}.js`, number);
    if (!part) throw new Error(`audio/${number}.js`);
    const prints = new Map();
    if (part.prints) {
      const all = atlas.bytes(part.prints), each = data.prints.bands * data.prints.frames;
      part.rows.forEach((row, at) => prints.set(row, all.subarray(at * each, (at + 1) * each)));
    }
    const made = { buffer: await decode(atlas.bytes(part.audio)), prints };
    parts.set(number, made);
    for (const old of parts.keys()) {
      if (parts.size <= KEPT) break;
      parts.delete(old);
    }
    return made;
  };

  const need = (number) => {
    const there = parts.get(number);
    if (there) {
      parts.delete(number);
      parts.set(number, there);
      return Promise.resolve(there);
    }
    if (!coming.has(number)) coming.set(number, fetched(number).finally(() => { coming.delete(number); pump(); }));
    return coming.get(number);
  };

  const pump = () => {
    while (queue.length && coming.size < AT_ONCE) {
      const number = queue.shift();
      if (!parts.has(number)) need(number).catch(() => {});
    }
  };

  // Fetch what is likely to be played next, nearest first.
  sound.ahead = (left, top) => {
    queue = atlas.near.parts(left, top, AHEAD).filter((number) => !parts.has(number));
    pump();
  };

  sound.print = (row) => parts.get(data.part[row])?.prints.get(row);

  sound.hush = () => {
    sound.wanted = -1;
    if (!playing) return;
    const { source, gain } = playing, now = context.currentTime;
    source.onended = null;
    gain.gain.setTargetAtTime(0, now, FADE);
    source.stop(now + 8 * FADE);
    playing = null;
    atlas.tell("playing", { row: -1, seconds: 0 });
  };

  const begin = (row, buffer, ended) => {
    sound.hush();
    const source = new AudioBufferSourceNode(context, { buffer }), gain = new GainNode(context);
    source.connect(gain).connect(context.destination);
    source.start(0, data.offset[row], data.length[row]);
    playing = { source, gain };
    source.onended = () => {
      playing = null;
      atlas.tell("playing", { row: -1, seconds: 0 });
      if (ended) ended();
    };
    atlas.tell("playing", { row, seconds: data.length[row] });
  };

  // Play a sound as soon as it is there, unless another was asked for meanwhile. `ended` is called at its own end only.
  sound.play = (row, ended) => {
    sound.hush();
    sound.wanted = row;
    need(data.part[row]).then(
      ({ buffer }) => {
        if (atlas.current === row) atlas.tell("print", row);
        if (sound.wanted !== row || sound.muted) return;
        if (!context || context.state !== "running") return ask();
        begin(row, buffer, ended);
      },
      () => {
        if (sound.wanted !== row) return;
        atlas.hint("This sound's file is missing: was the folder copied whole?", 6);
        if (ended) ended();
      },
    );
  };

  const ask = () => atlas.hint(`${SMALL ? "Tap" : "Click"} once, anywhere, to switch the sound on`);

  // Browsers let a page be heard only after the first click, tap or key.
  const running = () => {
    if (context.state !== "running") return;
    if (!awake) atlas.hint("");
    awake = true;
    if (sound.wanted >= 0 && !playing) sound.play(sound.wanted);
  };
  const wake = () => {
    if (context?.state === "running") return;
    if (!context) {
      context = new AudioContext({ latencyHint: "interactive" });
      context.onstatechange = running;
    }
    context.resume().then(running, () => {});
  };
  for (const gesture of ["pointerdown", "pointerup", "keydown"]) addEventListener(gesture, wake, { capture: true });

  sound.mute = (muted) => {
    sound.muted = muted;
    if (muted) sound.hush();
    const button = atlas.element("mute");
    button.setAttribute("aria-pressed", muted);
  };
  atlas.element("mute").onclick = () => sound.mute(!sound.muted);

  atlas.sound = sound;
})(window.samplechop);
