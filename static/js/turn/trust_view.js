import { element, setText } from "../lib/dom.js";
import { seconds, translate } from "../lib/messages.js";
import { agreementWords, answerText } from "../state/turn_selectors.js";

/**
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ host: HTMLElement, patch: (state: TurnState, feedback: TurnFeedback) => void }} TrustView
 */

/**
 * One line that says that a model wrote the answer, who agreed, how long it took, and who paid.
 *
 * @returns {TrustView}
 */
export function trustView() {
  const line = element("p", { class: "trust-line number" });
  const host = element("div", { class: "trust", hidden: true }, line);

  return {
    host,
    patch(state, { continued }) {
      const { text } = answerText(state, continued);
      // The crisis help lines were written by people.
      host.hidden = state.status === "running" || !text || state.answer?.kind === "help";
      if (!host.hidden) setText(line, lineOf(state));
    },
  };
}

/** @param {TurnState} state */
function lineOf(state) {
  const { ranking } = state;
  const words = agreementWords(state);
  return [
    translate("ai_made"),
    ranking && words ? translate(words, { n: ranking.agreeing, all: ranking.standings.length }) : "",
    ranking && ranking.compared > 1 && ranking.confidence !== null
      ? translate("confidence", { n: Math.round(ranking.confidence * 100) })
      : "",
    state.durationMs > 0 ? seconds(state.durationMs) : "",
    state.placement ? translate(state.placement.ad ? "paid_ad" : "paid_by_site") : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
