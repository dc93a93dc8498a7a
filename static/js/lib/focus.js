/**
 * Make a change that may remove the focused element, and move focus within the host instead of to the page's start.
 *
 * @param {HTMLElement} host
 * @param {() => void} change
 * @param {() => void} [onFocusLost] focuses another element; by default the host
 */
export function keepFocus(host, change, onFocusLost = () => focusOn(host)) {
  const hadFocus = host.contains(document.activeElement);
  change();
  if (hadFocus && !host.contains(document.activeElement)) onFocusLost();
}

/** @param {HTMLElement} target an element that is not focusable by itself */
export function focusOn(target) {
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
}
