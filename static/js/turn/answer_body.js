import { element, setText } from "../lib/dom.js";
import { translate, translateCode } from "../lib/messages.js";
import { streamText } from "../markdown/streamed_text.js";

/**
 * @typedef {{
 *   host: HTMLElement, text: HTMLElement, failure: HTMLElement, bottom: () => number,
 *   show: (text: string, isOpen: boolean) => void, clear: () => void,
 *   showNote: (note: string, kind: string) => void, showFailure: (list: string, code: string | null) => void,
 * }} AnswerBody
 */

/**
 * An answer's note, text and failure, above its row of actions.
 *
 * @param {HTMLElement} actions
 * @returns {AnswerBody}
 */
export function answerBody(actions) {
  const note = element("p", { class: "answer-note" });
  const text = element("div", { class: "answer-text prose" });
  const failure = element("p", { class: "notice danger", hidden: true });
  const host = element("section", { class: "answer" }, note, text, failure, actions);
  const stream = streamText(text);
  return {
    host,
    text,
    failure,
    clear: stream.clear,
    show(words, isOpen) {
      stream.show(words, isOpen);
      text.classList.toggle("streaming", isOpen);
    },
    bottom: () => (actions.hidden ? text : actions).getBoundingClientRect().bottom,
    showNote(words, kind) {
      setText(note, words);
      note.dataset.kind = kind;
    },
    showFailure(list, code) {
      failure.hidden = code === null;
      if (code !== null) setText(failure, translateCode(list, code, "other"));
    },
  };
}

/**
 * The row below an answer: the copy button, more actions, and the label that a model wrote it.
 *
 * @param {HTMLButtonElement} copy
 * @param {HTMLElement[]} actions
 * @returns {{ host: HTMLElement, show: (text: string, isHelp: boolean) => void }}
 */
export function answerActions(copy, ...actions) {
  const label = element("p", { class: "ai-label" }, translate("ai_label"));
  const host = element("div", { class: "answer-actions", hidden: true }, copy, ...actions, label);
  return {
    host,
    show(text, isHelp) {
      host.hidden = false;
      copy.hidden = !text;
      // The crisis help lines were written by people.
      label.hidden = !text || isHelp;
    },
  };
}
