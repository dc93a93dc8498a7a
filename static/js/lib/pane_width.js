/** @type {{ px: number } | undefined} */
let watched;

/**
 * Return the width of the pane that holds the conversation, as of the last layout: reading it from the element would
 * lay the page out again for each of many candidates.
 *
 * @returns {number} pixels
 */
export function paneWidth() {
  const pane = document.querySelector(".pane");
  if (!pane) return innerWidth;
  watched ??= watchWidth(pane);
  return watched.px;
}

/** @param {Element} pane */
function watchWidth(pane) {
  const width = { px: pane.clientWidth };
  new ResizeObserver(() => {
    width.px = pane.clientWidth;
  }).observe(pane);
  return width;
}
