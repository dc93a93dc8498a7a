import { copyAction } from "../../lib/clipboard.js";
import { element, setAttribute, setText, wordButton } from "../../lib/dom.js";
import { hueOf } from "../../lib/hue.js";
import { characterSpeed, seconds, translate, translateCode } from "../../lib/messages.js";
import { candidateOf, charactersPerSecond, finalRankOf, mayFinish } from "../../state/turn_selectors.js";
import { candidateText } from "./candidate_text.js";

/**
 * @import { TurnFeedback } from "../../transcript/feedback.js"
 * @import { CandidateState, TurnState } from "../../state/turn_types.js"
 * @typedef {{
 *   retry: (candidate: string) => void, vote: (candidate: string) => void,
 *   signal: (candidate: string, kind: "copy" | "continue") => void, finish: (candidate: string) => void,
 * }} CandidateActions
 * @typedef {{
 *   host: HTMLElement,
 *   patch: (state: TurnState, candidate: CandidateState, feedback: TurnFeedback, isAnswer: boolean) => void,
 *   setOpen: (isOpen: boolean, isTab: boolean, isSelected: boolean) => void,
 *   findPassage: (passage: string) => HTMLElement | null,
 * }} CandidateView
 */

/**
 * One model's whole answer with its reasons and figures. The candidate that stands as the answer is not repeated.
 *
 * @param {CandidateState} initial
 * @param {CandidateActions} actions
 * @returns {CandidateView}
 */
export function candidateView(initial, actions) {
  const rank = rankView(initial.id);
  const notes = notesView();
  const foot = candidateFoot(initial.id, actions);
  const text = candidateText();
  const host = element("article", { class: "candidate", id: `candidate-${initial.id}`, tabindex: -1 });
  host.hidden = true;
  host.ariaLabel = initial.name;
  host.dataset.candidate = initial.id;
  host.dataset.hue = String(hueOf(initial.model));
  const failure = failureView(() => {
    host.focus({ preventScroll: true });
    actions.retry(initial.id);
  });
  const head = element("header", { class: "candidate-head" }, element("h2", {}, initial.name), rank.host);
  const end = element("p", { class: "answer-end", hidden: true });
  host.append(head, notes.host, text.host, text.more, end, failure.host, rank.why, foot.host);

  return {
    host,
    findPassage: text.findPassage,
    setOpen(isOpen, isTab, isSelected) {
      host.hidden = !isOpen;
      // The other tabs' panels lie beside the selected one, for the finger that swipes to them.
      host.inert = isTab && !isSelected;
      setAttribute(host, "role", isTab ? "tabpanel" : undefined);
      text.setOpen(isOpen);
    },
    patch(state, candidate, feedback, isAnswer) {
      host.classList.toggle("is-answer", isAnswer);
      host.dataset.status = candidate.status;
      setAttribute(host, "data-rank", rank.patch(state) || undefined);
      notes.patch(state, candidate, isAnswer);
      text.patch(candidate, isAnswer);
      const cut =
        candidate.status === "done" && !isAnswer ? translateCode("cut", candidate.finishReason) : "";
      end.hidden = cut === "";
      setText(end, cut);
      failure.patch(candidate);
      foot.patch(state, candidate, feedback, isAnswer);
    },
  };
}

/** Whom the candidate stands in for, and that its text is the answer above. */
function notesView() {
  const fallback = element("p", { class: "candidate-note", hidden: true });
  const above = element("p", { class: "candidate-note", hidden: true }, translate("is_answer_body"));
  return {
    host: element("div", { class: "candidate-notes" }, fallback, above),
    /** @param {TurnState} state @param {CandidateState} candidate @param {boolean} isAnswer */
    patch(state, candidate, isAnswer) {
      const failed = candidateOf(state, candidate.fallbackFor);
      fallback.hidden = !failed;
      setText(fallback, failed ? translate("stands_in", { name: failed.name }) : "");
      above.hidden = !isAnswer;
    },
  };
}

/** @param {() => void} onRetry */
function failureView(onRetry) {
  const reason = element("p");
  const retry = wordButton(translate("retry"), "retry", onRetry);
  const host = element("div", { class: "candidate-failure", hidden: true }, reason, retry);
  return {
    host,
    /** @param {CandidateState} candidate */
    patch({ status, error }) {
      host.hidden = status !== "failed";
      setText(reason, translateCode("error", error, "other"));
    },
  };
}

/** @param {string} id of the candidate */
function rankView(id) {
  const host = element("span", { class: "candidate-rank", hidden: true });
  const reasons = element("ul", { class: "reasons" });
  const why = element("details", { class: "candidate-why", hidden: true });
  why.append(element("summary", {}, translate("why_rank")), reasons);
  /** @type {TurnState["ranking"]} */
  let shown = null;
  let rank = 0;
  return {
    host,
    why,
    /** @param {TurnState} state @returns {number} 1 for the best; 0 while there is no final ranking */
    patch(state) {
      if (state.ranking === shown) return rank;
      shown = state.ranking;
      rank = finalRankOf(state, id);
      const codes = shown?.standings.find(({ candidate }) => candidate === id)?.reasons ?? [];
      const words = codes.map((code) => translateCode("reason", code)).filter(Boolean);
      host.hidden = rank === 0;
      why.hidden = rank === 0 || words.length === 0;
      setText(host, rank ? translate("rank", { n: rank }) : "");
      reasons.replaceChildren(...words.map((each) => element("li", {}, each)));
      return rank;
    },
  };
}

/** @param {string} id of the candidate @param {CandidateActions} actions */
function candidateFoot(id, actions) {
  let text = "";
  const figures = element("p", { class: "candidate-figures number" });
  const copy = copyAction(
    () => text,
    () => actions.signal(id, "copy"),
  );
  const vote = wordButton(translate("act_better"), "vote", () => actions.vote(id), {
    ariaLabel: translate("vote"),
  });
  const proceed = wordButton(translate("act_follow"), "branch", () => actions.signal(id, "continue"), {
    ariaLabel: translate("continue_with"),
  });
  // On a wide page the line above has this button.
  const finish = wordButton(translate("act_finish"), "check", () => actions.finish(id));
  finish.classList.add("on-tab");
  const buttons = element("div", { class: "candidate-actions" }, finish, copy, vote, proceed);
  return {
    host: element("footer", { class: "candidate-foot" }, figures, buttons),
    /**
     * @param {TurnState} state
     * @param {CandidateState} candidate
     * @param {TurnFeedback} feedback
     * @param {boolean} isAnswer
     */
    patch(state, candidate, { voted, continued }, isAnswer) {
      text = candidate.text;
      setText(figures, figuresOf(candidate));
      buttons.hidden = !text || candidate.status === "streaming" || candidate.status === "waiting";
      // The answer above has its own actions, and the next prompt follows it anyway.
      copy.hidden = isAnswer;
      proceed.hidden = isAnswer && continued !== id;
      vote.hidden = state.candidates.length < 2;
      finish.hidden = !mayFinish(state, candidate);
      vote.ariaPressed = String(voted === id);
      vote.title = voted === id ? translate("voted") : "";
      proceed.ariaPressed = String(continued === id);
    },
  };
}

/** @param {CandidateState} candidate */
function figuresOf(candidate) {
  const rate = charactersPerSecond(candidate);
  return [
    candidate.ttftMs === null ? "" : translate("first_token", { time: seconds(candidate.ttftMs) }),
    rate === null ? "" : characterSpeed(rate),
    candidate.status === "done" || candidate.status === "stopped" ? seconds(candidate.durationMs) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
