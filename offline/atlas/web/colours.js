// What the colours of the points can mean. A colouring has groups [{name, colour, count}], largest first, and says for
// each row which group it is in; fingerprints and the map's own colours have no groups.
"use strict";

(function (atlas) {
  const { data, count: n } = atlas;
  const MOST_GROUPS = 12, NONE = "none";
  const TEMPO_EDGES = [0, 70, 80, 90, 100, 110, 120, 130, 140, 160, Infinity];
  const FIFTHS = ["C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F"];
  const PITCHES = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

  const bytesOf = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const palette = () => data.palettes[document.documentElement.dataset.theme];

  // hue, 0..1, saturation and lightness to "#rrggbb", as in CSS Color 4.
  const hsl = (hue, saturation, lightness) => {
    const at = (k) => {
      const turned = (k + hue * 12) % 12;
      const reach = saturation * Math.min(lightness, 1 - lightness);
      const value = lightness - reach * Math.max(-1, Math.min(turned - 3, 9 - turned, 1));
      return Math.round(255 * value).toString(16).padStart(2, "0");
    };
    return `#${at(0)}${at(8)}${at(4)}`;
  };

  // Groups by size; beyond the palette's colours all others are one. `of`: for each row the place in `names`.
  const bySize = (names, of) => {
    const counts = new Uint32Array(names.length);
    for (const name of of) counts[name]++;
    const named = [...counts.keys()].filter((name) => counts[name] && names[name]);
    const order = named.sort((a, b) => counts[b] - counts[a]);
    const alone = order.length > MOST_GROUPS ? order.slice(0, MOST_GROUPS - 1) : order;
    const place = new Uint16Array(names.length).fill(alone.length);
    alone.forEach((name, group) => { place[name] = group; });
    const groups = alone.map((name, group) => ({ name: names[name], colour: () => palette().groups[group] }));
    const others = order.length > alone.length, bare = names.findIndex((name, at) => !name && counts[at]);
    if (others) groups.push({ name: `${order.length - alone.length} others`, colour: () => palette().others });
    if (bare >= 0) {
      place[bare] = groups.length;
      groups.push({ name: NONE, colour: () => palette().none });
    }
    return { groups, of: Uint16Array.from(of, (name) => place[name]) };
  };

  const byTempo = () => {
    const unclear = TEMPO_EDGES.length - 1;
    const place = (tempo) => (tempo > 0 ? TEMPO_EDGES.findLastIndex((edge) => tempo >= edge) : unclear);
    const of = Uint16Array.from(data.tempo, place);
    const groups = TEMPO_EDGES.slice(0, -1).map((edge, at) => ({
      name: at === 0 ? "under 70" : at === unclear - 1 ? "160 and more" : `${edge} – ${TEMPO_EDGES[at + 1] - 1}`,
      colour: () => palette().ramp[at],
    }));
    return { groups: [...groups, { name: "unclear", colour: () => palette().none }], of };
  };

  // Keys that share their notes have one hue, and keys that share most of them have hues near each other.
  const fifthOf = (key) => {
    const [, letter, sign, mode] = /^([A-G])([#b♯♭]?)\s*(.*)$/.exec(key) || [];
    if (!letter) return null;
    const minor = /^m(?!aj)/.test(mode);
    const pitch = PITCHES[letter] + (/[#♯]/.test(sign) ? 1 : sign ? 11 : 0) + (minor ? 3 : 0);
    return { fifth: (pitch * 7) % 12, minor };
  };
  const byKey = () => {
    const keys = data.keys.map((name, at) => ({ name: name || "unclear", at, ...fifthOf(name) }));
    keys.sort((a, b) => (a.fifth ?? 99) - (b.fifth ?? 99) || Number(a.minor) - Number(b.minor));
    const place = new Uint16Array(keys.length);
    keys.forEach((key, group) => { place[key.at] = group; });
    const groups = keys.map(({ name, fifth, minor }) => ({
      name,
      colour: () => {
        if (fifth === undefined) return palette().none;
        const light = document.documentElement.dataset.theme === "light";
        return hsl(fifth / FIFTHS.length, minor ? 0.45 : 0.7, (light ? 0.42 : 0.64) - (minor ? 0.12 : 0));
      },
    }));
    return { groups, of: Uint16Array.from(data.key, (key) => place[key]) };
  };

  // A sound has many tags: its colour is that of the one it was given first, or else of the surest.
  const byTag = () => {
    const none = data.vocabulary.length;
    const of = new Uint32Array(n);
    for (let row = 0; row < n; row++) {
      const first = data.tagFrom[row];
      of[row] = first < data.tagFrom[row + 1] ? data.tag[first] : none;
    }
    return bySize([...data.vocabulary, ""], of);
  };

  const several = (of) => of.some((value) => value !== of[0]);
  const modes = [];
  const offer = (id, name, make, there) => { if (there) modes.push({ id, name, make }); };
  offer("class", "Class", () => bySize(data.labels, data.label), several(data.label));
  offer("pack", "Pack", () => bySize(data.packs, data.pack), several(data.pack));
  offer("tag", "Tag", byTag, data.vocabulary.length > 0);
  offer("tempo", "Tempo, BPM", byTempo, data.tempo.some((tempo) => tempo > 0));
  offer("key", "Key", byKey, data.keys.some((key) => key));
  offer("print", "Fingerprint", () => ({ printed: true }), data.prints);
  data.colourings.forEach((name, number) => {
    offer(`own-${number}`, `Colours of ${name}`, () => ({ own: number }), true);
  });
  if (!modes.length) offer("class", "Class", () => bySize(data.labels, data.label), true);

  const colours = { modes, hidden: new Set(), mode: null, current: null };

  colours.paint = () => {
    const { groups, of, own, printed } = colours.current, rgb = new Uint8Array(3 * n);
    atlas.drawing.printed = Boolean(printed);
    if (printed) rgb.fill(128);
    else if (own !== undefined) rgb.set(atlas.colourings.get(own));
    else {
      const each = groups.map((group) => bytesOf(group.colour()));
      for (let row = 0; row < n; row++) rgb.set(each[of[row]], 3 * row);
    }
    colours.rgb = rgb;
    atlas.drawing.colours(rgb);
    atlas.tell("colours");
  };

  colours.choose = async (id) => {
    const mode = modes.find((one) => one.id === id) || modes[0];
    const made = mode.make();
    if (made.printed) await atlas.prints.load();
    if (made.own !== undefined && !atlas.colourings.has(made.own)) await atlas.load(`data/colours-${made.own}.js`);
    if (made.groups) {
      made.groups.forEach((group) => { group.count = 0; });
      for (const group of made.of) made.groups[group].count++;
    }
    Object.assign(colours, { mode, current: made });
    colours.hidden.clear();
    colours.paint();
    atlas.sift();
  };

  colours.of = (row) => `rgb(${colours.rgb.slice(3 * row, 3 * row + 3).join(",")})`;
  atlas.on("theme", () => colours.paint());
  atlas.colours = colours;
})(window.samplechop);
