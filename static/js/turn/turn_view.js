import { announce } from "../lib/announcer.js";
import { element } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
import { placementView } from "../placement/placement_view.js";
import { answerText, isAnswering, placeOf } from "../state/turn_selectors.js";
import { answerActions } from "./answer_actions.js";
import { answerView, placeWords } from "./answer_view.js";
import { candidatesView } from "./candidates/candidates_view.js";
import { claimsView } from "./claims_view.js";
import { promptView } from "./prompt_view.js";
import { routeView } from "./route_view.js";
import { trustView } from "./trust_view.js";
import { versionsView } from "./versions_view.js";

/**
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{
 *   promptLimit: number, measureRoom: (prompt: string) => { limit: number, isOver: boolean }, resend: (turn: string, prompt: string) => void, regenerate: (turn: string) => void,
 *   retry: (candidate: string) => void, vote: (candidate: string) => void,
 *   rate: (turn: string, verdict: "good" | "bad" | "", more?: { reason: string, comment: string }) => void,
 *   add: (turn: string, model: string) => void, signal: (candidate: string, kind: "copy" | "continue") => void,
 *   follow: (turn: string, candidate: string) => void, finish: (turn: string, candidate: string) => void,
 *   followFrom: (turn: string) => void, continueWriting: (turn: string) => void,
 *   showVersion: (version: string) => void, share: () => void,
 * }} TurnActions
 * @typedef {{
 *   host: HTMLElement, patch: (state: TurnState) => void, answerBottom: () => number,
 *   edit: (refused?: string) => boolean, showFeedback: () => void, showVersions: (turns: string[]) => void,
 *   focusVersions: (isOlder: boolean) => void,
 *   openModels: () => string[], reopen: (models: string[]) => void,
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
  const parts = createParts(
    turn,
    actions,
    () => (shown && answerText(shown, feedback.continued).source?.id) || "",
  );
  const { prompt, versions, answer, row, placement, candidates } = parts;
  const views = [prompt, answer, parts.trust, row, placement, candidates, parts.claims, parts.route];
  prompt.actions.prepend(versions.host);
  host.replaceChildren(...views.map((view) => view.host));

  return {
    host,
    edit: prompt.edit,
    // The ad belongs to the end of the answer, so that it is in view with it.
    answerBottom: () =>
      [placement, row].reduce(
        (bottom, { host: part }) => Math.max(bottom, part.hidden ? 0 : part.getBoundingClientRect().bottom),
        answer.host.getBoundingClientRect().bottom,
      ),
    showFeedback() {
      if (shown) for (const view of views) view.patch(shown, feedback);
    },
    openModels: candidates.openModels,
    reopen: candidates.reopen,
    focusVersions: versions.focus,
    showVersions: (turns) => versions.patch(turns, turn),
    patch(state) {
      if (state === shown) return;
      host.dataset.status = state.status;
      for (const view of views) view.patch(state, feedback);
      const phase = phaseOf(state);
      if (shown && phaseOf(shown) !== phase) announce(translate(`announced_${phase}`));
      if (shown && isWaitNews(shown, state)) announce(placeWords(placeOf(state)));
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
  /** @param {string} candidate @param {string} [text] */
  const show = (candidate, text) => candidates.show(candidate, text);
  const answer = answerView(show);
  const candidates = candidatesView(
    {
      ...actions,
      add: (model) => actions.add(turn, model),
      finish: (candidate) => actions.finish(turn, candidate),
    },
    answer.highlight,
  );
  const row = answerActions({
    copied: () => answerCandidate() && actions.signal(answerCandidate(), "copy"),
    rate: (verdict, more) => actions.rate(turn, verdict, more),
    regenerate: () => actions.regenerate(turn),
    followFrom: () => actions.followFrom(turn),
    showOriginal: () => actions.follow(turn, ""),
    continueWriting: () => actions.continueWriting(turn),
    share: actions.share,
  });
  return {
    prompt: promptView(actions, (text) => actions.resend(turn, text)),
    versions: versionsView((version) => actions.showVersion(version)),
    answer,
    trust: trustView(),
    row,
    placement: placementView(),
    candidates,
    claims: claimsView(show),
    route: routeView(),
  };
}

/** @param {TurnState} state what a reader hears of: a settled answer is done while other candidates are written */
const phaseOf = (state) => (state.status === "running" && !isAnswering(state) ? "done" : state.status);

/** @param {TurnState} before @param {TurnState} state a reader hears when a wait begins and when it nears its end */
const isWaitNews = (before, state) =>
  placeOf(state) !== placeOf(before) &&
  (placeOf(state) === 1 || (placeOf(before) === 0 && placeOf(state) > 1));

/** @param {string} turn @returns {HTMLElement} */
export const turnHost = (turn) =>
  element("article", { class: "turn", id: `turn-${turn}`, "data-turn": turn });
