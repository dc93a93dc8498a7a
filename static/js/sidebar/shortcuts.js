import { find } from "../lib/dom.js";

/**
 * @param {{ openPalette: () => void, startNew: () => void, stop: () => boolean, focusComposer: () => void }} actions
 */
export function bindShortcuts({ openPalette, startNew, stop, focusComposer }) {
  addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const isCommand = event.ctrlKey || event.metaKey;
    const isTyping = event.target instanceof Element && event.target.matches("input, textarea, select");
    const isDialogOpen = document.querySelector("dialog[open], [popover]:popover-open") !== null;
    if (isCommand && !event.shiftKey && event.code === "KeyK") run(event, openPalette, isDialogOpen);
    else if (isCommand && event.shiftKey && event.code === "KeyO") run(event, startNew, false);
    else if (event.key === "Escape" && !isDialogOpen && stop()) event.preventDefault();
    else if (event.key === "?" && !isTyping) run(event, showShortcuts, isDialogOpen);
    else if (event.key === "/" && !isTyping && !isCommand) run(event, focusComposer, isDialogOpen);
  });
}

export function showShortcuts() {
  /** @type {HTMLDialogElement} */ (find(document, "#keys")).showModal();
}

/** @param {KeyboardEvent} event @param {() => void} action @param {boolean} isBlocked */
function run(event, action, isBlocked) {
  if (isBlocked) return;
  event.preventDefault();
  action();
}
