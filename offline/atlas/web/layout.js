// Where the points are: on one of the maps, or in the grid, which has the same neighbours without gaps and overlaps.
"use strict";

(function (atlas) {
  const { data, element, count: n } = atlas;
  const layout = { cell: 0, grid: false, map: 0 };
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

  layout.places = () => (layout.grid ? onGrid() : atlas.maps.get(layout.map));

  // How much the layout on view is the grid, 0..1, while one becomes the other. morph: 0..1.
  layout.gridness = (morph) => before + ((layout.grid ? 1 : 0) - before) * morph;

  const moved = (was) => {
    before = was ? 1 : 0;
    element("as-map").setAttribute("aria-pressed", !layout.grid);
    element("as-grid").setAttribute("aria-pressed", layout.grid);
    atlas.drawing.move(layout.places(), true);
    atlas.camera.fit();
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
