// Begin: all parts are there, so the first picture can be drawn.
"use strict";

(function (atlas) {
  const { data, camera, drawing, element } = atlas;
  document.title = data.title;
  element("title").textContent = data.title;
  element("map").setAttribute("aria-label", `Map of ${atlas.count.toLocaleString("en")} sounds`);
  if (innerWidth < 720) element("legend").open = false;
  if (matchMedia("(pointer: coarse)").matches) element("name").textContent = "Tap a dot to hear it";

  drawing.places = atlas.layout.places();
  drawing.resize();
  camera.fit(true);
  try {
    drawing.begin();
  } catch (error) {
    console.error(error);
    atlas.hint("This browser cannot draw the map: it needs WebGL. Another browser, or its newest version, will do.");
    return;
  }
  atlas.colours.choose("class");
  atlas.tell("kit");

  new ResizeObserver(() => {
    drawing.resize();
    camera.refit();
    atlas.tell("view");
  }).observe(element("map").parentElement);
  matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener("change", drawing.resize);
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("painted")));
})(window.samplechop);
