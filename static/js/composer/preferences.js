import { find, setText } from "../lib/dom.js";
import { hueOf } from "../lib/hue.js";
import { word } from "../lib/words.js";

/** @typedef {{ strategy: string, panel: string[] | null }} Preferences */

const STORE = "wishes";

/**
 * The quiet control for who is asked and how one answer is made: a button that says in words what will happen.
 *
 * @returns {() => Preferences}
 */
export function openPreferences() {
  const host = find(document, ".wishes");
  const words = find(document, ".preferences-summary");
  const strategies = /** @type {HTMLInputElement[]} */ ([...host.querySelectorAll("[name=strategy]")]);
  const models = /** @type {HTMLInputElement[]} */ ([...host.querySelectorAll("[name=panel]")]);

  const read = () => {
    const panel = models.filter((model) => model.checked).map((model) => model.value);
    const strategy = strategies.find((each) => each.checked)?.value ?? "council";
    return { strategy, panel: panel.length ? panel : null };
  };

  /** @param {Preferences} wishes */
  const say = ({ strategy, panel }) => {
    const names = models.filter((model) => model.checked).map((model) => model.dataset.name ?? model.value);
    const auto = strategy === "single" ? "who_one" : "who_auto";
    const who = !panel
      ? word(auto)
      : names.length === 1
        ? (names[0] ?? "")
        : word("who_count", { n: names.length });
    setText(words, word(panel?.length === 1 ? "wish.single" : `wish.${strategy}`, { who }));
  };

  const restore = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(STORE) ?? "{}");
      for (const each of strategies) if (each.value === kept.strategy) each.checked = true;
      for (const model of models) model.checked = Boolean(kept.panel?.includes(model.value));
    } catch {
      // Preferences that cannot be read are wishes nobody made.
    }
  };

  host.addEventListener("change", (event) => {
    const isOnlyOne = read().strategy === "single";
    // One model can be asked alone: choosing another moves the choice.
    if (isOnlyOne) {
      const chosen = models.includes(/** @type {HTMLInputElement} */ (event.target))
        ? event.target
        : models.find((model) => model.checked);
      for (const model of models) model.checked &&= model === chosen;
    }
    say(read());
    try {
      localStorage.setItem(STORE, JSON.stringify(read()));
    } catch {
      // The wishes still hold for this page.
    }
  });
  for (const swatch of host.querySelectorAll("[data-model]")) {
    swatch.setAttribute("data-hue", String(hueOf(swatch.getAttribute("data-model") ?? "")));
  }
  host.addEventListener("beforetoggle", () => {
    const { left, top } = words.getBoundingClientRect();
    host.style.left = `${Math.max(8, Math.min(left - 16, innerWidth - Math.min(376, innerWidth - 24)))}px`;
    host.style.bottom = `${innerHeight - top + 12}px`;
  });
  restore();
  say(read());
  return read;
}
