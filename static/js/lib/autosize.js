/**
 * Keep a text field as high as its text, up to the max-height of the style sheet.
 *
 * @param {HTMLTextAreaElement} field
 */
export function autosizeField(field) {
  const grow = () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  field.addEventListener("input", grow);
  new ResizeObserver(([entry]) => {
    const width = entry?.contentRect.width ?? 0;
    if (field.dataset.width !== String(width)) {
      field.dataset.width = String(width);
      grow();
    }
  }).observe(field);
}
