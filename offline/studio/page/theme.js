// Light or dark: as the system has it, until one chooses. This runs before anything is shown, so that nothing flashes.

const KEY = "samplechop-theme", root = document.documentElement, light = matchMedia("(prefers-color-scheme: light)");

const kept = () => {
  const theme = localStorage.getItem(KEY);
  return theme === "dark" || theme === "light" ? theme : null;
};

/** @param {string} theme */
const show = (theme) => {
  root.dataset.theme = theme;
  dispatchEvent(new Event("theme"));
};

export function turnTheme() {
  const theme = root.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, theme);
  show(theme);
}

light.addEventListener("change", () => { if (!kept()) show(light.matches ? "light" : "dark"); });
show(kept() ?? (light.matches ? "light" : "dark"));
