// Where the points are: on one of the maps, or in the grid, which has the same neighbours without gaps and overlaps.
"use strict";

(function (atlas) {
  const { data, camera, element, count: n } = atlas;
  const layout = { cell: 0, grid: false, map: 0, box: [0, 0, 1, 1] };
  let before = 0;

  const onGrid = () => {
    const { rows, columns } = data.grid, most = Math.max(rows, columns), places = new Float32Array(2 * n);
    for (let row = 0; row < n; row++) {
      places[2 * row] = 0.5 + (data.gridColumn[row] + 0.5 - columns / 2) / most;
      places[2 * row + 1] = 0.5 - (data.gridRow[row] + 0.5 - rows / 2) / most;
    }
    return places;
  };
  if (data.grid) layout.cell = 1 / Math.max(data.grid.rows, data.grid.columns);

  // Give all points' places, x and y in turn, and note the box around them.
  layout.places = () => {
    const places = layout.grid ? onGrid() : atlas.maps.get(layout.map), half = layout.grid ? layout.cell / 2 : 0;
    const [x0, y0, x1, y1] = camera.box(places, Array(n).keys());
    layout.box = [x0 - half, y0 - half, x1 + half, y1 + half];
    return places;
  };

  // How much the layout on view is the grid, 0..1, while one becomes the other. morph: 0..1.
  layout.gridness = (morph) => before + ((layout.grid ? 1 : 0) - before) * morph;

  const moved = (was) => {
    before = was ? 1 : 0;
    element("as-map").setAttribute("aria-pressed", !layout.grid);
    element("as-grid").setAttribute("aria-pressed", layout.grid);
    atlas.drawing.move(layout.places(), true);
    camera.fit();
  };

  layout.show = (grid) => {
    if (!data.grid || grid === layout.grid) return;
    layout.grid = grid;
    moved(!grid);
  };

  layout.choose = async (map) => {
    if (!atlas.maps.has(map)) await atlas.load(`data/map-${map}.js`);
    const was = layout.grid;
    Object.assign(layout, { map, grid: false });
    moved(was);
  };

  element("layout").hidden = !data.grid;
  element("as-map").onclick = () => layout.show(false);
  element("as-grid").onclick = () => layout.show(true);
  element("map-choice").hidden = data.maps.length < 2;
  const which = element("which-map");
  which.append(...data.maps.map((name, at) => Object.assign(atlas.make("option", "", name), { value: at })));
  which.onchange = () => layout.choose(Number(which.value));
  atlas.layout = layout;
})(window.samplechop);
