/**
 * @import { Feed } from "./turn_feed.js"
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @typedef {{ article: HTMLElement, versions: string[], turn: string }} StoredTurn
 * @typedef {{ currentTurns: StoredTurn[], orphanVersions: Map<string, string[]>, feedback: Map<string, TurnFeedback> }} StoredPage
 */

/**
 * Restore the server's turns into the feed; a replaced turn becomes a version of its successor.
 *
 * @param {ParentNode} host
 * @param {Feed} feed
 * @returns {StoredPage} the current turns in order; orphanVersions belong to turns of a later page, by their successor
 */
export function readStoredTurns(host, feed) {
  /** @type {Map<string, string[]>} by successor: the turns that it replaced, oldest first */
  const versions = new Map();
  /** @type {Map<string, TurnFeedback>} */
  const feedback = new Map();
  const currentTurns = [];
  for (const article of /** @type {NodeListOf<HTMLElement>} */ (host.querySelectorAll(".turn"))) {
    const turn = article.dataset.turn ?? "";
    const events = JSON.parse(article.querySelector('script[type="application/json"]')?.textContent || "[]");
    const prompt = article.querySelector(".prompt-text")?.textContent ?? "";
    feed.restore(turn, prompt, Number(article.dataset.seq), events);
    const { voted = "", continued = "" } = article.dataset;
    feedback.set(turn, { voted, continued });
    const ownVersions = [...(versions.get(turn) ?? []), turn];
    versions.delete(turn);
    const successor = article.dataset.replacedBy ?? "";
    if (!successor) {
      currentTurns.push({ article, versions: ownVersions, turn });
      continue;
    }
    // Only the first replaced turn is a version; the turns after it were follow-ups to it.
    if (!versions.has(successor)) versions.set(successor, ownVersions);
    article.remove();
  }
  return { currentTurns, orphanVersions: versions, feedback };
}
