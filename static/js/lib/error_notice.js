import { announce } from "./announcer.js";
import { setText } from "./dom.js";

const notice = () => /** @type {HTMLElement | null} */ (document.querySelector(".error-notice"));

/**
 * Show an error above the composer; a page without a composer announces it to screen readers.
 *
 * @param {string} message
 */
export function showError(message) {
  const host = notice();
  if (!host) {
    announce(message);
    return;
  }
  host.hidden = false;
  setText(host, message);
}

/** @param {string} [message] clears only this message; by default any */
export function clearError(message) {
  const host = notice();
  if (host && (message === undefined || host.textContent === message)) host.hidden = true;
}
