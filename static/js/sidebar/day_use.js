import { element, find, setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";

/** From this share of the day's questions on, what is left is shown above the composer. */
const LAST_PART = 0.1;

/** @typedef {{ count: () => void, refresh: () => Promise<void> }} DayUse */

/**
 * Show how many questions of today are used and left: in the account menu and, near the end, above the composer.
 *
 * @returns {DayUse}
 */
export function openDayUse() {
  const { dataset } = find(document, "#account-menu");
  const use = { used: Number(dataset.used), limit: Number(dataset.limit) };
  const showLine = openLine();

  const show = () => {
    const left = Math.max(0, use.limit - use.used);
    /** @param {string} key */
    const text = (key) => translate(left ? key : "left_none", { n: grouped(left) });
    const meter = /** @type {HTMLMeterElement} */ (find(document, "#account-menu meter"));
    meter.max = use.limit;
    meter.value = use.used;
    setText(
      find(document, ".day-use-text"),
      translate("used_today", { used: grouped(use.used), limit: grouped(use.limit) }),
    );
    setText(find(document, "[data-day-left]"), text("left_few"));
    showLine(left <= use.limit * LAST_PART ? text("left_today") : "", !left);
  };

  show();
  return {
    // A question has been accepted; other devices count too, so the opened account menu asks the server.
    count() {
      use.used += 1;
      show();
    },
    async refresh() {
      const response = await fetch("/use/").catch(() => undefined);
      if (!response?.ok) return;
      Object.assign(use, await response.json());
      show();
    },
  };
}

/** @param {number} count @returns {string} with separators between thousands */
const grouped = (count) => count.toLocaleString(document.documentElement.lang);

/** @returns {(text: string, isUsedUp: boolean) => void} shows the line above the composer, or hides it without a text */
function openLine() {
  const words = element("span");
  const line = element("p", { class: "day-left", role: "status", hidden: true }, words);
  const signUp = document.querySelector("#account-menu a[data-returns]");
  if (signUp instanceof HTMLAnchorElement) {
    const link = element("a", { href: signUp.href, "data-returns": true }, signUp.textContent ?? "");
    line.append(link);
  }
  find(document, ".dock .composer").before(line);
  return (text, isUsedUp) => {
    line.hidden = !text;
    line.classList.toggle("used-up", isUsedUp);
    setText(words, text);
  };
}
