/**
 * Ada's prompt and the answers of two models.
 *
 * @import { TurnEvent } from "../../static/js/connection/events.js"
 */

/** @type {TurnEvent[]} */
export const adasTurn = [
  { type: "turn_opened", conversation: "c", turn: "turn-1", prompt: "What is the capital of Korea?" },
  {
    type: "route_chosen",
    strategy: "council",
    reasons: ["best_standing"],
    panel: [
      { candidate: "a", model: "alpha", name: "Alpha", vendor: "First" },
      { candidate: "b", model: "beta", name: "Beta", vendor: "Second" },
    ],
  },
  { type: "candidate_started", candidate: "a" },
  { type: "candidate_started", candidate: "b" },
];

/**
 * @param {string} candidate
 * @param {string} text
 * @returns {TurnEvent}
 */
export const delta = (candidate, text) => ({ type: "candidate_delta", candidate, text });

/** @param {string} candidate */
export const finished = (candidate) =>
  /** @type {Extract<TurnEvent, { type: "candidate_finished" }>} */ ({
    type: "candidate_finished",
    candidate,
    status: "done",
    finish_reason: "stop",
  });

/** @param {[string, number][]} order candidates with their groups, best first */
export const ranking = (...order) =>
  /** @type {Extract<TurnEvent, { type: "ranking_made" }>} */ ({
    type: "ranking_made",
    standings: order.map(([candidate, group]) => ({ candidate, group, score: 0.5, reasons: [] })),
    agreeing: order.length,
    compared: order.length,
  });

/** @type {TurnEvent[]} */
export const council = [
  ...adasTurn,
  delta("a", "Seoul."),
  delta("b", "It is Seoul."),
  finished("a"),
  finished("b"),
];
