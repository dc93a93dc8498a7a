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
};

const isDark = () =>
  root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

const toggleTheme = () => {
  const theme = isDark() ? "light" : "dark";
  showTheme(theme);
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Without storage the theme still changes on this page.
  }
};

showTheme(readTheme());
addEventListener("storage", (event) => {
  if (event.key === "theme") showTheme(readTheme());
});
addEventListener("toggle-theme", toggleTheme);
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-toggle-theme]")) toggleTheme();
});
