// Mouse, pen and fingers on the map: point or tap to hear, drag to move, wheel or two fingers to zoom, Shift to lasso.
"use strict";

(function (atlas) {
  const { camera, lasso, near } = atlas, map = atlas.element("map");
  const SLIP = { mouse: 4, pen: 6, touch: 10 }, REACH = { mouse: 10, pen: 12, touch: 24 };
  const AHEAD_MS = 120;
  const down = new Map(); // pointer → its place
  let from = null, dragged = false, pinched = false, asked = 0;

  const place = (event) => {
    const box = map.parentElement.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const at = (event, [left, top]) => {
    const reach = REACH[event.pointerType] || REACH.mouse;
    return near.at(left, top, Math.max(reach, atlas.drawing.size() / 2 + 3));
  };
  const how = (event) => (event.altKey ? "remove" : event.ctrlKey || event.metaKey ? "add" : "replace");

  const ahead = ([left, top]) => {
    const now = performance.now();
    if (now - asked < AHEAD_MS) return;
    asked = now;
    atlas.sound.ahead(left, top);
  };

  const hover = (event, here) => {
    const row = at(event, here);
    map.classList.toggle("over", row >= 0);
    if (row >= 0 && row !== atlas.current) {
      atlas.tell("asked");
      atlas.go(row);
    }
    ahead(here);
  };

  const spread = () => {
    const [[ax, ay], [bx, by]] = [...down.values()];
    return { left: (ax + bx) / 2, top: (ay + by) / 2, far: Math.max(Math.hypot(ax - bx, ay - by), 1) };
  };

  map.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    map.setPointerCapture(event.pointerId);
    const here = place(event);
    down.set(event.pointerId, here);
    if (down.size === 1) {
      from = here;
      dragged = pinched = false;
      if (lasso.on || event.shiftKey) lasso.begin(...here);
    } else {
      pinched = true;
      lasso.cancel();
    }
  });

  map.addEventListener("pointermove", (event) => {
    const here = place(event);
    if (!down.has(event.pointerId)) {
      if (event.pointerType !== "touch") hover(event, here);
      return;
    }
    const last = down.get(event.pointerId);
    if (down.size === 2) {
      const was = spread();
      down.set(event.pointerId, here);
      const is = spread();
      camera.panBy(is.left - was.left, is.top - was.top);
      camera.zoomAt(is.left, is.top, is.far / was.far);
      return;
    }
    const slip = SLIP[event.pointerType] || SLIP.mouse;
    if (!dragged && Math.hypot(here[0] - from[0], here[1] - from[1]) < slip) return;
    dragged = true;
    down.set(event.pointerId, here);
    if (lasso.drawing) lasso.move(...here);
    else if (!pinched || down.size === 1) {
      map.classList.add("held");
      camera.panBy(here[0] - last[0], here[1] - last[1]);
    }
  });

  const up = (event) => {
    if (!down.delete(event.pointerId) || down.size) return;
    map.classList.remove("held");
    const here = place(event);
    if (event.type === "pointercancel") return lasso.cancel();
    if (lasso.drawing && dragged) return lasso.end(how(event));
    lasso.cancel();
    if (dragged || pinched) return;
    const row = at(event, here);
    if (row < 0) return;
    atlas.tell("asked");
    atlas.go(row);
    ahead(here);
  };
  map.addEventListener("pointerup", up);
  map.addEventListener("pointercancel", up);

  const LINES = [1, 16, 400]; // pixels of what a wheel counts: pixels, lines or pages
  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    const turned = event.deltaY * LINES[event.deltaMode] * (event.ctrlKey ? 8 : 1);
    camera.zoomAt(...place(event), Math.exp(-Math.max(-400, Math.min(400, turned)) / 500));
  }, { passive: false });

  atlas.on("rest", () => atlas.sound.ahead(camera.width / 2, camera.height / 2));
})(window.samplechop);
