/**
 * Tells the style sheets how high the composer stands over the page, so that what the keyboard reaches stops above it.
 *
 * @param {HTMLElement} dock
 */
export function trackDockHeight(dock) {
  const update = () => document.documentElement.style.setProperty("--dock", `${dock.offsetHeight}px`);
  new ResizeObserver(update).observe(dock);
  update();
}
