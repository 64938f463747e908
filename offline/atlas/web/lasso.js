// The lasso: a line drawn around points chooses them. Its mode is for touch; with a mouse, Shift and drag do as well.
"use strict";

(function (atlas) {
  const { element } = atlas;
  const sheet = element("lasso"), path = sheet.firstElementChild, button = element("lasso-mode");
  const STEP = 3; // pixels between two corners
  const lasso = { on: false, drawing: false };
  let corners = [];

  lasso.mode = (on) => {
    lasso.on = on;
    button.setAttribute("aria-pressed", on);
    element("map").classList.toggle("lasso", on);
    atlas.hint(on ? "Draw around the sounds you want" : "", 4);
  };
  button.onclick = () => lasso.mode(!lasso.on);

  lasso.begin = (left, top) => {
    corners = [[left, top]];
    lasso.drawing = true;
    sheet.style.display = "block";
  };
  lasso.move = (left, top) => {
    const [x, y] = corners[corners.length - 1];
    if (Math.hypot(left - x, top - y) < STEP) return;
    corners.push([left, top]);
    path.setAttribute("d", `M${corners.map((corner) => corner.join(" ")).join("L")}Z`);
  };
  lasso.cancel = () => {
    lasso.drawing = false;
    corners = [];
    path.setAttribute("d", "");
    sheet.style.display = ""; // a sheet over the whole map costs time with every picture
  };
  lasso.end = (how) => {
    const rows = corners.length > 2 ? atlas.near.inside(corners) : [];
    lasso.cancel();
    if (!rows.length) return atlas.hint("Nothing inside", 2);
    atlas.kit.choose(rows, how);
    lasso.mode(false);
  };
  atlas.lasso = lasso;
})(window.samplechop);
