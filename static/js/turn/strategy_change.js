import { translate, translateCode } from "../lib/messages.js";

/** @import { TurnState } from "../state/turn_types.js" */

/**
 * Say why the answer was not made by the strategy that was requested for or planned, or "".
 *
 * @param {TurnState} state
 * @returns {string}
 */
export function changeOf({ requested, strategy, change, answer }) {
  const reason = answer?.isFinished && change ? translateCode("change", change) : "";
  // A cascade is a vote that a stronger model may join.
  const intended = (requested || strategy) === "cascade" ? "vote" : requested || strategy;
  return reason && translate(`changed.${intended}`, { reason });
}
