/**
 * @import { Feed } from "./feed.js"
 * @import { Pick } from "./picks.js"
 * @typedef {{ article: HTMLElement, versions: string[], turn: string }} StoredTurn
 * @typedef {{ standing: StoredTurn[], loose: Map<string, string[]>, picks: Map<string, Pick> }} StoredPage
 */

/**
 * Take the server's turns into the feed; a turn that another one replaced becomes a version of that one.
 *
 * @param {ParentNode} host
 * @param {Feed} feed
 * @returns {StoredPage} the turns that stand, in order; loose are the versions of turns that come later than these
 */
export function readTranscript(host, feed) {
  /** @type {Map<string, string[]>} by the turn that stands: the turns whose place it took, oldest first */
  const versions = new Map();
  /** @type {Map<string, Pick>} */
  const picks = new Map();
  const standing = [];
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
      standing.push({ article, versions: mine, turn });
      continue;
    }
    // The first one replaced was the version; the ones after it followed from it.
    if (!versions.has(successor)) versions.set(successor, mine);
    article.remove();
  }
  return { standing, loose: versions, picks };
}
