import { answerText } from "../state/turn_selectors.js";

/**
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ prompt: string, strategy: string, panel: string[] | null }} WriteOnRequest
 */

// The prompt is in the language of the answer, whichever language the page has.
const PROMPT_KO = "끊긴 데서 이어서 써 주세요.";
const PROMPT = "Please continue from where you stopped, in the same language.";
const HANGUL = /[\uac00-\ud7a3]/;

/**
 * Return the prompt that lets the model of a stopped or cut answer write on.
 *
 * @param {TurnState} state of the turn
 * @param {string} continued the candidate that the reader goes on with, or ""
 * @param {(model: string) => boolean} isOffered
 * @returns {WriteOnRequest}
 */
export function buildWriteOn(state, continued, isOffered) {
  const { text, source } = answerText(state, continued);
  const model = source?.model ?? state.answer?.model ?? "";
  return {
    prompt: HANGUL.test(text) ? PROMPT_KO : PROMPT,
    strategy: "single",
    panel: isOffered(model) ? [model] : null,
  };
}
