// Which sound is near. All points are looked at each time: 20 000 take a tenth of a millisecond.
"use strict";

(function (atlas) {
  const near = {};

  // Give the row of the shown point nearest to a place on the screen, within so many pixels; -1 if there is none.
  near.at = (left, top, within) => {
    const { camera, drawing } = atlas, { places, shown } = drawing;
    const x = camera.mapX(left), y = camera.mapY(top);
    let best = -1, least = (within / camera.scale) ** 2;
    for (let row = 0; row < shown.length; row++) {
      if (shown[row] < 2) continue;
      const right = places[2 * row] - x, up = places[2 * row + 1] - y, far = right * right + up * up;
      if (far <= least) { least = far; best = row; }
    }
    return best;
  };

  // Give the nearest shown row in a direction, (±1, 0) or (0, ±1), at most 45° aside, so that the four directions
  // together reach every point; what lies straight ahead counts as nearer. Without a current row: the middle one.
  near.towards = (current, right, up) => {
    const { camera, drawing } = atlas, { places, shown } = drawing;
    if (current < 0 || shown[current] < 2) return near.at(camera.width / 2, camera.height / 2, Infinity);
    const x = places[2 * current], y = places[2 * current + 1];
    let best = -1, least = Infinity;
    for (let row = 0; row < shown.length; row++) {
      if (shown[row] < 2 || row === current) continue;
      const across = places[2 * row] - x, upwards = places[2 * row + 1] - y;
      const ahead = across * right + upwards * up, aside = Math.abs(across * up) + Math.abs(upwards * right);
      if (ahead < aside || (ahead === 0 && row < current)) continue;
      const far = ahead + 2 * aside;
      if (far < least) { least = far; best = row; }
    }
    return best;
  };

  // Give the shown rows inside a polygon on the screen, [[left, top] …], by the even-odd rule.
  near.inside = (polygon) => {
    const { camera, drawing } = atlas, { places, shown } = drawing;
    const x = polygon.map(([left]) => camera.mapX(left)), y = polygon.map(([, top]) => camera.mapY(top));
    const rows = [];
    for (let row = 0; row < shown.length; row++) {
      if (shown[row] < 2) continue;
      const right = places[2 * row], up = places[2 * row + 1];
      let inside = false;
      for (let i = 0, j = x.length - 1; i < x.length; j = i++) {
        if (y[i] > up !== y[j] > up && right < (x[j] - x[i]) * (up - y[i]) / (y[j] - y[i]) + x[i]) inside = !inside;
      }
      if (inside) rows.push(row);
    }
    return rows;
  };

  // Give audio parts, those with the sound nearest to a place on the screen first, of sounds on view.
  near.parts = (left, top, most) => {
    const { camera, drawing, data } = atlas, { places, shown } = drawing;
    const x = camera.mapX(left), y = camera.mapY(top);
    const far = new Map();
    const reach = Math.hypot(camera.width, camera.height) / camera.scale;
    for (let row = 0; row < shown.length; row++) {
      if (shown[row] < 2) continue;
      const away = Math.hypot(places[2 * row] - x, places[2 * row + 1] - y);
      const part = data.part[row];
      if (away < reach && away < (far.get(part) ?? Infinity)) far.set(part, away);
    }
    return [...far].sort((a, b) => a[1] - b[1]).slice(0, most).map(([part]) => part);
  };

  atlas.near = near;
})(window.samplechop);
