import { autosizeField } from "../lib/autosize.js";
import { find } from "../lib/dom.js";
import { clearError } from "../lib/error_notice.js";
import { sendOnEnter } from "./enter_key.js";
import { watchLength } from "./prompt_length.js";

/**
 * @typedef {{
 *   send: (prompt: string) => void, stop: () => void, editLast: () => boolean,
 *   keep: (text: string) => void, kept: () => string,
 * }} ComposerActions
 * @typedef {{
 *   setBusy: (isBusy: boolean) => void, putBack: (prompt: string) => void,
 *   text: () => string, focus: () => void,
 * }} Composer
 */

/**
 * @param {number} limit characters
 * @param {ComposerActions} actions
 * @returns {Composer}
 */
export function openComposer(limit, actions) {
  const form = /** @type {HTMLFormElement} */ (find(document, ".composer"));
  const field = /** @type {HTMLTextAreaElement} */ (find(form, "textarea"));
  const send = /** @type {HTMLButtonElement} */ (find(form, ".send"));
  const stop = /** @type {HTMLButtonElement} */ (find(form, ".stop"));
  const maySend = watchLength(field, find(form, ".prompt-length"), limit);
  let isBusy = false;
  let returned = "";

  const show = () => {
    send.disabled = !maySend();
    send.hidden = isBusy && !field.value.trim();
    stop.hidden = !send.hidden;
  };

  /** @param {string} text */
  const fill = (text) => {
    field.value = text;
    field.dispatchEvent(new Event("input"));
  };

  const sendOnce = () => {
    const prompt = field.value.trim();
    if (send.disabled || !prompt) return;
    clearError();
    fill("");
    actions.send(prompt);
  };

  autosizeField(field);
  sendOnEnter(field, sendOnce);
  field.addEventListener("input", () => {
    actions.keep(field.value);
    show();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowUp" && !field.value && !event.isComposing && actions.editLast())
      event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendOnce();
  });
  stop.addEventListener("click", actions.stop);
  document.addEventListener("click", (event) => {
    const example = event.target instanceof Element ? event.target.closest("[data-example]") : null;
    if (!example) return;
    fill(example.textContent?.trim() ?? "");
    sendOnce();
  });
  fill(field.value || actions.kept());

  return {
    text: () => field.value,
    focus: () => field.focus(),
    setBusy(busy) {
      isBusy = busy;
      show();
    },
    // After what came back before it, before whatever is being typed meanwhile.
    putBack(prompt) {
      const isNext = returned && field.value.startsWith(returned);
      const typed = isNext ? field.value.slice(returned.length).trimStart() : field.value;
      returned = isNext ? `${returned}\n\n${prompt}` : prompt;
      fill([returned, typed].filter(Boolean).join("\n\n"));
    },
  };
}
