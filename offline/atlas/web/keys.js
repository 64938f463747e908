// The keyboard, and the buttons that do the same.
"use strict";

(function (atlas) {
  const { camera, element } = atlas;
  const STEP = 1.6, ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  const help = () => element("helping").showModal();
  const step = ([right, up]) => {
    const row = atlas.near.towards(atlas.current, right, up);
    if (row < 0) return;
    atlas.tell("asked");
    atlas.go(row, { reveal: true });
    const { places } = atlas.drawing;
    atlas.sound.ahead(camera.left(places[2 * row]), camera.top(places[2 * row + 1]));
  };
  const leave = () => {
    if (atlas.lasso.drawing || atlas.lasso.on) {
      atlas.lasso.cancel();
      atlas.lasso.mode(false);
    } else if (element("search").value) atlas.clearSearch();
    else {
      atlas.tell("asked");
      atlas.sound.hush();
    }
  };

  const again = () => { if (atlas.current >= 0) atlas.sound.play(atlas.current); };
  const KEYS = {
    "+": () => camera.zoom(STEP),
    "=": () => camera.zoom(STEP),
    "-": () => camera.zoom(1 / STEP),
    0: () => camera.fit(),
    "/": () => element("search").focus(),
    "?": help,
    c: () => atlas.colours.next(),
    g: () => atlas.layout.show(!atlas.layout.grid),
    k: () => atlas.kit.toggle(atlas.current),
    l: () => atlas.lasso.mode(!atlas.lasso.on),
    m: () => atlas.sound.mute(!atlas.sound.muted),
    t: atlas.turnTheme,
    Escape: leave,
  };

  addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || element("helping").open) return;
    if (target.closest("input, select, textarea")) return;
    const moving = ARROWS[key], on_map = target === element("map") || target === document.body;
    const replay = (key === "Enter" || key === " ") && on_map;
    const named = KEYS[key.length === 1 ? key.toLowerCase() : key];
    const act = moving ? () => step(moving) : replay ? again : named;
    if (!act) return;
    event.preventDefault();
    act();
  });

  element("theme").onclick = atlas.turnTheme;
  element("help").onclick = help;
  element("zoom-in").onclick = () => camera.zoom(STEP);
  element("zoom-out").onclick = () => camera.zoom(1 / STEP);
  element("zoom-fit").onclick = () => camera.fit();
})(window.samplechop);
