import { translate, translateCode } from "../lib/messages.js";
import { findPassage, highlightPassage } from "../markdown/passages.js";
import { answerText, chosenOf, isAnswering, placeOf } from "../state/turn_selectors.js";
import { answerBody } from "./answer_body.js";
import { linkHelpNumbers } from "./help_numbers.js";
import { changeOf } from "./strategy_change.js";
import { supportsView } from "./supports_view.js";

/**
 * @import { AnswerBody } from "./answer_body.js"
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{
 *   host: HTMLElement, patch: (state: TurnState, feedback: TurnFeedback) => void, highlight: (text: string) => void,
 * }} AnswerView
 */

/**
 * The answer of a turn: the leading candidate while models write, then the final answer, or the candidate that the
 * reader continued with.
 *
 * @param {(candidate: string, text?: string) => void} show
 * @returns {AnswerView}
 */
export function answerView(show) {
  const body = answerBody();
  const supports = supportsView(body.text, show);
  body.host.append(supports.card);
  const showText = openAnswerText(body);

  return {
    host: body.host,
    highlight: (text) => highlightPassage((text && findPassage(body.text, text)) || body.text),
    patch(state, { continued }) {
      const chosen = chosenOf(state, continued);
      showText(state, continued);
      if (!chosen) supports.patch(state);
      body.host.setAttribute("aria-busy", String(isAnswering(state)));
      body.showNote(noteOf(state, continued), state.answer?.kind ?? "");
      body.showEnd(endOf(state, continued));
      body.showFailure("failure", state.status === "failed" ? state.error : null);
    },
  };
}

/**
 * Show the text of an answer, which changes its source when another candidate leads or the answer is fused.
 *
 * @param {AnswerBody} body
 * @returns {(state: TurnState, continued: string) => void} shows the text of a state
 */
function openAnswerText({ text: host, show, clear }) {
  let shownKey = "none";

  /** @param {string} key */
  const changeSource = (key) => {
    // The new text starts short: the height is kept, so that the content below does not jump.
    if (shownKey !== "none") host.style.minHeight = `${host.offsetHeight}px`;
    clear();
    shownKey = key;
    host.classList.remove("arriving");
    requestAnimationFrame(() => host.classList.add("arriving"));
  };

  return (state, continued) => {
    const { key, text, isOpen } = answerText(state, continued);
    if (key !== shownKey) changeSource(key);
    show(text, isOpen);
    if (state.answer?.kind === "help") linkHelpNumbers(host);
    if (!isOpen) host.style.minHeight = "";
  };
}

/**
 * @param {TurnState} state
 * @param {string} continued
 * @returns {string} why the text ends before its end
 */
function endOf(state, continued) {
  const { source } = answerText(state, continued);
  return source?.status === "done" ? translateCode("cut", source.finishReason) : "";
}

/** @param {TurnState} state @param {string} continued */
function noteOf(state, continued) {
  const { answer } = state;
  const { source } = answerText(state, continued);
  if (source && source.id === continued && state.status === "stopped" && source.status === "done")
    return translate("ended_with", { name: source.name });
  if (source && chosenOf(state, continued)) return translate("kind.chosen", { name: source.name });
  if (answer && !answer.isFinished) return translate("fusing");
  if (answer) {
    const written = state.candidates.filter((each) => each.status === "done").length;
    const hasWords = translateCode("kind", answer.kind) !== "";
    const notes = [
      hasWords ? translate(`kind.${answer.kind}`, { name: source?.name ?? "", n: written }) : "",
      changeOf(state),
      isEscalated(state) ? translate("escalated") : "",
      state.status === "stopped" ? translate("turn_stopped") : "",
    ];
    return notes.filter(Boolean).join(" · ");
  }
  if (state.status === "stopped") return translate("turn_stopped");
  if (state.status === "failed") return "";
  if (placeOf(state)) return placeWords(placeOf(state));
  if (!source?.text) return translate("asking");
  return isEscalated(state) ? translate("escalated") : translate("leading", { name: source.name });
}

/** @param {number} place the place of a turn in the queue, 1 if it is next */
export const placeWords = (place) =>
  place === 1 ? translate("queued_next") : translate("queued", { n: place - 1 });

/** @param {TurnState} state */
const isEscalated = (state) => state.routeReasons.includes("escalated");
