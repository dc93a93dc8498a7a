import { find } from "../lib/dom.js";
import { readFollowed } from "../state/followed.js";
import { answerText, isAnswering } from "../state/turn_selectors.js";
import { turnHost } from "../turn/turn_view.js";
import { openDeepLinks } from "./deep_link.js";
import { watchEarlier } from "./earlier_turns.js";
import { openScrollFollow } from "./scroll_follow.js";
import { openTurnList } from "./turn_list.js";

/**
 * @import { Followed } from "../state/followed.js"
 * @import { Feed } from "../state/turn_feed.js"
 * @import { TurnFeedback } from "./feedback.js"
 * @import { ScrollFollow } from "./scroll_follow.js"
 * @import { ListedTurn, TurnList } from "./turn_list.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @import { TurnActions } from "../turn/turn_view.js"
 * @typedef {{ turn: string, parent: string | null | undefined, replaces: string | null | undefined }} NewTurn
 * @typedef {{
 *   redraw: (turn: string) => void, leaf: () => string, parent: () => string, running: () => string[],
 *   answering: () => string[],
 *   followFrom: (turn: string) => void, followed: (isStepped: boolean) => Followed | null,
 *   continuedOf: (turn: string) => string, exchanges: () => { prompt: string, answer: string }[],
 *   place: (opened: NewTurn) => boolean, showBranch: (version: string, page: Document) => void,
 *   mark: (kind: keyof TurnFeedback, candidate: string) => void,
 *   update: (turn: string, changes: Partial<TurnFeedback>) => void, editLast: () => boolean,
 *   editAgain: (turn: string, prompt: string) => boolean,
 * }} Transcript
 */

/**
 * The branch of the conversation that is on screen.
 *
 * @param {Feed} feed
 * @param {TurnActions} actions
 * @returns {Transcript}
 */
export function openTranscript(feed, actions) {
  const host = find(document, ".transcript");
  const list = openTurnList(host, feed, actions);
  const isGrowing = () => select(list, feed, isAnswering).includes(list.last()?.turn ?? "");
  const scrollFollow = openScrollFollow({
    answerBottom: () => list.last()?.view.answerBottom() ?? 0,
    isGrowing,
    prepareEnd: () => buildEnd(list),
  });

  showStored(list, host, isGrowing);

  const continuedOf = (/** @type {string} */ turn) => list.feedbackOf(turn).continued;
  const follow = openFollow(list);

  return {
    redraw: openRedrawScheduler(list.turns, feed, scrollFollow),
    leaf: () => list.last()?.turn ?? "",
    parent: follow.parent,
    running: () => select(list, feed, ({ status }) => status === "running"),
    answering: () => select(list, feed, isAnswering),
    followFrom: follow.set,
    followed: (isStepped) =>
      readFollowed(list.turns, follow.parent(), { read: feed.read, continuedOf, isStepped }),
    continuedOf,
    exchanges: () => listExchanges(list.turns, follow.parent(), feed, continuedOf),
    place(opened) {
      if (opened.parent === follow.parent()) follow.set("");
      return placeTurn(list, host, scrollFollow, opened);
    },
    showBranch(version, page) {
      follow.set("");
      showBranch(list, host, version, page);
    },
    mark: list.mark,
    update: list.update,
    editLast() {
      list.last()?.view.edit();
      return list.turns.length > 0;
    },
    editAgain: (turn, prompt) => list.turns.find((each) => each.turn === turn)?.view.edit(prompt) ?? false,
  };
}

/**
 * Show the turns that the server sent with the page from their end, or from the turn that the address names, and those
 * before them on request.
 *
 * @param {TurnList} list
 * @param {HTMLElement} host
 * @param {() => boolean} isGrowing
 */
function showStored(list, host, isGrowing) {
  list.insert(0, list.read(host));
  const loadEarlier = watchEarlier(host, (page) => {
    const earlier = list.read(page);
    list.insert(0, earlier);
    return earlier.map(({ article }) => article);
  });
  buildEnd(list);
  list.last()?.view.host.scrollIntoView({ block: isGrowing() ? "end" : "start" });
  openDeepLinks(list, loadEarlier);
}

/**
 * Build the turns that fill the window at the end of the page, so that they do not grow when the reader gets there.
 *
 * @param {TurnList} list
 */
