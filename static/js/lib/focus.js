/**
 * Make a change; focus that goes with what it takes away lands where the reading goes on, not at the page's beginning.
 *
 * @param {HTMLElement} host
 * @param {() => void} change
 * @param {() => void} [land] by default on the host
 */
export function keepFocus(host, change, land = () => focusOn(host)) {
  const hadFocus = host.contains(document.activeElement);
  change();
  if (hadFocus && !host.contains(document.activeElement)) land();
}

/** @param {HTMLElement} place that is no control */
export function focusOn(place) {
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}
