import { autosizeField } from "../lib/autosize.js";
import { find, setText } from "../lib/dom.js";
import { clearError } from "../lib/error_notice.js";
import { setHidden } from "../lib/focus.js";
import { translate } from "../lib/messages.js";
import { openDroppedFiles } from "./dropped_files.js";
import { sendOnEnter } from "./enter_key.js";
import { watchLength } from "./prompt_length.js";

/**
 * @import { RoomReport } from "./prompt_room.js"
 * @typedef {{
 *   send: (prompt: string) => void, stop: () => void, editLast: () => boolean,
 *   saveDraft: (text: string) => void, readDraft: () => string, reportRoom?: (prompt: string) => RoomReport,
 * }} ComposerActions
 * @typedef {{
 *   setBusy: (isBusy: boolean) => void, putBack: (prompt: string) => void,
 *   text: () => string, focus: () => void, measure: () => void,
 * }} Composer
 */

/** @param {number} limit characters @param {ComposerActions} actions @returns {Composer} */
export function openComposer(limit, actions) {
  const form = /** @type {HTMLFormElement} */ (find(document, ".composer"));
  const field = /** @type {HTMLTextAreaElement} */ (find(form, "textarea"));
  const measureRoom = actions.reportRoom && openRoomNote(form, actions.reportRoom);
  const buttons = openSendButtons(form, watchLength(field, find(form, ".prompt-length"), limit, measureRoom));
  const joinReturned = openReturnedPrompts();

  /** @param {string} text */
  const fill = (text) => {
    field.value = text;
    field.dispatchEvent(new Event("input"));
  };

  const submit = () => {
    const prompt = field.value.trim();
    if (!buttons.canSend() || !prompt) return;
    clearError();
    fill("");
    actions.send(prompt);
  };

  autosizeField(field);
  listen(form, field, submit, actions);
  openDroppedFiles(form, field);
  field.addEventListener("input", () => {
    actions.saveDraft(field.value);
    buttons.update();
  });
  watchExamples((example) => {
    fill(example);
    submit();
  });
  fill(field.value || actions.readDraft());

  return {
    text: () => field.value,
    focus: () => field.focus(),
    setBusy: buttons.setBusy,
    measure: buttons.update,
    putBack: (prompt) => fill(joinReturned(field.value, prompt)),
  };
}

/**
 * Show the stop button while an answer is written, and the send button beside it once something is typed.
 *
 * @param {HTMLFormElement} form
 * @param {() => boolean} maySend
 */
function openSendButtons(form, maySend) {
  const field = /** @type {HTMLTextAreaElement} */ (find(form, "textarea"));
  const send = /** @type {HTMLButtonElement} */ (find(form, ".send"));
  const stop = /** @type {HTMLButtonElement} */ (find(form, ".stop"));
  let isBusy = false;

  const update = () => {
    send.disabled = !maySend();
    send.hidden = isBusy && !field.value.trim();
    setHidden(stop, !isBusy);
  };
  /** @param {boolean} busy */
  const setBusy = (busy) => {
    // It is called for every frame, and measuring a long conversation takes time.
    if (busy === isBusy) return;
    isBusy = busy;
    update();
  };
  return { update, setBusy, canSend: () => !send.disabled };
}

/**
 * Say above the buttons who can read the prompt, when it is not everybody who would be asked.
 *
 * @param {HTMLFormElement} form
 * @param {(prompt: string) => RoomReport} report
 */
function openRoomNote(form, report) {
  const note = find(form, ".prompt-room");
  return (/** @type {string} */ prompt) => {
    const { key, isOver, limit, n, ...names } = report(prompt);
    note.hidden = key === "";
    setText(note, key && translate(`room.${key}`, { ...names, n: n.toLocaleString() }));
    note.classList.toggle("over", isOver);
    return { limit, isOver };
  };
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLTextAreaElement} field
 * @param {() => void} submit
 * @param {ComposerActions} actions
 */
function listen(form, field, submit, actions) {
  sendOnEnter(field, submit);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowUp" && !field.value && !event.isComposing && actions.editLast())
      event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  find(form, ".stop").addEventListener("click", actions.stop);
}

/** @param {(example: string) => void} choose */
function watchExamples(choose) {
  document.addEventListener("click", (event) => {
    const example = event.target instanceof Element ? event.target.closest("[data-example]") : null;
    if (example) choose(example.textContent?.trim() ?? "");
  });
}

/**
 * Put a refused prompt after those returned before it and before the text typed since.
 *
 * @returns {(text: string, prompt: string) => string} joins the text of the field and the prompt
 */
function openReturnedPrompts() {
  let returned = "";
  return (text, prompt) => {
    const isNext = returned !== "" && text.startsWith(returned);
    const typed = isNext ? text.slice(returned.length).trimStart() : text;
    returned = isNext ? `${returned}\n\n${prompt}` : prompt;
    return [returned, typed].filter(Boolean).join("\n\n");
  };
}
