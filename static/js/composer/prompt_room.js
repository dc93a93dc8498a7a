/**
 * Which models can read a prompt, by the rule and the numbers of the server (aggregator/pipeline/chat_messages.py).
 *
 * @typedef {{ name: string, promptTokens: number, wholeTokens: number, isChosen: boolean }} ModelRoom
 * @typedef {{
 *   key: "" | "nobody" | "chosen" | "some" | "one" | "history", name: string, n: number, all: number,
 *   limit: number, isOver: boolean,
 * }} RoomReport `limit` is how many characters of such a text can be read
 */

const BYTES_PER_TOKEN = 3;
const TEMPLATE_TOKENS = 8;
const encoder = new TextEncoder();

/** @param {string} text */
const bytesOf = (text) => encoder.encode(text).length;

/** @param {string} text @returns {number} a high estimate, the same as `overestimate_tokens` of the server */
export const countTokens = (text) => Math.floor(bytesOf(text) / BYTES_PER_TOKEN) + TEMPLATE_TOKENS;

/** @param {{ prompt: string, answer: string }[]} exchanges @returns {number} */
export const countHistory = (exchanges) =>
  exchanges.reduce((sum, { prompt, answer }) => sum + countTokens(prompt) + countTokens(answer), 0);

/**
 * Tell who can read a prompt that follows a history.
 *
 * @param {string} prompt
 * @param {number} historyTokens
 * @param {ModelRoom[]} models those that can be asked today; without a chosen one the site chooses among them
 * @returns {RoomReport}
 */
export function reportRoom(prompt, historyTokens, models) {
  const chosen = models.filter((model) => model.isChosen);
  const considered = chosen.length ? chosen : models;
  const tokens = countTokens(prompt);
  const readers = considered.filter((model) => tokens <= model.promptTokens);
  const longest = Math.max(0, ...considered.map((model) => model.promptTokens));
  const report = {
    name: "",
    n: 0,
    all: considered.length,
    limit: readableLength(prompt, longest),
    isOver: false,
  };
  if (!considered.length || !prompt) return { ...report, key: "" };
  if (!readers.length) return { ...report, ...blame(prompt, tokens, chosen, models), isOver: true };
  if (chosen.length && readers.length < chosen.length) return { ...report, key: "some", n: readers.length };
  if (readers.length === 1 && models.length > 1 && !chosen.length)
    return { ...report, key: "one", name: readers[0]?.name ?? "" };
  const isCut = historyTokens > 0 && readers.every((model) => tokens + historyTokens > model.wholeTokens);
  return { ...report, key: isCut ? "history" : "" };
}

/**
 * Blame the chosen models if another one could read the prompt, else the prompt.
 *
 * @param {string} prompt
 * @param {number} tokens
 * @param {ModelRoom[]} chosen
 * @param {ModelRoom[]} models
 * @returns {{ key: "nobody" | "chosen", n: number, name: string }}
 */
function blame(prompt, tokens, chosen, models) {
  const considered = chosen.length ? chosen : models;
  const longest = Math.max(...considered.map((model) => model.promptTokens));
  const n = Math.max(1, [...prompt].length - readableLength(prompt, longest));
  const other = models.find((model) => tokens <= model.promptTokens);
  return other && chosen.length ? { key: "chosen", n, name: other.name } : { key: "nobody", n, name: "" };
}

/** @param {string} prompt @param {number} tokens @returns {number} how many of its characters fit */
function readableLength(prompt, tokens) {
  const bytes = Math.max(0, (tokens - TEMPLATE_TOKENS + 1) * BYTES_PER_TOKEN - 1);
  const total = bytesOf(prompt);
  return total ? Math.floor(([...prompt].length * bytes) / total) : Math.floor(bytes / BYTES_PER_TOKEN);
}
