import { element, setText } from "../lib/dom.js";
import { translateCode } from "../lib/messages.js";
import { streamText } from "../markdown/streamed_text.js";

/**
 * @typedef {{
 *   host: HTMLElement, text: HTMLElement, failure: HTMLElement,
 *   show: (text: string, isOpen: boolean) => void, clear: () => void,
 *   showNote: (note: string, kind: string) => void, showFailure: (list: string, code: string | null) => void,
 *   showEnd: (words: string) => void,
 * }} AnswerBody
 */

/**
 * An answer's note, text, why the text ends early, and failure.
 *
 * @returns {AnswerBody}
 */
export function answerBody() {
  const note = element("p", { class: "answer-note" });
  const text = element("div", { class: "answer-text prose" });
  const failure = element("p", { class: "notice danger", hidden: true });
  const end = element("p", { class: "answer-end", hidden: true });
  const host = element("section", { class: "answer" }, note, text, end, failure);
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
    showNote(words, kind) {
      setText(note, words);
      note.dataset.kind = kind;
    },
    showEnd(words) {
      end.hidden = words === "";
      setText(end, words);
    },
    showFailure(list, code) {
      failure.hidden = code === null;
      if (code !== null) setText(failure, translateCode(list, code, "other"));
    },
  };
}
