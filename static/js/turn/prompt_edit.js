import { sendOnEnter } from "../composer/enter_key.js";
import { watchLength } from "../composer/prompt_length.js";
import { autosizeField } from "../lib/autosize.js";
import { element } from "../lib/dom.js";
import { word } from "../lib/words.js";

/**
 * The form in which a prompt is changed and sent again.
 *
 * @param {string} prompt
 * @param {number} limit characters
 * @param {() => void} cancel
 * @param {(prompt: string) => void} send
 */
export function promptEdit(prompt, limit, cancel, send) {
  const field = element("textarea", {
    class: "input",
    rows: 1,
    dir: "auto",
    "aria-label": word("edit_prompt"),
  });
  field.value = prompt;
  const length = element("span", { class: "prompt-length", hidden: true });
  const back = element("button", { type: "button", class: "button quiet small" }, word("cancel"));
  const submit = element("button", { class: "button primary small" }, word("edit_send"));
  const form = element(
    "form",
    { class: "prompt-edit" },
    field,
    element("div", { class: "dialog-actions" }, length, back, submit),
  );
  const maySend = watchLength(field, length, limit);
  const show = () => {
    submit.disabled = !maySend();
  };
  const sendOnce = () => {
    if (maySend()) send(field.value.trim());
  };
  field.addEventListener("input", show);
  back.addEventListener("click", cancel);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    cancel();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendOnce();
  });
  sendOnEnter(field, sendOnce);
  autosizeField(field);
  show();
  return form;
}
