import { find } from "../lib/dom.js";
import { keepFocus } from "../lib/focus.js";
import { readStoredTurns } from "../state/stored_turns.js";
import { turnHost, turnView } from "../turn/turn_view.js";
import { watchEarlier } from "./earlier_turns.js";
import { openFeedback } from "./feedback.js";
import { openScrollFollow } from "./scroll_follow.js";

/**
 * @import { Feed } from "../state/turn_feed.js"
 * @import { TurnFeedback } from "./feedback.js"
 * @import { TurnActions, TurnView } from "../turn/turn_view.js"
 * @typedef {{ view: TurnView, versions: string[], shown: string }} Place
 * @typedef {{
 *   change: (turn: string) => void, append: (turn: string) => void,
 *   replace: (turn: string, successor: string) => void, show: (version: string) => void,
 *   mark: (did: keyof TurnFeedback, candidate: string) => void, editLast: () => boolean,
 *   editAgain: (turn: string, prompt: string) => boolean,
 * }} Transcript
 */

/**
 * The turns on the page, drawn from the feed at most once a frame.
 *
 * @param {Feed} feed
 * @param {TurnActions} actions
 * @returns {Transcript}
 */
export function openTranscript(feed, actions) {
  const host = find(document, ".transcript");
  /** @type {Place[]} */
  const places = [];
  const picks = openFeedback(feed);
  /** @type {Set<string>} */
  const changed = new Set();
  let isDue = false;

  const lastPlace = () => places.at(-1);
  const isRunning = () => feed.read(lastPlace()?.shown ?? "")?.status === "running";
  const tail = openScrollFollow(() => lastPlace()?.view.tail() ?? 0, isRunning);

  const draw = () => {
    isDue = false;
    tail.before();
    for (const place of places) {
      const state = changed.has(place.shown) ? feed.read(place.shown) : undefined;
      if (state) place.view.patch(state);
    }
    changed.clear();
    tail.after();
  };

  /** @param {string} turn */
  const change = (turn) => {
    changed.add(turn);
    if (!isDue) requestAnimationFrame(draw);
    isDue = true;
  };

  /** @param {HTMLElement} article @param {string[]} versions @param {string} shown */
  const mount = (article, versions, shown) => {
    const view = turnView(article, shown, picks.of(shown), actions);
    view.showVersions(versions);
    const state = feed.read(shown);
    if (state) view.patch(state);
    return { view, versions, shown };
  };

  /** @param {number} index @param {Place} place @param {() => void} [land] */
  const remount = (index, { view: { host }, versions, shown }, land) => {
    const wasOpen = host.querySelector(".candidates[open]") !== null;
    const change = () => {
      places[index] = mount(host, versions, shown);
    };
    keepFocus(host, change, land);
    if (wasOpen) places[index]?.view.openCandidates();
  };

  /** @param {ParentNode} page of turns that came before those shown */
  const prependTurns = (page) => {
    const { currentTurns, orphanVersions, picks: more } = readStoredTurns(page, feed);
    picks.add(more);
    const first = places[0]?.view.host ?? null;
    for (const { article } of currentTurns) host.insertBefore(article, first);
    places.unshift(...currentTurns.map((each) => mount(each.article, each.versions, each.turn)));
    for (const [successor, versions] of orphanVersions) {
      const place = places.find((each) => each.versions.includes(successor));
      if (!place) continue;
      // What stood before it on the later page followed from these: it is no version of it.
      place.versions = [...versions, ...place.versions.slice(place.versions.indexOf(successor))];
      place.view.showVersions(place.versions);
    }
    return currentTurns.map(({ article }) => article);
  };

  prependTurns(host);
  watchEarlier(host, prependTurns);
  lastPlace()?.view.openCandidates();
  lastPlace()?.view.host.scrollIntoView({ block: isRunning() ? "end" : "start" });

  return {
    change,
    append(turn) {
      if (places.some((place) => place.versions.includes(turn))) return;
      host.querySelector(".welcome")?.remove();
      for (const place of places) place.view.host.classList.remove("fresh");
      const article = turnHost(turn);
      article.classList.add("fresh");
      // What is still on its way comes after it.
      host.insertBefore(article, host.querySelector(".sending"));
      const place = mount(article, [turn], turn);
      place.view.openCandidates();
      places.push(place);
      tail.follow();
      article.scrollIntoView({ block: "start" });
    },
    replace(turn, successor) {
      const index = places.findIndex((place) => place.versions.includes(turn));
      const place = places[index];
      if (!place) {
        this.append(successor);
        return;
      }
      if (place.versions.includes(successor)) return;
      // What followed the replaced turn was about an answer that no longer stands.
      for (const later of places.splice(index + 1)) {
        later.view.host.remove();
        later.versions.forEach(feed.drop);
      }
      remount(index, { ...place, versions: [...place.versions, successor], shown: successor });
      places[index]?.view.openCandidates();
      places[index]?.view.host.classList.add("fresh");
      tail.follow();
    },
    show(version) {
      const index = places.findIndex((place) => place.versions.includes(version));
      const place = places[index];
      if (!place) return;
      const isOlder = place.versions.indexOf(version) < place.versions.indexOf(place.shown);
      remount(index, { ...place, shown: version }, () => places[index]?.view.focusVersions(isOlder));
      change(version);
    },
    mark(did, candidate) {
      for (const { view, versions, shown } of places)
        if (picks.mark(versions, did, candidate) === shown) view.showPick();
    },
    editLast() {
      const place = lastPlace();
      place?.view.edit();
      return Boolean(place);
    },
    editAgain: (turn, prompt) => places.find((place) => place.shown === turn)?.view.edit(prompt) ?? false,
  };
}
