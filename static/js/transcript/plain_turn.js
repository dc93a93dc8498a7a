import { element } from "../lib/dom.js";
import { answerText } from "../state/turn_selectors.js";

/**
 * @import { TurnState } from "../state/turn_types.js"
 */

/**
 * Show a turn as the server does: prompt and answer as plain text, which finding in the page and screen readers reach.
 *
 * @param {HTMLElement} host
 * @param {TurnState} state
 * @param {string} continued the candidate that the reader continued with
 */
export function showPlainTurn(host, state, continued) {
  const prompt = element("p", { class: "prompt-text", dir: "auto" }, state.prompt);
  const answer = element("p", { class: "plain-text", dir: "auto" }, answerText(state, continued).text);
  host.replaceChildren(
    element("div", { class: "prompt" }, prompt),
    element("div", { class: "answer" }, answer),
  );
}
