/**
 * @import { Feed } from "./feed.js"
 * @typedef {{ voted: string, continued: string }} Pick the candidates that the reader voted for and went on with
 * @typedef {{
 *   add: (more: Map<string, Pick>) => void, of: (turn: string) => Pick,
 *   mark: (turns: string[], did: keyof Pick, candidate: string) => string | undefined,
 * }} Picks
 */

/**
 * What the reader picked, turn by turn, also in those that another version stands before.
 *
 * @param {{ read: Feed["read"] }} feed
 * @returns {Picks}
 */
export function openPicks(feed) {
  /** @type {Map<string, Pick>} */
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
