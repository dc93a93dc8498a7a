import { copyText } from "../lib/clipboard.js";
import { foldButton } from "../lib/collapsible_text.js";
import { element, iconButton, setText } from "../lib/dom.js";
import { word } from "../lib/words.js";
import { promptEdit } from "./prompt_edit.js";

/**
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ host: HTMLElement, actions: HTMLElement, patch: (state: TurnState) => void, edit: (refused?: string) => boolean }}
 *   PromptView
 */

/**
 * The prompt of a turn, editable in place.
 *
 * @param {number} limit characters
 * @param {(prompt: string) => void} resend
 * @returns {PromptView}
 */
export function promptView(limit, resend) {
  const text = element("p", { class: "prompt-text", dir: "auto" });
  const folding = foldButton(text);
  const copy = iconButton(word("copy"), "copy", () => copyText(text.textContent ?? "", copy));
  const pencil = iconButton(word("edit_prompt"), "edit", () => edit());
  const actions = element("div", { class: "prompt-actions" }, copy, pencil);
  const host = element("div", { class: "prompt" }, text, folding.button, actions);

  /** @param {string} [refused] an edit that is open again @returns {boolean} false when another one is */
  function edit(refused) {
    if (host.querySelector("form")) return false;
    const form = promptEdit(refused ?? text.textContent ?? "", limit, close, (changed) => {
      close();
      resend(changed);
    });
    host.classList.add("editing");
    host.append(form);
    // Whoever is typing something else is left to it.
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
      folding.fit();
    },
  };
}