function buildEnd(list) {
  let heightPx = 0;
  for (const listed of list.turns.toReversed()) {
    list.build(listed);
    // The end of one more is seen behind the page's head.
    if (heightPx > innerHeight) return;
    heightPx += listed.view.host.offsetHeight;
  }
}

/**
 * Return what the models of a prompt after this turn read of the conversation: turns without an answer are left out.
 *
 * @param {ListedTurn[]} turns
 * @param {string} parent
 * @param {Feed} feed
 * @param {(turn: string) => string} continuedOf
 */
function listExchanges(turns, parent, feed, continuedOf) {
  const end = turns.findIndex(({ turn }) => turn === parent) + 1;
  return turns.slice(0, end).flatMap(({ turn }) => {
    const state = feed.read(turn);
    const answer = state ? answerText(state, continuedOf(turn)).text : "";
    return state && answer ? [{ prompt: state.prompt, answer }] : [];
  });
}

/**
 * @param {TurnList} list
 * @param {Feed} feed
 * @param {(state: TurnState) => boolean} isWanted
 * @returns {string[]} the turns on screen whose state is wanted
 */
function select(list, feed, isWanted) {
  const states = list.turns.map(({ turn }) => ({ turn, state: feed.read(turn) }));
  return states.filter(({ state }) => state && isWanted(state)).map(({ turn }) => turn);
}

/**
 * The turn that the next prompt follows: the last one on screen, or an earlier one that the reader chose.
 *
 * @param {TurnList} list
 */
function openFollow(list) {
  let chosen = "";
  return {
    set(/** @type {string} */ turn) {
      chosen = turn;
    },
    parent: () => list.turns.find(({ turn }) => turn === chosen)?.turn ?? list.last()?.turn ?? "",
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
    for (const { view, turn } of turns) {
      const state = changed.has(turn) ? feed.read(turn) : undefined;
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

/**
 * Show a new turn where it belongs on screen: after the leaf, or in place of the version that it was asked from.
 *
 * @param {TurnList} list
 * @param {HTMLElement} host
 * @param {ScrollFollow} scrollFollow
 * @param {NewTurn} opened
 * @returns {boolean} false when it is on another branch; if its place is on screen, it is offered there as a version
 */
function placeTurn(list, host, scrollFollow, { turn, parent, replaces }) {
  if (list.indexOf(turn) >= 0) return true;
  const index = list.indexOf(replaces ?? "");
  if (replaces) list.addVersion(index, turn);
  if (replaces && list.turns[index]?.turn === replaces) {
    // Later turns were about the answer of the other version.
    list.removeFrom(index + 1);
    showNewest(list.swap(index, turn));
  } else if (!replaces && (list.last()?.turn ?? "") === (parent ?? "")) {
    host.querySelector(".welcome")?.remove();
    const article = turnHost(turn);
    list.insert(list.turns.length, [{ article, versions: [turn], turn }]);
    article.scrollIntoView({ block: "start" });
    showNewest(list.last());
  } else {
    const place = list.turns.findIndex((each) => each.turn === parent);
    if (!replaces && (place >= 0 || !parent)) list.addVersion(place + 1, turn);
    return false;
  }
  for (const { view } of list.turns.slice(0, -1)) view.host.classList.remove("newest");
  scrollFollow.follow();
  return true;
}

/** @param {ListedTurn | undefined} listed */
function showNewest(listed) {
  listed?.view.host.classList.add("newest");
}

/**
 * Show the branch through a version as the server knows it; the turns before it stay as they are.
 *
 * @param {TurnList} list
 * @param {HTMLElement} host
 * @param {string} version
 * @param {Document} page the conversation's page on that branch
 */
function showBranch(list, host, version, page) {
  const stored = list.read(find(page, ".transcript"));
  const index = list.indexOf(version);
  const first = stored.findIndex(({ turn }) => turn === version);
  const listed = list.turns[index];
  if (!listed || first < 0) {
    list.removeFrom(0);
    host.querySelector(".earlier-turns")?.remove();
    const earlier = page.querySelector(".earlier-turns");
    if (earlier) host.prepend(earlier);
    list.insert(0, stored);
    return;
  }
  const isOlder = listed.versions.indexOf(version) < listed.versions.indexOf(listed.turn);
  list.removeFrom(index + 1);
  listed.versions = stored[first]?.versions ?? listed.versions;
  const shown = list.swap(index, version, () => list.turns[index]?.view.focusVersions(isOlder));
  shown?.view.showVersions(listed.versions);
  list.insert(index + 1, stored.slice(first + 1));
}
