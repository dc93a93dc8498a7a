import { copyText } from "../lib/clipboard.js";
import { element, icon, iconButton, setAttribute, setText } from "../lib/dom.js";
import { hueOf } from "../lib/hue.js";
import { codeWord, seconds, speed, won, word } from "../lib/words.js";
import { streamText } from "../markdown/streamed_text.js";
import { rankOf, tokensPerSecond } from "../state/turn_selectors.js";

/**
 * @import { CandidateState, TurnState } from "../state/turn_types.js"
 * @typedef {{
 *   host: HTMLElement, patch: (state: TurnState, candidate: CandidateState, voted: string, continued: string) => void,
 *   isOver: () => boolean, setCut: (isCut: boolean) => void,
 * }} CandidateView
 */

/**
 * One model's answer: who, where it stands, its text, what it took.
 *
 * @param {CandidateState} initial
 * @param {{
 *   retry: (candidate: string) => void, vote: (candidate: string) => void,
 *   signal: (candidate: string, kind: "copy" | "continue") => void,
 * }} actions
 * @returns {CandidateView}
 */
export function candidateView(initial, actions) {
  const place = element("span", { class: "candidate-rank", hidden: true });
  const status = element("span", { class: "candidate-status" });
  const head = element("header", { class: "candidate-head" }, element("h2", {}, initial.name), place, status);
  const fallbackNote = element("p", { class: "candidate-fallback", hidden: true });
  const body = element("div", { class: "prose candidate-text" });
  const failure = element("div", { class: "candidate-failure", hidden: true });
  const reason = element("p");
  const retry = element("button", { type: "button", class: "button small" }, icon("retry"), word("retry"));
  failure.append(reason, retry);
  const figures = element("p", { class: "candidate-figures number" });
  const why = element(
    "details",
    { class: "candidate-why", hidden: true },
    element("summary", {}, word("why_rank")),
  );
  const reasons = element("ul", { class: "reasons" });
  why.append(reasons);
  const copy = iconButton(word("copy"), "copy", () => {
    copyText(text, copy);
    actions.signal(initial.id, "copy");
  });
  const goOn = iconButton(word("continue_with"), "branch", () => actions.signal(initial.id, "continue"));
  const vote = iconButton(word("vote"), "vote", () => actions.vote(initial.id));
  const foot = element("footer", { class: "candidate-foot" }, figures, copy, goOn, vote);
  const host = element("article", {
    class: "candidate",
    id: `candidate-${initial.id}`,
    "data-candidate": initial.id,
    "data-hue": hueOf(initial.model),
    "aria-label": initial.name,
    tabindex: -1,
  });
  host.append(head, fallbackNote, body, failure, why, foot);
  retry.addEventListener("click", () => {
    host.focus({ preventScroll: true });
    actions.retry(initial.id);
  });
  const stream = streamText(body);
  let text = "";
  /** @type {CandidateState | undefined} */
  let shown;
  /** @type {TurnState["ranking"]} */
  let ranking = null;

  /** @param {CandidateState} candidate */
  const patchText = (candidate) => {
    const isOpen = candidate.status === "streaming" || candidate.status === "waiting";
    text = candidate.text;
    stream.show(text, isOpen);
    body.classList.toggle("streaming", candidate.status === "streaming");
    setText(status, statusOf(candidate));
    host.dataset.status = candidate.status;
    failure.hidden = candidate.status !== "failed";
    setText(reason, codeWord("error", candidate.error, "other"));
    setText(figures, figuresOf(candidate));
    copy.hidden = vote.hidden = goOn.hidden = !text || isOpen;
  };

  /** @param {TurnState} state */
  const patchRank = (state) => {
    ranking = state.ranking;
    const rank = ranking?.provisional ? 0 : rankOf(state, initial.id);
    const codes = ranking?.standings.find((each) => each.candidate === initial.id)?.reasons ?? [];
    const said = codes.map((code) => codeWord("reason", code)).filter(Boolean);
    place.hidden = rank === 0;
    why.hidden = rank === 0 || said.length === 0;
    setText(place, rank ? word("rank", { n: rank }) : "");
    setAttribute(host, "data-rank", rank || undefined);
    reasons.replaceChildren(...said.map((each) => element("li", {}, each)));
  };

  return {
    host,
    isOver: () => body.scrollHeight > body.clientHeight + 2,
    setCut: (isCut) => body.classList.toggle("cut", isCut),
    patch(state, candidate, voted, continued) {
      if (candidate !== shown) patchText(candidate);
      shown = candidate;
      const broken = state.candidates.find((each) => each.id === candidate.standsInFor);
      fallbackNote.hidden = !broken;
      if (broken) setText(fallbackNote, word("stands_in", { name: broken.name }));
      if (state.ranking !== ranking) patchRank(state);
      const isVoted = voted === candidate.id;
      vote.setAttribute("aria-pressed", String(isVoted));
      goOn.setAttribute("aria-pressed", String(continued === candidate.id));
      vote.title = word(isVoted ? "voted" : "vote");
    },
  };
}

/** @param {CandidateState} candidate */
function statusOf(candidate) {
  if (candidate.status === "done") return "";
  if (candidate.waitingFor) return word("waiting_for", { n: candidate.waitingFor });
  return codeWord(
    "status",
    candidate.status === "streaming" && !candidate.text ? "thinking" : candidate.status,
  );
}

/** @param {CandidateState} candidate */
function figuresOf(candidate) {
  const rate = tokensPerSecond(candidate);
  const isOver = candidate.status === "done" || candidate.status === "stopped";
  return [
    candidate.ttftMs === null ? "" : word("first_token", { time: seconds(candidate.ttftMs) }),
    rate === null ? "" : speed(rate),
    isOver ? seconds(candidate.durationMs) : "",
    isOver ? won(candidate.costMicros) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
