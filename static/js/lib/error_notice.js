import { announce } from "./announcer.js";
import { setText } from "./dom.js";

const line = () => /** @type {HTMLElement | null} */ (document.querySelector(".refusal"));

/**
 * Say above the composer what could not be done and what to do; a page without one lets a screen reader say it.
 *
 * @param {string} said
 */
export function showError(said) {
  const host = line();
  if (!host) {
    announce(said);
    return;
  }
  host.hidden = false;
  setText(host, said);
}

/** @param {string} [said] only when it stands there; by default whatever does */
export function clearError(said) {
  const host = line();
  if (host && (said === undefined || host.textContent === said)) host.hidden = true;
}
