/**
 * @import { Feed } from "./turn_feed.js"
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @typedef {{ article: HTMLElement, versions: string[], turn: string }} StoredTurn
 * @typedef {{ currentTurns: StoredTurn[], orphanVersions: Map<string, string[]>, picks: Map<string, TurnFeedback> }} StoredPage
 */

/**
 * Take the server's turns into the feed; a turn that another one replaced becomes a version of that one.
 *
 * @param {ParentNode} host
 * @param {Feed} feed
 * @returns {StoredPage} the turns that stand, in order; orphanVersions are the versions of turns that come later than these
 */
export function readStoredTurns(host, feed) {
  /** @type {Map<string, string[]>} by the turn that stands: the turns whose place it took, oldest first */
  const versions = new Map();
  /** @type {Map<string, TurnFeedback>} */
  const picks = new Map();
  const currentTurns = [];
  for (const article of /** @type {NodeListOf<HTMLElement>} */ (host.querySelectorAll(".turn"))) {
    const turn = article.dataset.turn ?? "";
    const events = JSON.parse(article.querySelector('script[type="application/json"]')?.textContent || "[]");
    const prompt = article.querySelector(".prompt-text")?.textContent ?? "";
    feed.restore(turn, prompt, Number(article.dataset.seq), events);
    const { voted = "", continued = "" } = article.dataset;
    picks.set(turn, { voted, continued });
    const mine = [...(versions.get(turn) ?? []), turn];
    versions.delete(turn);
    const successor = article.dataset.replacedBy ?? "";
    if (!successor) {
      currentTurns.push({ article, versions: mine, turn });
      continue;
    }
    // The first one replaced was the version; the ones after it followed from it.
    if (!versions.has(successor)) versions.set(successor, mine);
    article.remove();
  }
  return { currentTurns, orphanVersions: versions, picks };
}
