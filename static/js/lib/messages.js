/** @type {Map<string, string> | undefined} */
let messages;

function readMessages() {
  const template = document.getElementById("messages");
  const entries =
    template instanceof HTMLTemplateElement ? template.content.querySelectorAll("[data-message]") : [];
  return new Map(
    [...entries].map((entry) => [entry.getAttribute("data-message") ?? "", (entry.textContent ?? "").trim()]),
  );
}

/**
 * Return a text of the page in the reader's language with its {placeholders} filled.
 *
 * @param {string} key of templates/aggregator/messages/
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function translate(key, values = {}) {
  messages ??= readMessages();
  return (messages.get(key) ?? "").replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * Return the text for a code of a list, or that of the fallback code.
 *
 * @param {string} list
 * @param {string} code
 * @param {string} [fallback]
 * @returns {string}
 */
export const translateCode = (list, code, fallback = "") =>
  translate(`${list}.${code}`) || translate(`${list}.${fallback}`);

/** @param {number} value @param {number} digits */
const number = (value, digits) =>
  value.toLocaleString(document.documentElement.lang || "ko", { maximumFractionDigits: digits });

/** @param {number} milliseconds */
export const seconds = (milliseconds) =>
  translate("seconds", {
    n: number(milliseconds / 1000, milliseconds < 95 ? 2 : milliseconds < 9950 ? 1 : 0),
  });

/** @param {number} micros millionths of a won */
export function won(micros) {
  const amount = micros / 1_000_000;
  if (amount > 0 && amount < 0.01) return translate("won_tiny");
  return translate("won", { n: number(amount, amount < 1 ? 2 : amount < 10 ? 1 : 0) });
}

/** @param {number} rate tokens per second */
export const speed = (rate) => translate("speed", { n: number(rate, rate < 10 ? 1 : 0) });

/** @param {number} rate characters per second */
export const characterSpeed = (rate) => translate("speed_chars", { n: number(rate, rate < 10 ? 1 : 0) });

/** @param {number} bytes @returns {string} the number of megabytes, without the unit */
export const megabytes = (bytes) => number(bytes / 1_000_000, bytes < 9_500_000 ? 1 : 0);
