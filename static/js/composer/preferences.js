import { find, setText } from "../lib/dom.js";
import { hueOf } from "../lib/hue.js";
import { translate } from "../lib/messages.js";
import {
  AUTO,
  applyPreset,
  chooseOwn,
  limitPanel,
  OWN,
  presetOf,
  readPreferences,
  restorePreferences,
  storedPreferences,
} from "./presets.js";
import { limitStrategies } from "./strategy_availability.js";

/**
 * @import { PreferenceFields, Preferences, StoredPreferences } from "./presets.js"
 * @import { ModelRoom } from "./prompt_room.js"
 */

// The key under which browsers have stored them since before this module had its name.
const STORAGE_KEY = "wishes";
const EDGE_PX = 8;

/**
 * The picker of presets, models and strategy, and the button that sums the choice up in words.
 *
 * @param {() => void} onChange
 * @returns {{ read: () => Preferences, offers: (model: string) => boolean, rooms: () => ModelRoom[] }} the current
 *     choice, whether a model can be asked today, and how much each of them can read
 */
export function openPreferences(onChange) {
  const host = find(document, ".preferences");
  const summary = find(document, ".preferences-summary");
  const fields = readFields(host);
  const panelLimit = Number(host.dataset.panelLimit);
  const show = () => {
    limitStrategies(fields);
    setText(summary, summaryOf(fields));
    find(host, ".panel-full").hidden = !limitPanel(fields.models, panelLimit);
  };

  host.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.name === "preset") applyPreset(fields);
    else chooseOwn(fields, target);
    show();
    store(storedPreferences(fields));
    onChange();
  });
  host.addEventListener("beforetoggle", () => placeAbove(host, summary));
  find(host, ".close").addEventListener("click", () => host.hidePopover());
  for (const swatch of /** @type {NodeListOf<HTMLElement>} */ (host.querySelectorAll("[data-model]")))
    swatch.dataset.hue = String(hueOf(swatch.dataset.model ?? ""));
  restorePreferences(fields, readStored());
  show();
  return {
    read: () => readPreferences(fields),
    offers: (model) => fields.models.some(({ value }) => value === model),
    rooms: () => fields.models.map(roomOf),
  };
}

/** @param {HTMLElement} host @returns {PreferenceFields} without the models that cannot be asked today */
function readFields(host) {
  /** @param {string} name */
  const inputs = (name) =>
    /** @type {HTMLInputElement[]} */ ([...host.querySelectorAll(`[name=${name}]:not([data-not-today])`)]);
  return { presets: inputs("preset"), strategies: inputs("strategy"), models: inputs("panel") };
}

/** @param {HTMLInputElement} input @returns {ModelRoom} */
const roomOf = ({ checked, value, dataset }) => ({
  name: dataset.name ?? value,
  promptTokens: Number(dataset.promptTokens),
  wholeTokens: Number(dataset.wholeTokens),
  isChosen: checked,
});

/** @param {StoredPreferences} preferences */
function store(preferences) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(preferences));
  } catch {
    // Without storage the preferences still hold for this page.
  }
}

/** @returns {StoredPreferences} */
function readStored() {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}") ?? {};
  } catch {
    // Stored preferences that cannot be read are ignored.
    return {};
  }
}

/** @param {PreferenceFields} fields */
function summaryOf(fields) {
  const { strategy, panel } = readPreferences(fields);
  const preset = presetOf(fields);
  const names = fields.models
    .filter((model) => model.checked)
    .map((model) => model.dataset.name ?? model.value);
  const auto = translate(strategy === "single" ? "who_one" : "who_auto");
  const chosen = names.length === 1 ? (names[0] ?? "") : translate("who_count", { n: names.length });
  const who = panel ? chosen : auto;
  if (preset === AUTO) return translate("preset_auto");
  if (preset !== OWN) return `${translate(`preset.${preset}`)} · ${who}`;
  return translate(panel?.length === 1 ? "strategy.single" : `strategy.${strategy || AUTO}`, { who });
}

/**
 * Place the picker above its button; the style sheet makes it a sheet at the bottom of a narrow window.
 *
 * @param {HTMLElement} popover
 * @param {HTMLElement} anchor
 */
function placeAbove(popover, anchor) {
  const { left, top } = anchor.getBoundingClientRect();
  popover.style.setProperty("--picker-left", `${Math.max(EDGE_PX, left - 2 * EDGE_PX)}px`);
  popover.style.setProperty("--picker-bottom", `${innerHeight - top + 12}px`);
}
