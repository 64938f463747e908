// The points, drawn by the graphics card. On a machine without one a drawing takes so long that moving would stutter:
// there the picture that was drawn last is moved and stretched, and drawn anew when the hand rests.
"use strict";

(function (atlas) {
  const SLOW_MS = 8, REST_MS = 110, REFRESH_MS = 300, MORPH_MS = 450;
  const canvas = atlas.element("map"), camera = atlas.camera, n = atlas.count;
  const drawing = { shown: new Uint8Array(n).fill(2), slow: false, drawn: 0 };
  const HIDDEN = 0, FAINT = 1, SHOWN = 2, CHOSEN = 3;
  const kinds = new Uint8Array(n);
  let gl, regl, draw, lens = null, frame = 0, resting = 0, morph = 1, began = 0, measured = false;
  let buffers, ground = [0, 0, 0], ink = [1, 1, 1], order = 0;

  const VERTEX = `
    precision highp float;
    attribute vec2 place, before;
    attribute vec3 colour;
    attribute float kind;
    uniform vec4 view;
    uniform float morph, size, square, border;
    varying vec4 paint;
    varying float wide, chosen;
    void main() {
      gl_Position = vec4((mix(before, place, morph) - view.xy) * view.zw, 0.0, 1.0);
      chosen = step(2.5, kind);
      wide = size * (kind < 1.5 ? mix(0.7, 1.0, square) : 1.0) + 2.0 * border * chosen * (1.0 - square);
      gl_PointSize = wide + 2.0;
      paint = vec4(colour, kind < 1.5 ? 0.13 : 0.92);
    }`;
  const FRAGMENT = `
    precision highp float;
    uniform float square, border;
    uniform vec3 ink;
    varying vec4 paint;
    varying float wide, chosen;
    void main() {
      vec2 from = abs(gl_PointCoord - 0.5) * (wide + 2.0);
      float corner = wide * mix(0.5, 0.12, square);
      vec2 out_by = max(from - (0.5 * wide - corner), 0.0);
      float beyond = length(out_by) - corner;
      float cover = clamp(0.5 - beyond, 0.0, 1.0);
      float rim = chosen * clamp(0.5 + beyond + border, 0.0, 1.0);
      float alpha = cover * mix(paint.a, 1.0, rim);
      gl_FragColor = vec4(mix(paint.rgb, ink, rim) * alpha, alpha);
    }`;

  const number = (name) => {
    const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return [1, 3, 5].map((at) => parseInt(value.slice(at, at + 2), 16) / 255);
  };
  drawing.ratio = () => Math.min(window.devicePixelRatio || 1, 2);

  // Pixels across a point: small where there are many, growing a little when one comes closer.
  drawing.size = () => {
    const few = 0.3 * camera.fitted / Math.sqrt(n);
    const dot = Math.min(Math.max(few, 4), 15) * Math.min((camera.scale / camera.fitted) ** 0.5, 5);
    const cell = camera.scale * atlas.layout.cell, tile = cell < 7 ? cell + 0.6 : 0.9 * cell; // gaps need room
    return Math.min(dot + (tile - dot) * atlas.layout.gridness(morph), 120);
  };

  drawing.begin = () => {
    const attributes = { alpha: false, antialias: false, depth: false, stencil: false };
    gl = canvas.getContext("webgl", attributes);
    if (!gl) throw new Error("no WebGL");
    regl = atlas.regl({ gl, extensions: ["OES_element_index_uint"] });
    buffers = {
      place: regl.buffer({ usage: "dynamic", data: drawing.places }),
      before: regl.buffer({ usage: "dynamic", data: drawing.places }),
      colour: regl.buffer({ usage: "dynamic", type: "uint8", data: new Uint8Array(3 * n) }),
      kind: regl.buffer({ usage: "dynamic", type: "uint8", data: kinds }),
      elements: regl.elements({ usage: "dynamic", primitive: "points", type: "uint32", data: new Uint32Array(n) }),
    };
    draw = regl({
      vert: VERTEX,
      frag: FRAGMENT,
      attributes: {
        place: buffers.place,
        before: buffers.before,
        colour: { buffer: buffers.colour, normalized: true },
        kind: buffers.kind,
      },
      uniforms: {
        view: regl.prop("view"),
        size: regl.prop("size"),
        morph: regl.prop("morph"),
        square: regl.prop("square"),
        border: regl.prop("border"),
        ink: regl.prop("ink"),
      },
      elements: buffers.elements,
      count: regl.prop("count"),
      depth: { enable: false },
      blend: { enable: true, func: { src: "one", dst: "one minus src alpha" } },
    });
    drawing.theme();
  };

  drawing.theme = () => {
    ground = number("--back");
    ink = number("--ink");
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

  drawing.resize = () => {
    const box = canvas.parentElement.getBoundingClientRect(), ratio = drawing.ratio();
    camera.width = box.width;
    camera.height = box.height;
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    drawing.request();
  };

  const now = () => {
    const ratio = drawing.ratio(), { x, y, scale, width, height } = camera;
    lens = { x, y, scale, at: performance.now() };
    canvas.style.transform = "";
    const part = Math.min(1, (performance.now() - began) / MORPH_MS);
    if (morph < 1) morph = part < 1 ? part * part * (3 - 2 * part) : 1;
    regl.poll();
    regl.clear({ color: [...ground, 1] });
    const size = drawing.size() * ratio, square = atlas.layout.gridness(morph);
    const border = Math.min(1.6 * ratio, 0.2 * size);
    draw({ view: [x, y, 2 * scale / width, 2 * scale / height], size, morph, square, border, ink, count: order });
    drawing.drawn++;
  };

  // Move and stretch the last picture; draw a new one all the same where that would show much blur or emptiness.
  const stretched = () => {
    const { width, height } = camera, grown = camera.scale / lens.scale;
    const right = width / 2 * (1 - grown) + (lens.x - camera.x) * camera.scale;
    const down = height / 2 * (1 - grown) + (camera.y - lens.y) * camera.scale;
    const bare = Math.max(right, width * (1 - grown) - right) / width + Math.max(down, height * (1 - grown) - down) / height;
    const worn = grown > 1.8 || grown < 0.6 || bare > 0.4;
    if (worn && performance.now() - lens.at > REFRESH_MS) now();
    else canvas.style.transform = `translate(${right}px, ${down}px) scale(${grown})`;
  };

  // Draw and wait until the pixels are there, to learn how long that takes.
  const measure = () => {
    const from = performance.now();
    now();
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    if (measured) drawing.slow = performance.now() - from > SLOW_MS;
    measured = true; // the first one compiles the shaders, too
    if (morph < 1) drawing.request();
  };

  drawing.request = () => {
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; if (regl) measure(); });
  };

  const viewed = () => {
    clearTimeout(resting);
    resting = setTimeout(() => { drawing.request(); atlas.tell("rest"); }, REST_MS);
    if (frame || !lens) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
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
