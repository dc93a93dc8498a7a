import { chosenOf } from "./turn_selectors.js";

/**
 * @import { TurnState } from "./turn_types.js"
 * @typedef {{ kind: "candidate" | "turn" | "version", turn: string, name: string }} Followed
 * @typedef {{ turn: string, versions: string[] }} ShownTurn
 */

/**
 * Return what the next prompt follows when it is not simply the answer at the end of the newest branch, else null.
 *
 * `turn` is the turn to act on: the one that is followed, or the newest version of an older one.
 *
 * @param {ShownTurn[]} turns on screen, in order
 * @param {string} parent the turn that the next prompt follows
 * @param {{
 *   read: (turn: string) => TurnState | undefined, continuedOf: (turn: string) => string, isStepped: boolean,
 * }} context `continuedOf` is the candidate a reader goes on with; `isStepped` says that they stepped to this branch
 * @returns {Followed | null}
 */
export function readFollowed(turns, parent, { read, continuedOf, isStepped }) {
  const state = read(parent);
  if (!state) return null;
  if (parent !== turns.at(-1)?.turn) return { kind: "turn", turn: parent, name: state.prompt };
  const chosen = chosenOf(state, continuedOf(parent));
  if (chosen) return { kind: "candidate", turn: parent, name: chosen.name };
  const older = isStepped && turns.find(({ turn, versions }) => versions.at(-1) !== turn);
  return older ? { kind: "version", turn: older.versions.at(-1) ?? "", name: "" } : null;
}
