import { sendOnEnter } from "../composer/enter_key.js";
import { watchLength } from "../composer/prompt_length.js";
import { autosizeField } from "../lib/autosize.js";
import { copyButton } from "../lib/clipboard.js";
import { foldButton } from "../lib/collapsible_text.js";
import { element, iconButton, setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";

/**
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{
 *   promptLimit: number, measureRoom: (prompt: string) => { limit: number, isOver: boolean },
 * }} PromptLimits `promptLimit` in characters
 * @typedef {{
 *   host: HTMLElement, actions: HTMLElement, patch: (state: TurnState) => void, edit: (refused?: string) => boolean,
 * }} PromptView
 */

/**
 * The prompt of a turn, editable in place.
 *
 * @param {PromptLimits} limits
 * @param {(prompt: string) => void} resend
 * @returns {PromptView}
 */
export function promptView(limits, resend) {
  const text = element("p", { class: "prompt-text", dir: "auto" });
  const folding = foldButton(text);
  const copy = copyButton(() => text.textContent ?? "");
  const pencil = iconButton(translate("edit_prompt"), "edit", () => edit());
  const actions = element("div", { class: "prompt-actions" }, copy, pencil);
  const host = element("div", { class: "prompt" }, text, folding.button, actions);

  /** @param {string} [refused] a refused edit to open again @returns {boolean} false when an edit is already open */
  function edit(refused) {
    if (host.querySelector("form")) return false;
    const form = promptEdit(refused ?? text.textContent ?? "", limits, close, (changed) => {
      close();
      resend(changed);
    });
    host.classList.add("editing");
    host.append(form);
    // A reader who types in another field keeps focus there.
    const isTyping = refused !== undefined && document.activeElement?.matches("input, textarea");
    if (!isTyping) form.querySelector("textarea")?.focus();
    return true;
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
      folding.update();
    },
  };
}

/**
 * The form that changes a prompt and sends it again.
 *
 * @param {string} prompt
 * @param {PromptLimits} limits
 * @param {() => void} cancel
 * @param {(prompt: string) => void} send
 */
function promptEdit(prompt, { promptLimit, measureRoom }, cancel, send) {
  const field = element("textarea", { class: "input", rows: 1, dir: "auto" });
  field.ariaLabel = translate("edit_prompt");
  field.value = prompt;
  const length = element("span", { class: "prompt-length", hidden: true });
  const back = element("button", { type: "button", class: "button quiet small" }, translate("cancel"));
  const submit = element("button", { class: "button primary small" }, translate("edit_send"));
  const foot = element("div", { class: "dialog-actions" }, length, back, submit);
  const form = element("form", { class: "prompt-edit" }, field, foot);
  const maySend = watchLength(field, length, promptLimit, measureRoom);
  const update = () => {
    submit.disabled = !maySend();
  };
  const trySend = () => {
    if (maySend()) send(field.value.trim());
  };
  field.addEventListener("input", update);
  back.addEventListener("click", cancel);
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    cancel();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    trySend();
  });
  sendOnEnter(field, trySend);
  autosizeField(field);
  update();
  return form;
}
