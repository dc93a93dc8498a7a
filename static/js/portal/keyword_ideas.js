// A chosen keyword idea becomes a line of its match type's field at once; without scripts a button adds them.
const ideas = document.querySelector("[data-ideas]");

/**
 * @param {HTMLTextAreaElement} field
 * @param {string} text
 * @param {boolean} isChosen
 */
const setLine = (field, text, isChosen) => {
  const lines = field.value.split("\n").filter((line) => line.trim() && line !== text);
  field.value = (isChosen ? [...lines, text] : lines).join("\n");
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

if (ideas instanceof HTMLElement) {
  const button = ideas.querySelector("[data-add-ideas]");
  if (button instanceof HTMLElement) button.hidden = true;
  ideas.addEventListener("change", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement)) return;
    const [match, ...text] = box.value.split(":");
    const field = box.form?.elements.namedItem(match ?? "");
    if (field instanceof HTMLTextAreaElement) setLine(field, text.join(":"), box.checked);
  });
}

export {};
