import { announce } from "./announcer.js";
import { icon } from "./dom.js";
import { clearError, showError } from "./error_notice.js";
import { word } from "./words.js";

/**
 * Copy a text and let the button say so for a moment.
 *
 * @param {string} text
 * @param {HTMLButtonElement} button
 */
export async function copyText(text, button) {
  const isCopied = await writeText(text);
  if (isCopied) {
    clearError(word("copy_failed"));
    announce(word("copied"));
  } else {
    showError(word("copy_failed"));
  }
  const before = [...button.childNodes];
  if (!isCopied || button.dataset.copied !== undefined) return;
  button.dataset.copied = "";
  button.replaceChildren(icon("check"));
  setTimeout(() => {
    delete button.dataset.copied;
    button.replaceChildren(...before);
  }, 1500);
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
 * The clipboard API needs https; a site opened by its address in a home network has only this.
 *
 * @param {string} text
 */
function writeBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  // Behind an open dialog nothing can be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  const focused = document.activeElement;
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
