import { copyText } from "../lib/clipboard.js";
import { element, iconButton, setText } from "../lib/dom.js";
import { codeWord, word } from "../lib/words.js";
import { streamText } from "../markdown/streamed_text.js";
import { answerText } from "../state/turn_selectors.js";
import { readAloud } from "./read_aloud.js";
import { supportsView } from "./supports_view.js";

/**
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ host: HTMLElement, patch: (state: TurnState) => void, bottom: () => number }} AnswerView
 */

/**
 * The answer's place: the best so far while models write, then the answer that stands.
 *
 * @param {{
 *   regenerate: () => void, copied: () => void, share: () => void,
 *   show: (candidate: string, text?: string) => void,
 * }} actions
 * @returns {AnswerView}
 */
export function answerView({ regenerate, copied, share, show }) {
  const note = element("p", { class: "answer-note" });
  const body = element("div", { class: "answer-text prose" });
  const failure = element("p", { class: "notice danger", hidden: true });
  const copy = iconButton(word("copy"), "copy", () => {
    copyText(current, copy);
    copied();
  });
  const reader = readAloud();
  const sharing = iconButton(word("share"), "share", share);
  const regenerateButton = iconButton(word("regenerate"), "retry", regenerate);
  const label = element("p", { class: "ai-label" }, word("ai_label"));
  const actions = element(
    "div",
    { class: "answer-actions", hidden: true },
    copy,
    reader.button,
    sharing,
    regenerateButton,
    label,
  );
  const host = element("section", { class: "answer" }, note, body, failure);
  const supports = supportsView(body, show);
  host.append(actions, supports.card);
  const stream = streamText(body);
  let current = "";
  let key = "none";

  /** @param {string} next */
  const changeSource = (next) => {
    // The new text starts short: keep the place it will fill, so that nothing below jumps up and down.
    if (key !== "none") body.style.minHeight = `${body.offsetHeight}px`;
    stream.clear();
    key = next;
    body.classList.remove("arriving");
    requestAnimationFrame(() => body.classList.add("arriving"));
  };

  return {
    host,
    bottom: () => (actions.hidden ? body : actions).getBoundingClientRect().bottom,
    patch(state) {
      const answer = answerText(state);
      if (answer.key !== key) changeSource(answer.key);
      stream.show(answer.text, answer.isOpen);
      current = answer.text;
      supports.patch(state);
      const isRunning = state.status === "running";
      if (!answer.isOpen) body.style.minHeight = "";
      body.classList.toggle("streaming", answer.isOpen);
      host.setAttribute("aria-busy", String(isRunning));
      setText(note, noteOf(state));
      note.dataset.kind = state.answer?.kind ?? "";
      failure.hidden = state.status !== "failed";
      if (!failure.hidden) setText(failure, codeWord("failure", state.error, "other"));
      actions.hidden = isRunning;
      copy.hidden = sharing.hidden = !answer.text;
      reader.show(answer.text);
      // The help lines were written by people.
      label.hidden = !answer.text || state.answer?.kind === "help";
    },
  };
}

/** @param {TurnState} state */
function noteOf(state) {
  const { answer } = state;
  const { source } = answerText(state);
  if (answer && !answer.isFinished) return word("fusing");
  if (answer) {
    const written = state.candidates.filter((each) => each.status === "done").length;
    const kind = codeWord("kind", answer.kind);
    const values = { name: source?.name ?? "", n: written };
    const said = kind ? word(`kind.${answer.kind}`, values) : "";
    const notes = [
      said,
      isEscalated(state) ? word("escalated") : "",
      state.status === "stopped" ? word("turn_stopped") : "",
    ];
    return notes.filter(Boolean).join(" · ");
  }
  if (state.status === "stopped") return word("turn_stopped");
  if (state.status === "failed") return "";
  if (state.waitingFor) return word("queued", { n: state.waitingFor });
  if (!source?.text) return word("asking");
  return isEscalated(state) ? word("escalated") : word("leading", { name: source.name });
}

/** @param {TurnState} state */
const isEscalated = (state) => state.routeReasons.includes("escalated");
