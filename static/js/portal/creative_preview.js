// Updates the preview of a creative while its form is filled in; without scripts a button reloads it.
const form = document.querySelector("[data-previewed]");
const card = document.querySelector("[data-preview]");

/** @param {string} url */
const hostOf = (url) => {
  try {
    return new URL(url).hostname.replace(/^www\./, "");
  } catch {
    return "";
  }
};

/**
 * @param {HTMLElement} part
 * @param {string} value
 */
const show = (part, value) => {
  const text = part.dataset.previewOf === "landing_url" ? hostOf(value.trim()) : value.trim();
  part.textContent = text || (part.dataset.empty ?? "");
};

if (form instanceof HTMLFormElement && card) {
  const parts = /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll("[data-preview-of]"));
  form.addEventListener("input", () => {
    const values = new FormData(form);
    for (const part of parts) show(part, String(values.get(part.dataset.previewOf ?? "") ?? ""));
  });
  form.addEventListener("click", (event) => {
    const use = event.target instanceof HTMLElement ? event.target.closest("[data-use-for]") : null;
    const field = use instanceof HTMLButtonElement ? form.elements.namedItem(use.dataset.useFor ?? "") : null;
    if (!(use instanceof HTMLButtonElement) || !(field instanceof HTMLElement) || !("value" in field)) return;
    event.preventDefault();
    field.value = use.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
  const button = form.querySelector("[data-preview-button]");
  if (button instanceof HTMLElement) button.hidden = true;
}

export {};
