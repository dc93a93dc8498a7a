import { copyButton } from "../lib/clipboard.js";
import { element, icon, iconButton, setAttribute, setText } from "../lib/dom.js";
import { hueOf } from "../lib/hue.js";
import { seconds, speed, translate, translateCode, won } from "../lib/messages.js";
import { streamText } from "../markdown/streamed_text.js";
import { candidateOf, rankOf, tokensPerSecond } from "../state/turn_selectors.js";

/**
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @import { CandidateState, TurnState } from "../state/turn_types.js"
 * @typedef {{
 *   retry: (candidate: string) => void, vote: (candidate: string) => void,
 *   signal: (candidate: string, kind: "copy" | "continue") => void,
 * }} CandidateActions
 * @typedef {{
 *   host: HTMLElement, patch: (state: TurnState, candidate: CandidateState, feedback: TurnFeedback) => void,
 *   isOverflowing: () => boolean, setCut: (isCut: boolean) => void,
 * }} CandidateView
 */

/**
 * One model's answer with its rank, status and figures.
 *
 * @param {CandidateState} initial
 * @param {CandidateActions} actions
 * @returns {CandidateView}
 */
export function candidateView(initial, actions) {
  const rank = rankView(initial.id);
  const fallbackNote = element("p", { class: "candidate-fallback", hidden: true });
  const foot = candidateFoot(initial.id, actions);
  const host = element("article", { class: "candidate", id: `candidate-${initial.id}`, tabindex: -1 });
  host.ariaLabel = initial.name;
  host.dataset.candidate = initial.id;
  host.dataset.hue = String(hueOf(initial.model));
  const failure = failureView(() => {
    host.focus({ preventScroll: true });
    actions.retry(initial.id);
  });
  const text = textView();
  const status = element("span", { class: "candidate-status" });
  const head = element("header", { class: "candidate-head" });
  head.append(element("h2", {}, initial.name), rank.host, status);
  host.append(head, fallbackNote, text.host, failure.host, rank.why, foot.host);
  /** @type {CandidateState | undefined} */
  let shown;

  return {
    host,
    isOverflowing: text.isOverflowing,
    setCut: text.setCut,
    patch(state, candidate, feedback) {
      if (candidate !== shown) {
        for (const part of [text, failure, foot]) part.patch(candidate);
        setText(status, statusOf(candidate));
        host.dataset.status = candidate.status;
      }
      shown = candidate;
      const failed = candidateOf(state, candidate.fallbackFor);
      fallbackNote.hidden = !failed;
      setText(fallbackNote, failed ? translate("stands_in", { name: failed.name }) : "");
      setAttribute(host, "data-rank", rank.patch(state) || undefined);
      foot.patchFeedback(feedback);
    },
  };
}

/** @param {CandidateState} candidate @returns {boolean} whether its text may still grow */
const isOpen = ({ status }) => status === "streaming" || status === "waiting";

function textView() {
  const host = element("div", { class: "prose candidate-text" });
  const stream = streamText(host);
  return {
    host,
    isOverflowing: () => host.scrollHeight > host.clientHeight + 2,
    setCut: (/** @type {boolean} */ isCut) => host.classList.toggle("cut", isCut),
    /** @param {CandidateState} candidate */
    patch(candidate) {
      stream.show(candidate.text, isOpen(candidate));
      host.classList.toggle("streaming", candidate.status === "streaming");
    },
  };
}

/** @param {() => void} onRetry */
function failureView(onRetry) {
  const reason = element("p");
  const retry = element(
    "button",
    { type: "button", class: "button small" },
    icon("retry"),
    translate("retry"),
  );
  retry.addEventListener("click", onRetry);
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
      rank = shown?.provisional ? 0 : rankOf(state, id);
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
  const copy = copyButton(
    () => text,
    () => actions.signal(id, "copy"),
  );
  const proceed = iconButton(translate("continue_with"), "branch", () => actions.signal(id, "continue"));
  const vote = iconButton(translate("vote"), "vote", () => actions.vote(id));
  return {
    host: element("footer", { class: "candidate-foot" }, figures, copy, proceed, vote),
    /** @param {CandidateState} candidate */
    patch(candidate) {
      text = candidate.text;
      setText(figures, figuresOf(candidate));
      copy.hidden = vote.hidden = proceed.hidden = !text || isOpen(candidate);
    },
    /** @param {TurnFeedback} feedback */
    patchFeedback({ voted, continued }) {
      vote.ariaPressed = String(voted === id);
      vote.title = translate(voted === id ? "voted" : "vote");
      proceed.ariaPressed = String(continued === id);
    },
  };
}

/** @param {CandidateState} candidate */
function statusOf(candidate) {
  if (candidate.status === "done") return "";
  if (candidate.waitingFor) return translate("waiting_for", { n: candidate.waitingFor });
  return translateCode(
    "status",
    candidate.status === "streaming" && !candidate.text ? "thinking" : candidate.status,
  );
}

/** @param {CandidateState} candidate */
function figuresOf(candidate) {
  const rate = tokensPerSecond(candidate);
  const hasEnded = candidate.status === "done" || candidate.status === "stopped";
  return [
    candidate.ttftMs === null ? "" : translate("first_token", { time: seconds(candidate.ttftMs) }),
    rate === null ? "" : speed(rate),
    hasEnded ? seconds(candidate.durationMs) : "",
    hasEnded ? won(candidate.costMicros) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
