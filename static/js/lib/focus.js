import { find } from "./dom.js";

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

/**
 * Show or hide an element; focus that was in it moves to where the next prompt is written.
 *
 * @param {HTMLElement} target
 * @param {boolean} isHidden
 */
export function setHidden(target, isHidden) {
  const loses = isHidden && target.contains(document.activeElement);
  target.hidden = isHidden;
  if (loses) focusPrompt();
}

/** Move focus to where the next prompt is written; on a touch screen, that would open the keyboard over the page. */
export function focusPrompt() {
  if (matchMedia("(pointer: fine)").matches) find(document, "#prompt").focus();
  else focusOn(find(document, "main"));
}
