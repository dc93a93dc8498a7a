/**
 * @import { FeedbackMessage } from "../connection/events.js"
 * @import { Transcript } from "./transcript.js"
 * @typedef {{ voted: string, continued: string, rated: string }} TurnFeedback the candidates that the reader voted for
 *   and continued with, and what the reader says of the answer: "good", "bad" or ""
 * @typedef {{
 *   add: (more: Map<string, TurnFeedback>) => void, of: (turn: string) => TurnFeedback, turns: () => string[],
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
    turns: () => [...feedback.keys()],
    // What this page has marked since is newer than what the server stored.
    add(more) {
      for (const [turn, each] of more) if (!feedback.has(turn)) feedback.set(turn, each);
    },
  };
}

/**
 * Show feedback that the server has stored, of this tab or of another one.
 *
 * @param {Transcript} transcript
 * @param {FeedbackMessage} message
 */
export function applyFeedback({ mark, update }, message) {
  if (message.type === "rated") update(message.turn, { rated: message.verdict });
  else if (message.type === "followed") update(message.turn, { continued: message.candidate });
  else if (message.type === "voted") mark("voted", message.candidate);
  else if (message.kind === "continue") mark("continued", message.candidate);
}
