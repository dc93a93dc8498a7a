// The review queue by keyboard: one key each for approving, refusing, the next and the previous creative.

const OFF_KEY = "review-keys";
const KEYS = new Set(["a", "r", "j", "k"]);

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select");
}

/** The letter of a key, also while a Hangul keyboard is on. @param {KeyboardEvent} event */
function letterOf(event) {
  const letter = event.key.toLowerCase();
  return KEYS.has(letter) ? letter : event.code.replace(/^Key/, "").toLowerCase();
}

/** @param {HTMLElement} review */
function listen(review) {
  const reason = /** @type {HTMLInputElement | null} */ (review.querySelector("#review-reason"));
  const toggle = /** @type {HTMLInputElement} */ (review.querySelector("[data-review-keys]"));
  toggle.checked = localStorage.getItem(OFF_KEY) !== "off";
  toggle.addEventListener("change", () => localStorage.setItem(OFF_KEY, toggle.checked ? "on" : "off"));

  for (const quick of review.querySelectorAll("[data-review-reason]")) {
    quick.addEventListener("click", () => {
      if (!reason) return;
      reason.value = /** @type {HTMLElement} */ (quick).dataset.reviewReason ?? "";
      reason.focus();
    });
  }

  document.addEventListener("keydown", (event) => {
    if (!toggle.checked || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target)) return;
    const place = review.querySelector(`[data-review-key="${CSS.escape(letterOf(event))}"]`);
    if (!(place instanceof HTMLElement)) return;
    event.preventDefault();
    if (place === reason) place.focus();
    else place.click();
  });
}

for (const review of document.querySelectorAll("[data-review]")) listen(/** @type {HTMLElement} */ (review));
