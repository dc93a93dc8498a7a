import { keepFocus } from "../lib/focus.js";
import { readStoredTurns } from "../state/stored_turns.js";
import { turnView } from "../turn/turn_view.js";
import { openFeedback } from "./feedback.js";

/**
 * @import { Feed } from "../state/turn_feed.js"
 * @import { FeedbackStore } from "./feedback.js"
 * @import { TurnActions, TurnView } from "../turn/turn_view.js"
 * @typedef {{ view: TurnView, versions: string[], shown: string }} ListedTurn
 * @typedef {{
 *   turns: ListedTurn[], last: () => ListedTurn | undefined, indexOf: (turn: string) => number,
 *   mark: FeedbackStore["mark"], append: (article: HTMLElement, turn: string) => void,
 *   prepend: (page: ParentNode) => HTMLElement[],
 *   remount: (index: number, versions: string[], shown: string, onFocusLost?: () => void) => ListedTurn | undefined,
 *   removeAfter: (index: number) => void,
 * }} TurnList
 */

/**
 * The turns on the page in order, each with all its versions and the one that is shown.
 *
 * @param {HTMLElement} host
 * @param {Feed} feed
 * @param {TurnActions} actions
 * @returns {TurnList}
 */
export function openTurnList(host, feed, actions) {
  /** @type {ListedTurn[]} */
  const turns = [];
  const feedback = openFeedback(feed);

  /** @param {HTMLElement} article @param {string[]} versions @param {string} shown @returns {ListedTurn} */
  const mount = (article, versions, shown) => {
    const view = turnView(article, shown, feedback.of(shown), actions);
    view.showVersions(versions);
    const state = feed.read(shown);
    if (state) view.patch(state);
    return { view, versions, shown };
  };

  return {
    turns,
    mark: feedback.mark,
    last: () => turns.at(-1),
    indexOf: (turn) => turns.findIndex(({ versions }) => versions.includes(turn)),
    append(article, turn) {
      turns.push(mount(article, [turn], turn));
    },
    prepend(page) {
      const { currentTurns, orphanVersions, feedback: stored } = readStoredTurns(page, feed);
      const articles = currentTurns.map(({ article }) => article);
      feedback.add(stored);
      for (const article of articles) host.insertBefore(article, turns[0]?.view.host ?? null);
      turns.unshift(...currentTurns.map((each) => mount(each.article, each.versions, each.turn)));
      addEarlierVersions(turns, orphanVersions);
      return articles;
    },
    remount: (index, versions, shown, onFocusLost) =>
      replaceView(turns, index, (article) => mount(article, versions, shown), onFocusLost),
    removeAfter: (index) =>
      turns.splice(index + 1).forEach(({ view, versions }) => {
        view.host.remove();
        versions.forEach(feed.drop);
      }),
  };
}

/**
 * Mount a listed turn again in its own article; focus and open candidates are kept.
 *
 * @param {ListedTurn[]} turns
 * @param {number} index
 * @param {(article: HTMLElement) => ListedTurn} mount
 * @param {() => void} [onFocusLost]
 * @returns {ListedTurn | undefined}
 */
function replaceView(turns, index, mount, onFocusLost) {
  const host = turns[index]?.view.host;
  if (!host) return undefined;
  const wasOpen = host.querySelector(".candidates[open]") !== null;
  const change = () => {
    turns[index] = mount(host);
  };
  keepFocus(host, change, onFocusLost);
  if (wasOpen) turns[index]?.view.openCandidates();
  return turns[index];
}

/**
 * Add versions that an earlier page held to the turns of a later one.
 *
 * @param {ListedTurn[]} turns
 * @param {Map<string, string[]>} orphanVersions by their successor
 */
function addEarlierVersions(turns, orphanVersions) {
  for (const [successor, versions] of orphanVersions) {
    const listed = turns.find((each) => each.versions.includes(successor));
    if (!listed) continue;
    // What the later page listed before the successor was a follow-up to these turns, not a version of them.
    listed.versions = [...versions, ...listed.versions.slice(listed.versions.indexOf(successor))];
    listed.view.showVersions(listed.versions);
  }
}
