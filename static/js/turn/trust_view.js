import { element, setText } from "../lib/dom.js";
import { seconds, translate, won } from "../lib/messages.js";
import { groupsOf } from "../state/turn_selectors.js";
import { modelDot, namesOf } from "./passage_button.js";

/**
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ host: HTMLElement, patch: (state: TurnState) => void }} TrustView
 */

/**
 * One line with agreement, confidence, duration, cost and who paid for it, and a chip for each different answer.
 *
 * @param {(candidate: string) => void} show
 * @returns {TrustView}
 */
export function trustView(show) {
  const line = element("p", { class: "trust-line number" });
  const chips = element("ul", { class: "chips" });
  const host = element("div", { class: "trust", hidden: true }, line, chips);
  /** @type {TurnState["ranking"] | undefined} */
  let shown;

  return {
    host,
    patch(state) {
      host.hidden = state.status === "running" || state.status === "failed" || state.answer?.kind === "help";
      if (host.hidden) return;
      setText(line, lineOf(state));
      if (state.ranking === shown) return;
      shown = state.ranking;
      const groups = groupsOf(state);
      chips.replaceChildren(
        ...(groups.length > 1 ? groups.map((group, index) => chipOf(group, index, show)) : []),
      );
    },
  };
}

/** @param {TurnState} state */
function lineOf(state) {
  const { ranking } = state;
  const isCompared = ranking !== null && ranking.compared > 1;
  return [
    isCompared ? translate(ranking.agreeing > 1 ? "agree" : "agree_none", counts(ranking)) : "",
    isCompared && ranking.confidence !== null
      ? translate("confidence", { n: Math.round(ranking.confidence * 100) })
      : "",
    seconds(state.durationMs),
    won(state.costMicros),
    state.placement ? translate(state.placement.ad ? "paid_ad" : "paid_by_site") : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** @param {{ agreeing: number, compared: number }} ranking */
const counts = ({ agreeing, compared }) => ({ agreeing, compared });

/**
 * @param {import("../state/turn_types.js").CandidateState[]} group
 * @param {number} index 0 for the winner's group
 * @param {(candidate: string) => void} show
 */
function chipOf(group, index, show) {
  const first = group[0];
  const isAgreed = index === 0 && group.length > 1;
  const button = element(
    "button",
    { type: "button", class: "chip" },
    ...group.map(modelDot),
    translate(isAgreed ? "same_answer" : "other_answer", { names: namesOf(group) }),
  );
  button.addEventListener("click", () => first && show(first.id));
  return element("li", {}, button);
}
