/**
 * @typedef {{ voted: string, continued: string, rated: string }} TurnFeedback the candidates that the reader voted for
 *   and continued with, and what the reader says of the answer: "good", "bad" or ""
 * @typedef {{
 *   add: (more: Map<string, TurnFeedback>) => void, of: (turn: string) => TurnFeedback,
 * }} FeedbackStore
 */

/**
 * Keep the reader's feedback by turn, for turns of other branches too.
 *
 * @returns {FeedbackStore}
 */
export function openFeedback() {
  /** @type {Map<string, TurnFeedback>} */
  const feedback = new Map();
  return {
    of(turn) {
      const known = feedback.get(turn) ?? { voted: "", continued: "", rated: "" };
      feedback.set(turn, known);
      return known;
    },
    // What this page has marked since is newer than what the server stored.
    add(more) {
      for (const [turn, each] of more) if (!feedback.has(turn)) feedback.set(turn, each);
    },
  };
}
