import { copyText } from "./clipboard.js";
import { element, iconButton, setText } from "./element.js";
import { sendOnEnter } from "./enter_key.js";
import { foldButton } from "./folding.js";
import { growField } from "./growing_field.js";
import { word } from "./words.js";

/**
 * @import { TurnState } from "./turn_shapes.js"
 * @typedef {{ host: HTMLElement, actions: HTMLElement, patch: (state: TurnState) => void, edit: () => void }} PromptView
 */

/**
 * The prompt of a turn, editable in place.
 *
 * @param {(prompt: string) => void} resend
 * @returns {PromptView}
 */
export function promptView(resend) {
  const text = element("p", { class: "prompt-text", dir: "auto" });
  const folding = foldButton(text);
  const copy = iconButton(word("copy"), "copy", () => copyText(text.textContent ?? "", copy));
  const pencil = iconButton(word("edit_prompt"), "edit", () => edit());
  const actions = element("div", { class: "prompt-actions" }, copy, pencil);
  const host = element("div", { class: "prompt" }, text, folding.button, actions);

  function edit() {
    if (host.querySelector("form")) return;
    const form = editForm(text.textContent ?? "", close, (prompt) => {
      close();
      resend(prompt);
    });
    host.classList.add("editing");
    host.append(form);
    form.querySelector("textarea")?.focus();
  }

  function close() {
    host.querySelector("form")?.remove();
    host.classList.remove("editing");
    pencil.focus();
  }

  return {
    host,
    actions,
    edit,
    patch(state) {
      setText(text, state.prompt);
      folding.fit();
    },
  };
}

/**
 * @param {string} prompt
 * @param {() => void} cancel
 * @param {(prompt: string) => void} send
 */
function editForm(prompt, cancel, send) {
  const field = element("textarea", {
    class: "input",
    rows: 1,
    dir: "auto",
    "aria-label": word("edit_prompt"),
  });
  field.value = prompt;
  const back = element("button", { type: "button", class: "button quiet small" }, word("cancel"));
  const submit = element("button", { class: "button primary small" }, word("edit_send"));
  const form = element(
    "form",
    { class: "prompt-edit" },
    field,
    element("div", { class: "dialog-actions" }, back, submit),
  );
  back.addEventListener("click", cancel);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    cancel();
  });
  const sendOnce = () => {
    const changed = field.value.trim();
    if (changed) send(changed);
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendOnce();
  });
  sendOnEnter(field, sendOnce);
  growField(field);
  return form;
}
