// Light or dark: as the system has it, until one chooses. This runs before anything is shown, so that nothing flashes.
"use strict";

(function (atlas) {
  const KEY = "samplechop-theme", root = document.documentElement, light = matchMedia("(prefers-color-scheme: light)");

  // A browser that keeps nothing for pages from disk throws; then the choice holds until the page is left.
  const kept = () => {
    try {
      const theme = localStorage.getItem(KEY);
      return ["dark", "light"].includes(theme) ? theme : null;
    } catch {
      return null;
    }
  };
  const keep = (theme) => {
    try {
      localStorage.setItem(KEY, theme);
    } catch { /* see above */ }
  };

  const label = () => {
    const other = root.dataset.theme === "dark" ? "Light colours" : "Dark colours";
    atlas.element("theme").setAttribute("aria-label", other);
  };
  const show = (theme) => {
    root.dataset.theme = theme;
    atlas.tell("theme");
  };
  atlas.turnTheme = () => {
    const theme = root.dataset.theme === "dark" ? "light" : "dark";
    keep(theme);
    show(theme);
  };
  light.addEventListener("change", () => { if (!kept()) show(light.matches ? "light" : "dark"); });
  atlas.on("theme", label);
  addEventListener("DOMContentLoaded", label);
  root.dataset.theme = kept() || (light.matches ? "light" : "dark");
})(window.samplechop);
