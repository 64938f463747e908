// All fingerprints in one texture, small, so that every point can be drawn as the picture of its sound.
"use strict";

(function (atlas) {
  const prints = { tile: null, edge: [0, 0] };
  let levels = null;

  // data/prints.js calls this: bytes of one fingerprint after the other, low bands first.
  atlas.takePrints = (bands, frames, column) => { levels = { bands, frames, bytes: atlas.column(column) }; };

  // Before there is one, a texture of one pixel stands in.
  prints.begin = (regl) => {
    prints.tile = [1, 0, 0, 0];
    prints.texture = regl.texture({ width: 1, height: 1, data: [0, 0, 0, 255] });
    prints.ramp = regl.texture({ width: 1, height: 1, data: [0, 0, 0, 255] });
  };

  prints.theme = () => {
    const ramp = atlas.data.palettes[document.documentElement.dataset.theme].print;
    const data = ramp.flatMap((colour) => [...colour, 255]);
    prints.ramp({ width: ramp.length, height: 1, data, min: "linear", mag: "linear" });
  };

  // Load them, once, into rows of tiles, each turned so that low tones are at the bottom.
  prints.load = async () => {
    if (!levels) await atlas.load("data/prints.js");
    if (prints.tile[1]) return;
    const { bands, frames, bytes } = levels, n = atlas.count;
    const across = Math.ceil(Math.sqrt(n * bands / frames));
    const width = across * frames, height = Math.ceil(n / across) * bands;
    const data = new Uint8Array(width * height);
    for (let row = 0; row < n; row++) {
      const left = (row % across) * frames, top = Math.floor(row / across) * bands;
      for (let band = 0; band < bands; band++) {
        const from = (row * bands + bands - 1 - band) * frames;
        data.set(bytes.subarray(from, from + frames), (top + band) * width + left);
      }
    }
    prints.texture({ width, height, data, format: "luminance", alignment: 1, min: "linear", mag: "linear" });
    prints.tile = [across, frames / width, bands / height, 0];
    prints.edge = [0.5 / frames, 0.5 / bands];
  };

  atlas.prints = prints;
})(window.samplechop);
