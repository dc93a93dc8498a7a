import { turnView } from "../turn/turn_view.js";
import { showPlainTurn } from "./plain_turn.js";

/**
 * @import { Feed } from "../state/turn_feed.js"
 * @import { TurnFeedback } from "./feedback.js"
 * @import { TurnActions, TurnView } from "../turn/turn_view.js"
 * @typedef {TurnView & { isBuilt: () => boolean, build: () => void, release: (heightPx: number) => void }} LazyTurn
 */

/**
 * A turn that is plain text until it is built, which happens near the window, and becomes plain text of the same height
 * again when it is released.
 *
 * @param {HTMLElement} host
 * @param {string} turn
 * @param {TurnFeedback} feedback
 * @param {{ feed: Feed, actions: TurnActions }} page
 * @returns {LazyTurn}
 */
export function lazyTurn(host, turn, feedback, page) {
  const slot = openSlot(host, turn, feedback, page);
  return {
    host,
    isBuilt: () => slot.view() !== undefined,
    build: slot.build,
    release: slot.release,
    patch(state) {
      const view = slot.view();
      if (view) view.patch(state);
      else if (state.status === "running") slot.build();
      else showPlainTurn(host, state, feedback.continued);
    },
    answerBottom: () => slot.build().answerBottom(),
    edit: (refused) => slot.build().edit(refused),
    showFeedback: () => slot.view()?.showFeedback(),
    showVersions: slot.showVersions,
    focusVersions: (isOlder) => slot.build().focusVersions(isOlder),
    openModels: slot.openModels,
    reopen: (models) => slot.build().reopen(models),
  };
}

/**
 * The view of a turn while there is one, and what the next one begins with.
 *
 * @param {HTMLElement} host
 * @param {string} turn
 * @param {TurnFeedback} feedback
 * @param {{ feed: Feed, actions: TurnActions }} page
 */
function openSlot(host, turn, feedback, { feed, actions }) {
  /** @type {TurnView | undefined} */
  let view;
  /** @type {string[]} */
  let versions = [];
  /** @type {string[]} */
  let opened = [];
  host.dataset.plain = "";
  // The feed has read the events that the server wrote here.
  host.querySelector("script")?.remove();

  return {
    view: () => view,
    openModels: () => view?.openModels() ?? opened,
    /** @param {string[]} turns */
    showVersions(turns) {
      versions = turns;
      view?.showVersions(turns);
    },
    build() {
      if (view) return view;
      view = turnView(host, turn, feedback, actions);
      delete host.dataset.plain;
      host.style.minHeight = "";
      view.showVersions(versions);
      const state = feed.read(turn);
      if (state) view.patch(state);
      view.reopen(opened);
      return view;
    },
    /** @param {number} heightPx that the turn has on screen */
    release(heightPx) {
      const state = feed.read(turn);
      if (!view || !state || state.status === "running" || isBusy(host)) return;
      opened = view.openModels();
      host.style.minHeight = `${heightPx}px`;
      showPlainTurn(host, state, feedback.continued);
      host.dataset.plain = "";
      view = undefined;
    },
  };
}

/** @param {HTMLElement} host @returns {boolean} whether the reader writes, hears or has selected something in a turn */
function isBusy(host) {
  const selection = getSelection();
  return (
    host.querySelector("form, :popover-open, .speaking, :focus") !== null ||
    host === document.activeElement ||
    (selection !== null && !selection.isCollapsed && selection.containsNode(host, true))
  );
}
