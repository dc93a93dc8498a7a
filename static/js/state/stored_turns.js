/**
 * @import { Feed } from "./turn_feed.js"
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @typedef {{ article: HTMLElement, versions: string[], turn: string }} StoredTurn
 * @typedef {{ turns: StoredTurn[], feedback: Map<string, TurnFeedback> }} StoredPage
 */

/**
 * Restore the turns of a page from the server into the feed.
 *
 * @param {ParentNode} host
 * @param {Feed} feed
 * @returns {StoredPage} the turns in order, each with all versions of its place
 */
export function readStoredTurns(host, feed) {
  /** @type {Map<string, TurnFeedback>} */
  const feedback = new Map();
  const turns = [];
  for (const article of /** @type {NodeListOf<HTMLElement>} */ (host.querySelectorAll(".turn"))) {
    const { turn = "", seq, versions = "", voted = "", continued = "", rated = "" } = article.dataset;
    const events = JSON.parse(article.querySelector('script[type="application/json"]')?.textContent || "[]");
    const prompt = article.querySelector(".prompt-text")?.textContent ?? "";
    feed.restore(turn, prompt, Number(seq), events);
    feedback.set(turn, { voted, continued, rated });
    turns.push({ article, versions: versions.split(" ").filter(Boolean), turn });
  }
  return { turns, feedback };
}
