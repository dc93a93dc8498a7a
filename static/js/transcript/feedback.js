/**
 * @import { Feed } from "../state/turn_feed.js"
 * @typedef {{ voted: string, continued: string }} TurnFeedback candidates that the reader voted for and continued with
 * @typedef {{
 *   add: (more: Map<string, TurnFeedback>) => void, of: (turn: string) => TurnFeedback,
 *   mark: (turns: string[], kind: keyof TurnFeedback, candidate: string) => string | undefined,
 * }} FeedbackStore
 */

/**
 * Keep the reader's feedback by turn, for replaced versions too.
 *
 * @param {{ read: Feed["read"] }} feed
 * @returns {FeedbackStore}
 */
export function openFeedback(feed) {
  /** @type {Map<string, TurnFeedback>} */
  const feedback = new Map();

  /** @param {string} turn */
  const of = (turn) => {
    const known = feedback.get(turn) ?? { voted: "", continued: "" };
    feedback.set(turn, known);
    return known;
  };

  return {
    of,
    add(more) {
      for (const [turn, each] of more) feedback.set(turn, each);
    },
    mark(turns, kind, candidate) {
      const turn = turns.find((each) => feed.read(each)?.candidates.some(({ id }) => id === candidate));
      if (turn) of(turn)[kind] = candidate;
      return turn;
    },
  };
}
