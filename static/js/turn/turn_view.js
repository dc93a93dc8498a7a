import { announce } from "../lib/announcer.js";
import { element } from "../lib/dom.js";
import { word } from "../lib/words.js";
import { placementView } from "../placement/placement_view.js";
import { answerView } from "./answer_view.js";
import { candidatesView } from "./candidates_view.js";
import { claimsView } from "./claims_view.js";
import { promptView } from "./prompt_view.js";
import { routeView } from "./route_view.js";
import { trustView } from "./trust_view.js";
import { versionsView } from "./versions_view.js";

/**
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{
 *   promptLimit: number, resend: (turn: string, prompt: string) => void, regenerate: (turn: string) => void,
 *   retry: (candidate: string) => void, vote: (candidate: string) => void,
 *   add: (turn: string, model: string) => void, signal: (candidate: string, kind: "copy" | "continue") => void,
 *   showVersion: (version: string) => void, share: () => void,
 * }} TurnActions
 * @typedef {{
 *   host: HTMLElement, patch: (state: TurnState) => void, tail: () => number, edit: (refused?: string) => boolean,
 *   showPick: () => void, showVersions: (turns: string[]) => void, focusVersions: (isOlder: boolean) => void,
 *   openCandidates: () => void,
 * }} TurnView
 */

/**
 * A turn, top to bottom. The host may hold the server's plain version of it, which this one takes the place of.
 *
 * @param {HTMLElement} host
 * @param {string} turn
 * @param {TurnFeedback} pick
 * @param {TurnActions} actions
 * @returns {TurnView}
 */
export function turnView(host, turn, pick, actions) {
  /** @type {TurnState | undefined} */
  let shown;
  const prompt = promptView(actions.promptLimit, (text) => actions.resend(turn, text));
  const versions = versionsView((version) => actions.showVersion(version));
  const candidates = candidatesView({ ...actions, add: (model) => actions.add(turn, model) });
  const answer = answerView({
    regenerate: () => actions.regenerate(turn),
    copied: () => shown?.answer?.candidate && actions.signal(shown.answer.candidate, "copy"),
    share: actions.share,
    show: candidates.show,
  });
  const trust = trustView(candidates.show);
  const claims = claimsView(candidates.show);
  const route = routeView();
  const placement = placementView();
  prompt.actions.prepend(versions.host);
  host.replaceChildren(
    prompt.host,
    answer.host,
    trust.host,
    claims.host,
    candidates.host,
    route.host,
    placement.host,
  );

  /** @param {TurnState} state */
  const announceStatus = (state) => {
    if (shown && shown.status !== state.status) announce(word(`said_${state.status}`));
  };

  return {
    host,
    edit: prompt.edit,
    tail: () => answer.bottom(),
    showPick() {
      if (shown) candidates.patch(shown, pick.voted, pick.continued);
    },
    openCandidates() {
      candidates.host.setAttribute("open", "");
    },
    focusVersions: versions.focus,
    showVersions: (turns) => versions.patch(turns, turn),
    patch(state) {
      if (state === shown) return;
      host.dataset.status = state.status;
      prompt.patch(state);
      answer.patch(state);
      trust.patch(state);
      claims.patch(state);
      candidates.patch(state, pick.voted, pick.continued);
      route.patch(state);
      placement.patch(state);
      announceStatus(state);
      shown = state;
    },
  };
}

/**
 * @param {string} turn
 * @returns {HTMLElement}
 */
export const turnHost = (turn) => element("article", { class: "turn", "data-turn": turn });
