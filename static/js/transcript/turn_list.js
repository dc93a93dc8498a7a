import { keepFocus } from "../lib/focus.js";
import { readStoredTurns } from "../state/stored_turns.js";
import { openFeedback } from "./feedback.js";
import { lazyTurn } from "./lazy_turn.js";
import { openNearTurns } from "./near_turns.js";

/**
 * @import { Feed } from "../state/turn_feed.js"
 * @import { StoredTurn } from "../state/stored_turns.js"
 * @import { FeedbackStore, TurnFeedback } from "./feedback.js"
 * @import { LazyTurn } from "./lazy_turn.js"
 * @import { TurnActions } from "../turn/turn_view.js"
 * @typedef {{ view: LazyTurn, versions: string[], turn: string }} ListedTurn
 * @typedef {{
 *   turns: ListedTurn[], last: () => ListedTurn | undefined, indexOf: (version: string) => number,
 *   mark: (kind: keyof TurnFeedback, candidate: string) => void,
 *   update: (turn: string, changes: Partial<TurnFeedback>) => void, feedbackOf: (turn: string) => TurnFeedback,
 *   read: (page: ParentNode) => StoredTurn[], insert: (index: number, stored: StoredTurn[]) => void,
 *   addVersion: (index: number, version: string) => void, build: (listed: ListedTurn) => void,
 *   swap: (index: number, turn: string, onFocusLost?: () => void) => ListedTurn | undefined,
 *   removeFrom: (index: number) => void,
 * }} TurnList
 */

/**
 * The turns of the branch on screen in order, each with all versions of its place.
 *
 * @param {HTMLElement} host
 * @param {Feed} feed
 * @param {TurnActions} actions
 * @returns {TurnList}
 */
export function openTurnList(host, feed, actions) {
  /** @type {ListedTurn[]} */
  const turns = [];
  const feedback = openFeedback();
  const { mount, mountBuilt, build } = openMount(feed, actions, feedback);

  /** @param {string} turn which may be on another branch @param {Partial<TurnFeedback>} changes */
  const update = (turn, changes) => {
    // A turn that this page has not loaded comes with its feedback later.
    if (feed.read(turn)) Object.assign(feedback.of(turn), changes);
    turns.find((each) => each.turn === turn)?.view.showFeedback();
  };
  return {
    turns,
    last: () => turns.at(-1),
    indexOf: (version) => turns.findIndex(({ versions }) => versions.includes(version)),
    mark: (kind, candidate) => update(findTurn(feed, feedback.turns(), candidate), { [kind]: candidate }),
    feedbackOf: feedback.of,
    update,
    read(page) {
      const stored = readStoredTurns(page, feed);
      feedback.add(stored.feedback);
      return stored.turns;
    },
    insert(index, stored) {
      // Prompts that are still being sent stay below all turns.
      const next = turns[index]?.view.host ?? host.querySelector(".sending");
      for (const { article } of stored) host.insertBefore(article, next);
      turns.splice(index, 0, ...stored.map((each) => mount(each.article, each.versions, each.turn)));
      const isNeeded = (/** @type {ListedTurn} */ { turn }, /** @type {number} */ place) =>
        place === turns.length - 1 || feed.read(turn)?.status === "running";
      for (const { view } of turns.filter(isNeeded)) build(view);
    },
    addVersion: (index, version) => addVersion(turns[index], version),
    build: ({ view }) => build(view),
    swap: (index, turn, onFocusLost) =>
      swapTurn(turns, index, (article, versions) => mountBuilt(article, versions, turn), onFocusLost),
    removeFrom(index) {
      for (const { view } of turns.splice(index)) view.host.remove();
    },
  };
}

/**
 * Put turns on screen: as plain text until they come near the window, or whole at once.
 *
 * @param {Feed} feed
 * @param {TurnActions} actions
 * @param {FeedbackStore} feedback
 */
function openMount(feed, actions, feedback) {
  const nearTurns = openNearTurns();
  /** @param {HTMLElement} article @param {string[]} versions @param {string} turn @returns {ListedTurn} */
  const mount = (article, versions, turn) => {
    article.dataset.turn = turn;
    article.id = `turn-${turn}`;
    const view = lazyTurn(article, turn, feedback.of(turn), { feed, actions });
    view.showVersions(versions);
    nearTurns.watch(view);
    return { view, versions, turn };
  };
  /** @type {typeof mount} */
  const mountBuilt = (article, versions, turn) => {
    const listed = mount(article, versions, turn);
    nearTurns.build(listed.view);
    return listed;
  };
  return { mount, mountBuilt, build: nearTurns.build };
}

/** @param {Feed} feed @param {string[]} turns @param {string} candidate @returns {string} the candidate's turn, or "" */
const findTurn = (feed, turns, candidate) =>
  turns.find((turn) => feed.read(turn)?.candidates.some(({ id }) => id === candidate)) ?? "";

/** @param {ListedTurn | undefined} listed @param {string} version */
function addVersion(listed, version) {
  if (!listed || listed.versions.includes(version)) return;
  listed.versions = [...listed.versions, version];
  listed.view.showVersions(listed.versions);
}

/**
 * Show another version in a turn's article; focus and open candidates are kept.
 *
 * @param {ListedTurn[]} turns
 * @param {number} index
 * @param {(article: HTMLElement, versions: string[]) => ListedTurn} mount
 * @param {() => void} [onFocusLost]
 * @returns {ListedTurn | undefined}
 */
function swapTurn(turns, index, mount, onFocusLost) {
  const listed = turns[index];
  if (!listed) return undefined;
  const { host } = listed.view;
  const opened = listed.view.openModels();
  keepFocus(host, () => turns.splice(index, 1, mount(host, listed.versions)), onFocusLost);
  turns[index]?.view.reopen(opened);
  return turns[index];
}
