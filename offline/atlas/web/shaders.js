// How a point looks, for the graphics card: a dot or a rounded square, plain or with the picture of its sound.
// kind: 1 faint, 2 shown, 3 chosen, which has a rim. tile: tiles in a row of the texture, and a tile's share of its
// width and height.
"use strict";

(function (atlas) {
  const vertex = `
    precision highp float;
    attribute vec2 place, before;
    attribute vec3 colour;
    attribute float kind, number;
    uniform vec4 view;
    uniform float morph, size, square, border;
    uniform vec4 tile;
    varying vec4 paint;
    varying vec2 corner;
    varying float wide, chosen;
    void main() {
      corner = vec2(mod(number, tile.x), floor((number + 0.5) / tile.x)) * tile.yz;
      gl_Position = vec4((mix(before, place, morph) - view.xy) * view.zw, 0.0, 1.0);
      chosen = step(2.5, kind);
      wide = size * (kind < 1.5 ? mix(0.7, 1.0, square) : 1.0) + 2.0 * border * chosen * (1.0 - square);
      gl_PointSize = wide + 2.0;
      paint = vec4(colour, kind < 1.5 ? 0.13 : 0.92);
    }`;
  const fragment = `
    precision highp float;
    uniform float square, border, printed;
    uniform vec3 ink;
    uniform vec4 tile;
    uniform vec2 edge;
    uniform sampler2D prints, ramp;
    varying vec4 paint;
    varying vec2 corner;
    varying float wide, chosen;
    void main() {
      vec2 from = abs(gl_PointCoord - 0.5) * (wide + 2.0);
      float round = wide * mix(0.5, 0.12, square);
      vec2 out_by = max(from - (0.5 * wide - round), 0.0);
      float beyond = length(out_by) - round;
      float cover = clamp(0.5 - beyond, 0.0, 1.0);
      float rim = chosen * clamp(0.5 + beyond + border, 0.0, 1.0);
      float alpha = cover * mix(paint.a, 1.0, rim);
      vec3 colour = paint.rgb;
      if (printed > 0.5) {
        float level = texture2D(prints, corner + clamp(gl_PointCoord, edge, 1.0 - edge) * tile.yz).r;
        colour = texture2D(ramp, vec2(0.03 + 0.94 * level, 0.5)).rgb;
      }
      gl_FragColor = vec4(mix(colour, ink, rim) * alpha, alpha);
    }`;

  atlas.shaders = { vertex, fragment };
})(window.samplechop);
