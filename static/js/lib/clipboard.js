import { announce } from "./announcer.js";
import { icon, iconButton, wordButton } from "./dom.js";
import { clearError, showError } from "./error_notice.js";
import { translate } from "./messages.js";

const CHECK_MARK_MS = 1500;

/**
 * A button that copies a text.
 *
 * @param {() => string} text
 * @param {() => void} [onPress]
 * @returns {HTMLButtonElement}
 */
export function copyButton(text, onPress = () => {}) {
  const button = iconButton(translate("copy"), "copy", () => {
    copyText(text(), button);
    onPress();
  });
  return button;
}

/**
 * A button with a word that copies a text.
 *
 * @param {() => string} text
 * @param {() => void} [onPress]
 * @returns {HTMLButtonElement}
 */
export function copyAction(text, onPress = () => {}) {
  const button = wordButton(translate("act_copy"), "copy", () => {
    copyText(text(), button);
    onPress();
  });
  return button;
}

/**
 * Copy a text and show a check mark on the button for a moment.
 *
 * @param {string} text
 * @param {HTMLButtonElement} button
 */
export async function copyText(text, button) {
  const isCopied = await writeText(text);
  if (isCopied) {
    clearError(translate("copy_failed"));
    announce(translate("copied"));
  } else {
    showError(translate("copy_failed"));
  }
  if (isCopied) showCheckMark(button);
}

/** @param {HTMLButtonElement} button the check mark stands in place of its icon */
function showCheckMark(button) {
  if (button.dataset.copied !== undefined) return;
  const drawing = button.querySelector(".icon");
  const check = icon("check");
  if (drawing) drawing.replaceWith(check);
  else button.prepend(check);
  button.dataset.copied = "";
  setTimeout(() => {
    delete button.dataset.copied;
    if (drawing) check.replaceWith(drawing);
    else check.remove();
  }, CHECK_MARK_MS);
}

/** @param {string} text */
async function writeText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writeBySelection(text);
  }
}

/**
 * Copy without the clipboard API, which needs https: a site in a home network may have none.
 *
 * @param {string} text
 */
function writeBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  // Outside an open modal dialog nothing can be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  const focused = document.activeElement;
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
