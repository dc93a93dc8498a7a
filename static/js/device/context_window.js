/**
 * The part of a conversation that a small model can still read. A browser has no tokenizer to ask beforehand, so token
 * counts are estimated from above, and the estimate is corrected by what the engine counted for the last answer.
 *
 * @typedef {{ role: "system" | "user" | "assistant", content: string }} DeviceMessage
 * @typedef {{ prompt: string, answer: string }} ContextTurn
 * @typedef {{
 *   messagesFor: (prompt: string) => DeviceMessage[] | null, add: (turn: ContextTurn) => void,
 *   calibrate: (countedTokens: number) => void, dropAll: () => boolean, clear: () => void, droppedTurns: () => number,
 * }} ContextWindow
 */

export const CONTEXT_TOKENS = 2_048;
export const ANSWER_TOKENS = 400;
const PROMPT_BUDGET = CONTEXT_TOKENS - ANSWER_TOKENS - 48;
const MESSAGE_TOKENS = 8;
// On overflow more is dropped than necessary: an unchanged beginning stays in the engine's cache.
const PROMPT_BUDGET_AFTER_DROPPING = PROMPT_BUDGET * 0.6;
const MIN_CORRECTION = 0.5;
const MAX_CORRECTION = 1.5;

/** @param {string} text @param {number} perSyllable tokens of one character outside ASCII */
export function estimateTokens(text, perSyllable) {
  let tokens = 0;
  for (const letter of text) {
    if (letter > "\u007f") tokens += perSyllable;
    else tokens += /[A-Za-z ]/.test(letter) ? 0.3 : 1;
  }
  return Math.ceil(tokens);
}

/** @param {DeviceMessage[]} messages @param {number} perSyllable */
const estimateAll = (messages, perSyllable) =>
  messages.reduce((sum, { content }) => sum + MESSAGE_TOKENS + estimateTokens(content, perSyllable), 0);

/** @param {string} systemPrompt @param {ContextTurn[]} turns @param {string} prompt @returns {DeviceMessage[]} */
const messagesOf = (systemPrompt, turns, prompt) => [
  .../** @type {DeviceMessage[]} */ (systemPrompt ? [{ role: "system", content: systemPrompt }] : []),
  ...turns.flatMap(
    (turn) =>
      /** @type {DeviceMessage[]} */ ([
        { role: "user", content: turn.prompt },
        { role: "assistant", content: turn.answer },
      ]),
  ),
  { role: "user", content: prompt },
];

/** @param {string} systemPrompt @param {number} perSyllable @returns {ContextWindow} */
export function openContextWindow(systemPrompt, perSyllable) {
  /** @type {ContextTurn[]} */
  let turns = [];
  let dropped = 0;
  let correction = 1;
  let lastEstimate = 0;

  return {
    messagesFor(prompt) {
      const read = () => messagesOf(systemPrompt, turns.slice(dropped), prompt);
      const count = () => estimateAll(read(), perSyllable) * correction;
      if (count() > PROMPT_BUDGET)
        while (dropped < turns.length && count() > PROMPT_BUDGET_AFTER_DROPPING) dropped += 1;
      const messages = read();
      lastEstimate = estimateAll(messages, perSyllable);
      return lastEstimate * correction > PROMPT_BUDGET ? null : messages;
    },
    add({ prompt, answer }) {
      turns.push({ prompt, answer });
    },
    calibrate(countedTokens) {
      if (countedTokens <= 0 || lastEstimate <= 0) return;
      correction = Math.min(MAX_CORRECTION, Math.max(MIN_CORRECTION, countedTokens / lastEstimate));
    },
    dropAll() {
      const isNew = dropped < turns.length;
      dropped = turns.length;
      return isNew;
    },
    clear() {
      turns = [];
      dropped = 0;
    },
    droppedTurns: () => dropped,
  };
}
