// What is shown: what the legend does not hide; what the search does not find is faint.
"use strict";

(function (atlas) {
  const { data, element, count: n } = atlas;
  const field = element("search"), counted = element("count"), take = element("take-found"), empty = element("empty");
  let texts = null, words = [];

  const textOf = (row) => {
    const tags = atlas.tagsOf(row).map((tag) => tag.name);
    return [data.names[row], data.labels[data.label[row]], ...tags].join("\n").toLowerCase();
  };

  const many = (count) => `${count.toLocaleString("en")} ${count === 1 ? "sound" : "sounds"}`;

  atlas.sift = () => {
    const { shown } = atlas.drawing, { hidden, current } = atlas.colours;
    if (words.length) texts ||= Array.from({ length: n }, (_, row) => textOf(row));
    let found = 0;
    for (let row = 0; row < n; row++) {
      const outside = hidden.size && hidden.has(current.of[row]);
      shown[row] = outside ? 0 : words.every((word) => texts[row].includes(word)) ? 2 : 1;
      if (shown[row] === 2) found++;
    }
    counted.textContent = found === n ? many(n) : `${found.toLocaleString("en")} of ${n.toLocaleString("en")}`;
    take.hidden = !words.length || !found;
    take.setAttribute("aria-label", `Add all ${many(found)} found to the kit`);
    empty.hidden = found > 0;
    atlas.tell("shown");
  };

  atlas.found = () => [...atlas.drawing.shown.keys()].filter((row) => atlas.drawing.shown[row] === 2);

  const search = () => {
    words = field.value.toLowerCase().split(/\s+/).filter((word) => word);
    atlas.sift();
  };
  field.addEventListener("input", search);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const rows = atlas.found();
      if (!rows.length || !words.length) return;
      atlas.camera.show(atlas.drawing.places, rows);
      atlas.go(rows[0]);
      element("map").focus();
    } else if (event.key === "Escape") {
      atlas.clearSearch();
      element("map").focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  atlas.clearSearch = () => {
    field.value = "";
    search();
  };
  take.onclick = () => atlas.kit.choose(atlas.found(), "add");
  element("empty-clear").onclick = () => {
    atlas.colours.hidden.clear();
    atlas.clearSearch();
    atlas.tell("colours");
  };
})(window.samplechop);
