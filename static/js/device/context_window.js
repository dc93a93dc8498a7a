/**
 * What a small model can still read of a conversation. A browser has no tokeniser to ask beforehand, so tokens are
 * estimated upwards, and the estimate is corrected by what the engine counted for the last answer.
 *
 * @typedef {{ role: "system" | "user" | "assistant", content: string }} DeviceMessage
 * @typedef {{ prompt: string, answer: string }} Remembered
 * @typedef {{
 *   read: (prompt: string) => DeviceMessage[] | null, remember: (turn: Remembered) => void,
 *   learn: (tokens: number) => void, forget: () => boolean, clear: () => void, forgotten: () => number,
 * }} ContextWindow
 */

export const CONTEXT_TOKENS = 2_048;
export const ANSWER_TOKENS = 400;
const PROMPT_BUDGET = CONTEXT_TOKENS - ANSWER_TOKENS - 48;
const MESSAGE_TOKENS = 8;
// Once it overflows more is dropped than must be: what stays the same at its front is not read again.
const PROMPT_BUDGET_AFTER_DROPPING = PROMPT_BUDGET * 0.6;

/**
 * @param {string} text
 * @param {number} perSyllable tokens of one letter outside ASCII
 */
export function estimateTokens(text, perSyllable) {
  let tokens = 0;
  for (const letter of text) {
    if (letter > "\u007f") tokens += perSyllable;
    else tokens += /[A-Za-z ]/.test(letter) ? 0.3 : 1;
  }
  return Math.ceil(tokens);
}

/**
 * @param {string} systemPrompt
 * @param {number} perSyllable
 * @returns {ContextWindow}
 */
export function openContextWindow(systemPrompt, perSyllable) {
  /** @type {Remembered[]} */
  let turns = [];
  let first = 0;
  let correction = 1;
  let lastEstimate = 0;

  /** @param {string} prompt @param {number} from */
  const messagesFrom = (prompt, from) => {
    /** @type {DeviceMessage[]} */
    const messages = systemPrompt ? [{ role: "system", content: systemPrompt }] : [];
    for (const { prompt: asked, answer } of turns.slice(from)) {
      messages.push({ role: "user", content: asked }, { role: "assistant", content: answer });
    }
    return [...messages, /** @type {DeviceMessage} */ ({ role: "user", content: prompt })];
  };

  /** @param {DeviceMessage[]} messages */
  const raw = (messages) =>
    messages.reduce((sum, { content }) => sum + MESSAGE_TOKENS + estimateTokens(content, perSyllable), 0);
  /** @param {DeviceMessage[]} messages */
  const countTokens = (messages) => raw(messages) * correction;

  return {
    read(prompt) {
      let messages = messagesFrom(prompt, first);
      if (countTokens(messages) > PROMPT_BUDGET) {
        while (first < turns.length && countTokens(messages) > PROMPT_BUDGET_AFTER_DROPPING) {
          first += 1;
          messages = messagesFrom(prompt, first);
        }
      }
      lastEstimate = raw(messages);
      return countTokens(messages) > PROMPT_BUDGET ? null : messages;
    },
    remember({ prompt, answer }) {
      turns.push({ prompt, answer });
    },
    learn(tokens) {
      if (tokens > 0 && lastEstimate > 0) correction = Math.min(1.5, Math.max(0.5, tokens / lastEstimate));
    },
    forget() {
      const isNew = first < turns.length;
      first = turns.length;
      return isNew;
    },
    clear() {
      turns = [];
      first = 0;
    },
    forgotten: () => first,
  };
}
