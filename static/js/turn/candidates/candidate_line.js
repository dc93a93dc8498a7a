import { element, icon, setAttribute, setText, wordButton } from "../../lib/dom.js";
import { seconds, translate, translateCode } from "../../lib/messages.js";
import { agreementOf, finalRankOf, isAnswering, mayFinish } from "../../state/turn_selectors.js";
import { modelDot } from "../passage_button.js";

/**
 * @import { CandidateState, TurnState } from "../../state/turn_types.js"
 * @typedef {{ press: () => void, retry: () => void, finish: () => void }} LineActions
 * @typedef {{
 *   host: HTMLLIElement, button: HTMLButtonElement,
 *   patch: (state: TurnState, candidate: CandidateState, isAnswer: boolean) => void,
 *   setOpen: (isOpen: boolean, isTab: boolean) => void,
 * }} CandidateLine
 */

/**
 * One line for a candidate: its name, rank, agreement and time. Pressing it opens the whole answer.
 *
 * @param {CandidateState} initial
 * @param {LineActions} actions
 * @returns {CandidateLine}
 */
export function candidateLine(initial, actions) {
  const { button, patch } = lineButton(initial);
  button.addEventListener("click", actions.press);
  const retry = wordButton(translate("retry"), "retry", () => {
    button.focus({ preventScroll: true });
    actions.retry();
  });
  const finish = wordButton(translate("act_finish"), "check", actions.finish);
  const host = element("li", {}, button, retry, finish);

  return {
    host,
    button,
    setOpen: (isOpen, isTab) => setOpen(host, button, isOpen, isTab),
    patch(state, candidate, isAnswer) {
      patch(state, candidate, isAnswer);
      retry.hidden = candidate.status !== "failed";
      finish.hidden = !mayFinish(state, candidate);
    },
  };
}

/** @param {CandidateState} initial */
function lineButton({ id, name, model }) {
  const part = (/** @type {string} */ each) => element("span", { class: `candidate-${each}` });
  const [rank, agreement, mark, status, time] = [
    part("rank"),
    part("agreement"),
    part("mark"),
    part("status"),
    part("time number"),
  ];
  const button = element("button", { type: "button", class: "candidate-line", id: `line-${id}` });
  button.dataset.candidate = id;
  button.setAttribute("aria-controls", `candidate-${id}`);
  const title = element("b", { class: "candidate-name" }, name);
  // The spaces keep the words apart where the line is read aloud.
  const parts = [title, rank, agreement, mark, status, time].flatMap((each) => [each, " "]);
  button.append(modelDot({ model }), ...parts, icon("right"));
  return {
    button,
    /** @param {TurnState} state @param {CandidateState} candidate @param {boolean} isAnswer */
    patch(state, candidate, isAnswer) {
      const place = finalRankOf(state, id);
      const agrees = agreementOf(state, id);
      button.dataset.status = candidate.status;
      setAttribute(button, "data-rank", place || undefined);
      setText(rank, place ? translate("rank", { n: place }) : "");
      agreement.dataset.agreement = agrees;
      setText(agreement, agrees && translate(agrees));
      setText(mark, isAnswer && candidate.status !== "streaming" ? translate("is_answer") : "");
      setText(status, statusOf(state, candidate, isAnswer));
      setText(time, hasEnded(candidate) ? seconds(candidate.durationMs) : "");
    },
  };
}

/**
 * Tell assistive technology what a line is: a button that opens its candidate, or one of the tabs of a narrow page.
 *
 * @param {HTMLElement} host
 * @param {HTMLElement} button
 * @param {boolean} isOpen
 * @param {boolean} isTab
 */
function setOpen(host, button, isOpen, isTab) {
  setAttribute(host, "role", isTab ? "presentation" : undefined);
  setAttribute(button, "role", isTab ? "tab" : undefined);
  setAttribute(button, "aria-selected", isTab ? String(isOpen) : undefined);
  setAttribute(button, "aria-expanded", isTab ? undefined : String(isOpen));
  // The arrow keys move among tabs.
  setAttribute(button, "tabindex", isTab && !isOpen ? -1 : undefined);
}

/** @param {CandidateState} candidate */
const hasEnded = ({ status }) => status === "done" || status === "stopped";

/** @param {TurnState} state @param {CandidateState} candidate @param {boolean} isAnswer */
function statusOf(state, candidate, isAnswer) {
  if (candidate.status === "done") return "";
  if (candidate.status === "failed") return translateCode("error", candidate.error, "other");
  if (candidate.waitingFor === 1) return translate("waiting_next");
  if (candidate.waitingFor) return translate("waiting_for", { n: candidate.waitingFor - 1 });
  if (candidate.status !== "streaming") return translateCode("status", candidate.status);
  if (!isAnswering(state)) return translate("still_writing");
  if (!candidate.text) return translate("status.thinking");
  return translate(isAnswer ? "writing_above" : "status.streaming");
}
