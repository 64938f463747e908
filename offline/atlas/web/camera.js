// Where the eye is. Map coordinates: x to the right, y upwards, the map in 0..1. Screen: pixels, y downwards.
"use strict";

(function (atlas) {
  const camera = { x: 0.5, y: 0.5, scale: 500, width: 1, height: 1, fitted: 500 };
  const CLOSEST = 200, SMALLEST = 0.01; // of what one can see: times all, and of a map's width
  let flight = 0, goal = camera, home = [0.5, 0.5, 500];

  camera.left = (x) => (x - camera.x) * camera.scale + camera.width / 2;
  camera.top = (y) => (camera.y - y) * camera.scale + camera.height / 2;
  camera.mapX = (left) => (left - camera.width / 2) / camera.scale + camera.x;
  camera.mapY = (top) => camera.y - (top - camera.height / 2) / camera.scale;

  // The part of the window that no panel covers: left, top, right, bottom in pixels.
  camera.clear = () => {
    const box = (id) => atlas.element(id).getBoundingClientRect();
    const head = document.querySelector("header").getBoundingClientRect();
    const foot = box(atlas.element("kit").hidden ? "zoom" : "kit");
    if (camera.width < 720) return { left: 0, top: head.bottom, right: camera.width, bottom: foot.top };
    return { left: box("card").right, top: head.bottom, right: box("zoom").left, bottom: camera.height };
  };

  camera.set = (x, y, scale) => {
    camera.scale = Math.min(Math.max(scale, camera.fitted / 3), camera.fitted * CLOSEST);
    camera.x = Math.min(Math.max(x, -0.5), 1.5);
    camera.y = Math.min(Math.max(y, -0.5), 1.5);
    atlas.tell("view");
  };

  camera.stop = () => { cancelAnimationFrame(flight); flight = 0; };

  camera.panBy = (right, down) => {
    camera.stop();
    camera.set(camera.x - right / camera.scale, camera.y + down / camera.scale, camera.scale);
  };

  // What lies under (left, top) stays there.
  camera.zoomAt = (left, top, factor) => {
    camera.stop();
    const x = camera.mapX(left), y = camera.mapY(top);
    const scale = Math.min(Math.max(camera.scale * factor, camera.fitted / 3), camera.fitted * CLOSEST);
    camera.set(x - (left - camera.width / 2) / scale, y + (top - camera.height / 2) / scale, scale);
  };

  camera.fly = (x, y, scale) => {
    camera.stop();
    if (atlas.stillness.matches) return camera.set(x, y, scale);
    goal = { x, y, scale };
    const from = { x: camera.x, y: camera.y, scale: camera.scale }, began = performance.now();
    const step = (now) => {
      const part = Math.min(1, Math.max(0, (now - began) / 240)), eased = 1 - (1 - part) ** 3;
      const between = from.scale * (scale / from.scale) ** eased;
      const way = scale === from.scale ? eased : (1 / between - 1 / from.scale) / (1 / scale - 1 / from.scale);
      camera.set(from.x + (x - from.x) * way, from.y + (y - from.y) * way, between);
      flight = part < 1 ? requestAnimationFrame(step) : 0;
    };
    flight = requestAnimationFrame(step);
  };

  camera.zoom = (factor) => camera.fly(camera.x, camera.y, camera.scale * factor);

  // Where the eye must be to see a box of the map, with a margin.
  const seeing = (x0, y0, x1, y1, closest) => {
    const free = camera.clear(), wide = free.right - free.left, high = free.bottom - free.top;
    const margin = Math.min(36, 0.05 * Math.min(wide, high));
    const across = Math.max(x1 - x0, SMALLEST), up = Math.max(y1 - y0, SMALLEST);
    const scale = Math.min((wide - 2 * margin) / across, (high - 2 * margin) / up, closest);
    const x = (x0 + x1) / 2 + (camera.width / 2 - (free.left + free.right) / 2) / scale;
    const y = (y0 + y1) / 2 - (camera.height / 2 - (free.top + free.bottom) / 2) / scale;
    return [x, y, scale];
  };

  camera.fit = (at_once) => {
    home = seeing(...atlas.layout.box, Infinity);
    camera.fitted = home[2];
    (at_once ? camera.set : camera.fly)(...home);
  };

  // Where everything was on view, it shall be so in a window or beside a panel of another size.
  camera.refit = () => {
    const [x, y, scale] = home, { x: atX, y: atY, scale: at } = flight ? goal : camera;
    if (Math.hypot(atX - x, atY - y) * at < 1 && Math.abs(at / scale - 1) < 0.01) camera.fit();
  };

  // The box around points, all or some: left, lower, right and upper end.
  camera.box = (places, rows) => {
    let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
    for (const row of rows) {
      x0 = Math.min(x0, places[2 * row]), x1 = Math.max(x1, places[2 * row]);
      y0 = Math.min(y0, places[2 * row + 1]), y1 = Math.max(y1, places[2 * row + 1]);
    }
    return [x0, y0, x1, y1];
  };
  camera.show = (places, rows) => camera.fly(...seeing(...camera.box(places, rows), 8 * camera.fitted));

  // Move only if a point lies where it cannot be seen well.
  camera.reveal = (x, y) => {
    const free = camera.clear(), left = camera.left(x), top = camera.top(y), edge = 40;
    const right = Math.max(free.left + edge - left, 0) - Math.max(left - free.right + edge, 0);
    const down = Math.max(free.top + edge - top, 0) - Math.max(top - free.bottom + edge, 0);
    if (right || down) camera.fly(camera.x - right / camera.scale, camera.y + down / camera.scale, camera.scale);
  };

  atlas.camera = camera;
})(window.samplechop);
