import { find, setText } from "../lib/dom.js";
import { hueOf } from "../lib/hue.js";
import { translate } from "../lib/messages.js";

/**
 * @typedef {{ strategy: string, panel: string[] | null }} Preferences
 * @typedef {{ strategies: HTMLInputElement[], models: HTMLInputElement[] }} PreferenceFields
 */

// The key under which browsers have stored them since before this module had its name.
const STORAGE_KEY = "wishes";
const EDGE_PX = 8;
const POPOVER_PX = 376;

/**
 * The popover that chooses strategy and models, and the button that sums the choice up in words.
 *
 * @returns {() => Preferences} reads the current choice
 */
export function openPreferences() {
  const host = find(document, ".preferences");
  const summary = find(document, ".preferences-summary");
  /** @param {string} name */
  const inputs = (name) => /** @type {HTMLInputElement[]} */ ([...host.querySelectorAll(`[name=${name}]`)]);
  const fields = { strategies: inputs("strategy"), models: inputs("panel") };
  const read = () => readPreferences(fields);
  const showSummary = () => setText(summary, summaryOf(read(), fields));

  host.addEventListener("change", ({ target }) => {
    if (read().strategy === "single") keepOneModel(fields.models, target);
    showSummary();
    storePreferences(read());
  });
  host.addEventListener("beforetoggle", () => placeAbove(host, summary));
  for (const swatch of /** @type {NodeListOf<HTMLElement>} */ (host.querySelectorAll("[data-model]")))
    swatch.dataset.hue = String(hueOf(swatch.dataset.model ?? ""));
  restorePreferences(fields);
  showSummary();
  return read;
}

/** @param {PreferenceFields} fields @returns {Preferences} */
function readPreferences({ strategies, models }) {
  const panel = models.filter((model) => model.checked).map((model) => model.value);
  const strategy = strategies.find((each) => each.checked)?.value ?? "council";
  return { strategy, panel: panel.length ? panel : null };
}

/** @param {Preferences} preferences */
function storePreferences(preferences) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(preferences));
  } catch {
    // Without storage the preferences still hold for this page.
  }
}

/** @param {PreferenceFields} fields */
function restorePreferences({ strategies, models }) {
  try {
    const stored = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}");
    for (const each of strategies) if (each.value === stored.strategy) each.checked = true;
    for (const model of models) model.checked = Boolean(stored.panel?.includes(model.value));
  } catch {
    // Stored preferences that cannot be read are ignored.
  }
}

/**
 * Leave one model checked: the one that was just chosen, else the first.
 *
 * @param {HTMLInputElement[]} models
 * @param {EventTarget | null} target of the change
 */
function keepOneModel(models, target) {
  const chosen = models.find((model) => model === target) ?? models.find((model) => model.checked);
  for (const model of models) model.checked &&= model === chosen;
}

/** @param {Preferences} preferences @param {PreferenceFields} fields */
function summaryOf({ strategy, panel }, { models }) {
  const names = models.filter((model) => model.checked).map((model) => model.dataset.name ?? model.value);
  const auto = translate(strategy === "single" ? "who_one" : "who_auto");
  const chosen = names.length === 1 ? (names[0] ?? "") : translate("who_count", { n: names.length });
  const who = panel ? chosen : auto;
  return translate(panel?.length === 1 ? "strategy.single" : `strategy.${strategy}`, { who });
}

/** @param {HTMLElement} popover @param {HTMLElement} anchor */
function placeAbove(popover, anchor) {
  const { left, top } = anchor.getBoundingClientRect();
  const farthest = innerWidth - Math.min(POPOVER_PX, innerWidth - 3 * EDGE_PX);
  popover.style.left = `${Math.max(EDGE_PX, Math.min(left - 2 * EDGE_PX, farthest))}px`;
  popover.style.bottom = `${innerHeight - top + 12}px`;
}
