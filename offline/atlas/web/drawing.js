// The points, drawn by the graphics card. On a machine without one a drawing takes so long that moving would stutter:
// there the picture that was drawn last is moved and stretched, and drawn anew when the hand rests.
"use strict";

(function (atlas) {
  const SLOW_MS = 8, REST_MS = 110, REFRESH_MS = 300, MORPH_MS = 450, TRIES = 6;
  const canvas = atlas.element("map"), camera = atlas.camera, n = atlas.count;
  const drawing = { shown: new Uint8Array(n).fill(2), slow: false, drawn: 0 };
  const HIDDEN = 0, FAINT = 1, SHOWN = 2, CHOSEN = 3;
  const kinds = new Uint8Array(n);
  let gl, regl, draw, lens = null, frame = 0, resting = 0, morph = 1, began = 0, tries = 0, quickest = Infinity;
  let buffers, ground = [0, 0, 0], ink = [1, 1, 1], order = 0;

  const colourOf = (name) => {
    const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return [1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16) / 255);
  };
  drawing.ratio = () => Math.min(window.devicePixelRatio || 1, 2);

  // Pixels across a point: small where there are many, growing a little when one comes closer.
  drawing.size = () => {
    const few = 0.3 * camera.fitted / Math.sqrt(n);
    const base = Math.min(Math.max(few, 4), 15) * (drawing.printed ? 1.7 : 1);
    const dot = base * Math.min((camera.scale / camera.fitted) ** 0.5, 5);
    const cell = camera.scale * atlas.layout.cell, tile = cell < 7 ? cell + 0.6 : 0.9 * cell; // gaps need room
    return Math.min(dot + (tile - dot) * atlas.layout.gridness(morph), 120);
  };

  drawing.begin = () => {
    const attributes = { alpha: false, antialias: false, depth: false, stencil: false };
    gl = canvas.getContext("webgl", attributes);
    if (!gl) throw new Error("no WebGL");
    regl = atlas.regl({ gl, extensions: ["OES_element_index_uint"] });
    atlas.prints.begin(regl);
    buffers = {
      place: regl.buffer({ usage: "dynamic", data: drawing.places }),
      before: regl.buffer({ usage: "dynamic", data: drawing.places }),
      colour: regl.buffer({ usage: "dynamic", type: "uint8", data: new Uint8Array(3 * n) }),
      kind: regl.buffer({ usage: "dynamic", type: "uint8", data: kinds }),
      elements: regl.elements({ usage: "dynamic", primitive: "points", type: "uint32", data: new Uint32Array(n) }),
    };
    draw = regl({
      vert: atlas.shaders.vertex,
      frag: atlas.shaders.fragment,
      attributes: {
        place: buffers.place,
        before: buffers.before,
        colour: { buffer: buffers.colour, normalized: true },
        kind: buffers.kind,
        number: regl.buffer(Float32Array.from({ length: n }, (_, row) => row)),
      },
      uniforms: {
        view: regl.prop("view"),
        size: regl.prop("size"),
        morph: regl.prop("morph"),
        square: regl.prop("square"),
        border: regl.prop("border"),
        ink: regl.prop("ink"),
        printed: () => (drawing.printed ? 1 : 0),
        prints: () => atlas.prints.texture,
        ramp: () => atlas.prints.ramp,
        tile: () => atlas.prints.tile,
        edge: () => atlas.prints.edge,
      },
      elements: buffers.elements,
      count: regl.prop("count"),
      depth: { enable: false },
      blend: { enable: true, func: { src: "one", dst: "one minus src alpha" } },
    });
    drawing.theme();
  };

  // A phone that put the page to sleep may have forgotten everything that was drawn with.
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault(); // so that it will be given back
    regl.destroy();
    regl = null;
  });
  canvas.addEventListener("webglcontextrestored", async () => {
    drawing.begin();
    drawing.kinds();
    if (drawing.printed) await atlas.prints.load();
    atlas.colours.paint();
  });

  drawing.theme = () => {
    ground = colourOf("--back");
    ink = colourOf("--ink");
    atlas.prints.theme();
    drawing.request();
  };
  drawing.colours = (rgb) => { buffers.colour.subdata(rgb); drawing.request(); };

  // What is faint lies lowest, what is chosen on top; what is hidden is not drawn.
  drawing.kinds = () => {
    const sorted = new Uint32Array(n);
    const lists = [[], [], [], []];
    for (let row = 0; row < n; row++) {
      const kind = atlas.kit.has(row) && drawing.shown[row] !== HIDDEN ? CHOSEN : drawing.shown[row];
      kinds[row] = kind;
      lists[kind].push(row);
    }
    sorted.set(lists[FAINT]);
    sorted.set(lists[SHOWN], lists[FAINT].length);
    sorted.set(lists[CHOSEN], lists[FAINT].length + lists[SHOWN].length);
    order = n - lists[HIDDEN].length;
    buffers.kind.subdata(kinds);
    buffers.elements.subdata(sorted);
    drawing.request();
  };

  drawing.move = (places, animated) => {
    buffers.before(drawing.places);
    buffers.place(places);
    drawing.places = places;
    morph = animated && !drawing.slow && !atlas.stillness.matches ? 0 : 1;
    began = performance.now();
    drawing.request();
    atlas.tell("places");
  };

  // Say whether the points are on their way to new places.
  drawing.travelling = () => morph < 1;

  drawing.resize = () => {
    const box = canvas.parentElement.getBoundingClientRect(), ratio = drawing.ratio();
    camera.width = box.width;
    camera.height = box.height;
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    tries = Math.min(tries, 1);
    quickest = Infinity;
    drawing.request();
  };

  const now = () => {
    const ratio = drawing.ratio(), { x, y, scale, width, height } = camera;
    lens = { x, y, scale, at: performance.now() };
    canvas.style.transform = "";
    const part = Math.min(1, (performance.now() - began) / MORPH_MS);
    if (morph < 1) {
      morph = part < 1 ? part * part * (3 - 2 * part) : 1;
      if (morph === 1) atlas.tell("places");
    }
    regl.poll();
    regl.clear({ color: [...ground, 1] });
    const size = drawing.size() * ratio, square = drawing.printed ? 1 : atlas.layout.gridness(morph);
    const border = Math.min(1.6 * ratio, 0.2 * size);
    draw({ view: [x, y, 2 * scale / width, 2 * scale / height], size, morph, square, border, ink, count: order });
    drawing.drawn++;
  };

  // Move and stretch the last picture; draw a new one all the same where that would show much blur or emptiness.
  const stretched = () => {
    const { width, height } = camera, grown = camera.scale / lens.scale;
    const right = width / 2 * (1 - grown) + (lens.x - camera.x) * camera.scale;
    const down = height / 2 * (1 - grown) + (camera.y - lens.y) * camera.scale;
    const aside = Math.max(right, width * (1 - grown) - right), above = Math.max(down, height * (1 - grown) - down);
    const bare = aside / width + above / height;
    const worn = grown > 1.8 || grown < 0.6 || bare > 0.4;
    if (worn && performance.now() - lens.at > REFRESH_MS) now();
    else canvas.style.transform = `translate(${right}px, ${down}px) scale(${grown})`;
  };

  // The first pictures are waited for, to learn how long one takes: the very first, which compiles the shaders, and
  // those of a busy moment do not count, so it is the quickest.
  const judged = () => {
    const from = performance.now();
    now();
    if (tries < TRIES) {
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
      if (tries++) quickest = Math.min(quickest, performance.now() - from);
      drawing.slow = quickest > SLOW_MS && tries > 1;
    }
    if (morph < 1) drawing.request();
  };

  drawing.request = () => {
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; if (regl) judged(); });
  };

  const viewed = () => {
    clearTimeout(resting);
    resting = setTimeout(() => { drawing.request(); atlas.tell("rest"); }, REST_MS);
    if (frame || !lens) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      if (!regl) return;
      if (drawing.slow) return stretched();
      now();
      if (morph < 1) drawing.request();
    });
  };
  atlas.on("view", viewed);
  atlas.on("shown", drawing.kinds);
  atlas.on("kit", drawing.kinds);
  atlas.on("theme", drawing.theme);

  atlas.drawing = drawing;
})(window.samplechop);
