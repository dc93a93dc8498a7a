import { find } from "../lib/dom.js";

/**
 * @param {{ palette: () => void, fresh: () => void, stop: () => boolean, focus: () => void }} actions
 */
export function bindShortcuts({ palette, fresh, stop, focus }) {
  addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const isCommand = event.ctrlKey || event.metaKey;
    const isTyping = event.target instanceof Element && event.target.matches("input, textarea, select");
    const isDialogOpen = document.querySelector("dialog[open], [popover]:popover-open") !== null;
    if (isCommand && !event.shiftKey && event.code === "KeyK") act(event, palette, isDialogOpen);
    else if (isCommand && event.shiftKey && event.code === "KeyO") act(event, fresh, false);
    else if (event.key === "Escape" && !isDialogOpen && stop()) event.preventDefault();
    else if (event.key === "?" && !isTyping) act(event, showShortcuts, isDialogOpen);
    else if (event.key === "/" && !isTyping && !isCommand) act(event, focus, isDialogOpen);
  });
}

export function showShortcuts() {
  /** @type {HTMLDialogElement} */ (find(document, "#keys")).showModal();
}

/**
 * @param {KeyboardEvent} event
 * @param {() => void} action
 * @param {boolean} isBlocked
 */
function act(event, action, isBlocked) {
  if (isBlocked) return;
  event.preventDefault();
  action();
}
