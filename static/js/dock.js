/**
 * Tells the style sheets how high the composer stands over the page, so that what the keyboard reaches stops above it.
 *
 * @param {HTMLElement} dock
 */
export function tellHeight(dock) {
  const tell = () => document.documentElement.style.setProperty("--dock", `${dock.offsetHeight}px`);
  new ResizeObserver(tell).observe(dock);
  tell();
}
