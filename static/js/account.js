import { copyText } from "./lib/clipboard.js";

// The account pages work without scripts; this one saves the reader the selecting.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    copyText(document.getElementById(button.dataset.copy ?? "")?.textContent ?? "", button);
  });
}
