import { announce } from "../lib/announcer.js";
import { element } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
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
 *   rate: (turn: string, verdict: "good" | "bad" | "", more?: { reason: string, comment: string }) => void,
 *   follow: (turn: string, candidate: string) => void, finish: (turn: string, candidate: string) => void,
 *   showVersion: (version: string) => void, share: () => void,
 * }} TurnActions
 * @typedef {{
 *   host: HTMLElement, patch: (state: TurnState) => void, answerBottom: () => number,
 *   edit: (refused?: string) => boolean, showFeedback: () => void, showVersions: (turns: string[]) => void,
 *   focusVersions: (isOlder: boolean) => void, openCandidates: () => void,
 * }} TurnView
 */

/**
 * A turn from prompt to ad; it replaces the server's plain version in the host.
 *
 * @param {HTMLElement} host
 * @param {string} turn
 * @param {TurnFeedback} feedback
 * @param {TurnActions} actions
 * @returns {TurnView}
 */
export function turnView(host, turn, feedback, actions) {
  /** @type {TurnState | undefined} */
  let shown;
  const parts = createParts(turn, actions, () => shown?.answer?.candidate ?? "");
  const { prompt, versions, answer, candidates } = parts;
  const views = [prompt, answer, parts.trust, parts.claims, candidates, parts.route, parts.placement];
  prompt.actions.prepend(versions.host);
  host.replaceChildren(...views.map((view) => view.host));

  return {
    host,
    edit: prompt.edit,
    answerBottom: answer.bottom,
    showFeedback() {
      if (shown) candidates.patch(shown, feedback);
    },
    openCandidates() {
      candidates.host.open = true;
    },
    focusVersions: versions.focus,
    showVersions: (turns) => versions.patch(turns, turn),
    patch(state) {
      if (state === shown) return;
      host.dataset.status = state.status;
      for (const view of views) view.patch(state, feedback);
      if (shown && shown.status !== state.status) announce(translate(`announced_${state.status}`));
      shown = state;
    },
  };
}

/**
 * @param {string} turn
 * @param {TurnActions} actions
 * @param {() => string} answerCandidate the candidate whose text is the answer, "" for another answer
 */
function createParts(turn, actions, answerCandidate) {
  const candidates = candidatesView({ ...actions, add: (model) => actions.add(turn, model) });
  const answer = answerView({
    regenerate: () => actions.regenerate(turn),
    copied: () => answerCandidate() && actions.signal(answerCandidate(), "copy"),
    share: actions.share,
    show: candidates.show,
  });
  return {
    prompt: promptView(actions.promptLimit, (text) => actions.resend(turn, text)),
    versions: versionsView((version) => actions.showVersion(version)),
    answer,
    trust: trustView(candidates.show),
    claims: claimsView(candidates.show),
    candidates,
    route: routeView(),
    placement: placementView(),
  };
}

/** @param {string} turn @returns {HTMLElement} */
export const turnHost = (turn) => element("article", { class: "turn", "data-turn": turn });
