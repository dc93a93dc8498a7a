import { find } from "../lib/dom.js";
import { turnHost } from "../turn/turn_view.js";
import { watchEarlier } from "./earlier_turns.js";
import { openScrollFollow } from "./scroll_follow.js";
import { openTurnList } from "./turn_list.js";

/**
 * @import { Feed } from "../state/turn_feed.js"
 * @import { TurnFeedback } from "./feedback.js"
 * @import { ScrollFollow } from "./scroll_follow.js"
 * @import { ListedTurn, TurnList } from "./turn_list.js"
 * @import { TurnActions } from "../turn/turn_view.js"
 * @typedef {{
 *   redraw: (turn: string) => void, append: (turn: string) => void,
 *   replace: (turn: string, successor: string) => void, show: (version: string) => void,
 *   mark: (kind: keyof TurnFeedback, candidate: string) => void, editLast: () => boolean,
 *   editAgain: (turn: string, prompt: string) => boolean,
 * }} Transcript
 */

/**
 * The conversation's turns on the page.
 *
 * @param {Feed} feed
 * @param {TurnActions} actions
 * @returns {Transcript}
 */
export function openTranscript(feed, actions) {
  const host = find(document, ".transcript");
  const list = openTurnList(host, feed, actions);
  const isRunning = () => feed.read(list.last()?.shown ?? "")?.status === "running";
  const scrollFollow = openScrollFollow(() => list.last()?.view.answerBottom() ?? 0, isRunning);
  const redraw = openRedrawScheduler(list.turns, feed, scrollFollow);

  list.prepend(host);
  watchEarlier(host, list.prepend);
  list.last()?.view.openCandidates();
  list.last()?.view.host.scrollIntoView({ block: isRunning() ? "end" : "start" });

  return {
    redraw,
    append: (turn) => appendTurn(list, host, scrollFollow, turn),
    replace(turn, successor) {
      if (list.indexOf(turn) < 0) appendTurn(list, host, scrollFollow, successor);
      else replaceTurn(list, scrollFollow, turn, successor);
    },
    show(version) {
      showVersion(list, version);
      redraw(version);
    },
    mark(kind, candidate) {
      for (const { view, versions, shown } of list.turns)
        if (list.mark(versions, kind, candidate) === shown) view.showFeedback();
    },
    editLast() {
      list.last()?.view.edit();
      return list.turns.length > 0;
    },
    editAgain: (turn, prompt) => list.turns.find(({ shown }) => shown === turn)?.view.edit(prompt) ?? false,
  };
}

/**
 * Redraw changed turns at most once per animation frame.
 *
 * @param {ListedTurn[]} turns
 * @param {Feed} feed
 * @param {ScrollFollow} scrollFollow
 * @returns {(turn: string) => void}
 */
function openRedrawScheduler(turns, feed, scrollFollow) {
  /** @type {Set<string>} */
  const changed = new Set();
  let isScheduled = false;

  const draw = () => {
    isScheduled = false;
    scrollFollow.before();
    for (const { view, shown } of turns) {
      const state = changed.has(shown) ? feed.read(shown) : undefined;
      if (state) view.patch(state);
    }
    changed.clear();
    scrollFollow.after();
  };
  return (turn) => {
    changed.add(turn);
    if (!isScheduled) requestAnimationFrame(draw);
    isScheduled = true;
  };
}

/** @param {TurnList} list @param {HTMLElement} host @param {ScrollFollow} scrollFollow @param {string} turn */
function appendTurn(list, host, scrollFollow, turn) {
  if (list.indexOf(turn) >= 0) return;
  host.querySelector(".welcome")?.remove();
  for (const { view } of list.turns) view.host.classList.remove("newest");
  const article = turnHost(turn);
  article.classList.add("newest");
  // Prompts that are still being sent stay below the new turn.
  host.insertBefore(article, host.querySelector(".sending"));
  list.append(article, turn);
  list.last()?.view.openCandidates();
  scrollFollow.follow();
  article.scrollIntoView({ block: "start" });
}

/** @param {TurnList} list @param {ScrollFollow} scrollFollow @param {string} turn @param {string} successor */
function replaceTurn(list, scrollFollow, turn, successor) {
  const index = list.indexOf(turn);
  const versions = list.turns[index]?.versions ?? [];
  if (versions.includes(successor)) return;
  // Later turns were about the replaced answer.
  list.removeAfter(index);
  const listed = list.remount(index, [...versions, successor], successor);
  listed?.view.openCandidates();
  listed?.view.host.classList.add("newest");
  scrollFollow.follow();
}

/** @param {TurnList} list @param {string} version */
function showVersion(list, version) {
  const index = list.indexOf(version);
  const listed = list.turns[index];
  if (!listed) return;
  const { versions, shown } = listed;
  const isOlder = versions.indexOf(version) < versions.indexOf(shown);
  list.remount(index, versions, version, () => list.turns[index]?.view.focusVersions(isOlder));
}
