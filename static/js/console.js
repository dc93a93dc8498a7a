// The console works without this: it only spares presses of buttons.
import "./portal/reach_estimate.js";

const form = document.querySelector("[data-previewed]");
const card = document.querySelector("[data-preview]");

/** @param {string} address */
const hostOf = (address) => {
  try {
    return new URL(address).hostname.replace(/^www\./, "");
  } catch {
    return "";
  }
};

/**
 * @param {HTMLElement} part
 * @param {string} typed
 */
const show = (part, typed) => {
  const words = part.dataset.previewOf === "landing_url" ? hostOf(typed.trim()) : typed.trim();
  part.textContent = words || (part.dataset.empty ?? "");
};

if (form instanceof HTMLFormElement && card) {
  const parts = /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll("[data-preview-of]"));
  const refresh = () => {
    const typed = new FormData(form);
    for (const part of parts) show(part, String(typed.get(part.dataset.previewOf ?? "") ?? ""));
  };
  form.addEventListener("input", refresh);
  const button = form.querySelector("[data-preview-button]");
  if (button instanceof HTMLElement) button.hidden = true;
}

const all = document.querySelector("[data-choose-all]");
if (all instanceof HTMLInputElement) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll('[name="keyword"]')) {
      if (box instanceof HTMLInputElement) box.checked = all.checked;
    }
  });
}
