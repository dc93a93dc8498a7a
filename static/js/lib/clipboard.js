import { announce } from "./announcer.js";
import { icon, iconButton } from "./dom.js";
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
  const content = [...button.childNodes];
  if (!isCopied || button.dataset.copied !== undefined) return;
  button.dataset.copied = "";
  button.replaceChildren(icon("check"));
  setTimeout(() => {
    delete button.dataset.copied;
    button.replaceChildren(...content);
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
