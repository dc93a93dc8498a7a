// A checkbox that selects every keyword of the table; it is hidden without scripts.
const all = document.querySelector("[data-choose-all]");
if (all instanceof HTMLInputElement) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll('[name="keyword"]')) {
      if (box instanceof HTMLInputElement) box.checked = all.checked;
    }
  });
}

export {};
