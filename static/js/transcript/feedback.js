/**
 * @import { Feed } from "../state/turn_feed.js"
 * @typedef {{ voted: string, continued: string }} TurnFeedback the candidates that the reader voted for and went on with
 * @typedef {{
 *   add: (more: Map<string, TurnFeedback>) => void, of: (turn: string) => TurnFeedback,
 *   mark: (turns: string[], did: keyof TurnFeedback, candidate: string) => string | undefined,
 * }} FeedbackStore
 */

/**
 * What the reader picked, turn by turn, also in those that another version stands before.
 *
 * @param {{ read: Feed["read"] }} feed
 * @returns {FeedbackStore}
 */
export function openFeedback(feed) {
  /** @type {Map<string, TurnFeedback>} */
  const picks = new Map();

  /** @param {string} turn */
  const of = (turn) => {
    const pick = picks.get(turn) ?? { voted: "", continued: "" };
    picks.set(turn, pick);
    return pick;
  };

  return {
    of,
    add(more) {
      for (const [turn, pick] of more) picks.set(turn, pick);
    },
    mark(turns, did, candidate) {
      const turn = turns.find((each) => feed.read(each)?.candidates.some(({ id }) => id === candidate));
      if (turn) of(turn)[did] = candidate;
      return turn;
    },
  };
}
