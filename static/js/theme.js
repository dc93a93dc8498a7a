// Loaded before the first paint, so that the page does not flash in the other theme.
const root = document.documentElement;

/** @returns {string} the chosen theme, or "" to follow the system */
const readTheme = () => {
  try {
    return localStorage.getItem("theme") ?? "";
  } catch {
    return "";
  }
};

/** @param {string} theme */
const showTheme = (theme) => {
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
  showChoice();
};

const listChoices = () =>
  /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-theme-choice] input"));

const showChoice = () => {
  for (const choice of listChoices()) choice.checked = choice.value === (root.dataset.theme ?? "");
};

const isDark = () =>
  root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

/** @param {string} theme "light", "dark", or "" to follow the system */
const chooseTheme = (theme) => {
  showTheme(theme);
  try {
    if (theme) localStorage.setItem("theme", theme);
    else localStorage.removeItem("theme");
  } catch {
    // Without storage the theme still changes on this page.
  }
};

const toggleTheme = () => chooseTheme(isDark() ? "light" : "dark");

showTheme(readTheme());
document.addEventListener("DOMContentLoaded", showChoice);
// A browser fills in the choices that a page had when it was left.
addEventListener("pageshow", showChoice);
addEventListener("storage", (event) => {
  if (event.key === "theme") showTheme(readTheme());
});
addEventListener("toggle-theme", toggleTheme);
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-toggle-theme]")) toggleTheme();
});
document.addEventListener("change", ({ target }) => {
  if (target instanceof HTMLInputElement && target.closest("[data-theme-choice]")) chooseTheme(target.value);
});
