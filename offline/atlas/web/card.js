// The sound that is pointed at: a ring around its point, its name, what is known of it, and its fingerprint.
"use strict";

(function (atlas) {
  const { data, camera, element } = atlas;
  const ring = element("ring"), print = element("print"), progress = element("progress");
  const MOST_TAGS = 6, GIVEN = 255;
  let saying = 0;
  atlas.current = -1;

  const seconds = (value) =>
    value < 1 ? `${Math.round(1000 * value)}\u00a0ms` : `${value.toFixed(value < 10 ? 2 : 1)}\u00a0s`;

  atlas.tagsOf = (row) => {
    const tags = [];
    for (let at = data.tagFrom[row]; at < data.tagFrom[row + 1]; at++) {
      const sureness = data.sureness[at];
      tags.push({ name: data.vocabulary[data.tag[at]], sureness, given: sureness === GIVEN });
    }
    return tags;
  };

  atlas.pathOf = (row) => data.folders[data.folder[row]] + data.files[row];

  const facts = (row) => {
    const tempo = data.tempo[row];
    const all = [data.labels[data.label[row]], data.packs[data.pack[row]], seconds(data.seconds[row])];
    all.push(tempo > 0 ? `${Math.round(tempo)}\u00a0BPM` : "", data.keys[data.key[row]]);
    return all.filter((fact) => fact).join(" · ");
  };

  const place = () => {
    const row = atlas.current;
    ring.hidden = row < 0 || atlas.drawing.shown[row] === 0 || atlas.drawing.travelling();
    if (ring.hidden) return;
    const { places } = atlas.drawing, wide = Math.max(atlas.drawing.size(), 6) + (atlas.layout.grid ? 6 : 10);
    ring.classList.toggle("square", atlas.layout.grid);
    ring.style.width = ring.style.height = `${wide}px`;
    const left = camera.left(places[2 * row]) - wide / 2, top = camera.top(places[2 * row + 1]) - wide / 2;
    ring.style.transform = `translate(${left}px, ${top}px)`;
  };

  // A fingerprint is bands × frames bytes, low bands first; dark to light in the colours of the theme.
  const show = (row) => {
    const bytes = row >= 0 && atlas.sound.print(row);
    print.hidden = !data.prints || row < 0;
    if (!data.prints) return;
    const { bands, frames } = data.prints;
    print.width = frames;
    print.height = bands;
    if (!bytes) return;
    const ramp = data.palettes[document.documentElement.dataset.theme].print;
    const image = new ImageData(frames, bands);
    for (let band = 0; band < bands; band++) {
      for (let frame = 0; frame < frames; frame++) {
        const at = 4 * ((bands - 1 - band) * frames + frame);
        const level = bytes[band * frames + frame] / 255 * (ramp.length - 1);
        const low = ramp[Math.floor(level)], high = ramp[Math.ceil(level)], part = level % 1;
        for (let c = 0; c < 3; c++) image.data[at + c] = low[c] + (high[c] - low[c]) * part;
        image.data[at + 3] = 255;
      }
    }
    print.getContext("2d").putImageData(image, 0, 0);
  };

  // Make a sound the current one, and play it unless asked not to.
  atlas.go = (row, { quiet = false, reveal = false } = {}) => {
    if (row < 0) return;
    atlas.current = row;
    element("name").textContent = data.names[row];
    element("name").title = atlas.pathOf(row);
    element("facts").textContent = facts(row);
    const tags = atlas.tagsOf(row).slice(0, MOST_TAGS).map(({ name, sureness, given }) => {
      const tag = atlas.make("span", given ? "tag" : "tag guessed", name);
      if (!given) tag.title = `predicted, ${Math.round(100 * sureness / 254)} % sure`;
      return tag;
    });
    element("tags").replaceChildren(...tags);
    element("again").disabled = element("take").disabled = false;
    element("card").classList.add("full");
    show(row);
    place();
    if (reveal) camera.reveal(atlas.drawing.places[2 * row], atlas.drawing.places[2 * row + 1]);
    if (!quiet) atlas.sound.play(row);
    clearTimeout(saying);
    saying = setTimeout(() => { element("said").textContent = `${data.names[row]}, ${facts(row)}`; }, 300);
    atlas.tell("current", row);
  };

  const playing = ({ row, seconds: lasting }) => {
    ring.classList.toggle("playing", row >= 0);
    progress.getAnimations().forEach((animation) => animation.cancel());
    if (row < 0 || atlas.stillness.matches) return;
    progress.animate([{ transform: "scaleX(0)" }, { transform: "scaleX(1)" }], { duration: 1000 * lasting });
  };

  element("again").onclick = () => atlas.sound.play(atlas.current);
  element("take").onclick = () => atlas.kit.toggle(atlas.current);
  const taken = () => {
    const inside = atlas.kit.has(atlas.current), take = element("take");
    take.setAttribute("aria-pressed", inside);
    take.setAttribute("aria-label", inside ? "Take out of the kit" : "Add to kit");
  };
  for (const what of ["view", "places", "shown"]) atlas.on(what, place);
  for (const what of ["current", "kit"]) atlas.on(what, taken);
  atlas.on("print", show);
  atlas.on("theme", () => show(atlas.current));
  atlas.on("playing", playing);
})(window.samplechop);
