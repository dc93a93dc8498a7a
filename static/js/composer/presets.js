/**
 * @typedef {{ strategy: string, panel: string[] | null }} Preferences
 * @typedef {{ presets: HTMLInputElement[], strategies: HTMLInputElement[], models: HTMLInputElement[] }} PreferenceFields
 * @typedef {{ preset?: string, strategy?: string, panel?: string[] | null }} StoredPreferences
 */

export const AUTO = "auto";
export const OWN = "own";

/** @param {PreferenceFields} fields @returns {Preferences} what a prompt is asked with; an empty strategy is the site's choice */
export function readPreferences({ strategies, models }) {
  const panel = models.filter((model) => model.checked).map((model) => model.value);
  const strategy = strategies.find((each) => each.checked)?.value ?? "";
  return { strategy, panel: panel.length ? panel : null };
}

/** @param {PreferenceFields} fields @returns {string} the name of the chosen preset */
export const presetOf = ({ presets }) => presets.find((each) => each.checked)?.value ?? OWN;

/**
 * Check the strategy and the models that the chosen preset stands for; "own" leaves them as they are.
 *
 * @param {PreferenceFields} fields
 */
export function applyPreset(fields) {
  const chosen = fields.presets.find((each) => each.checked);
  if (!chosen || chosen.value === OWN) return;
  const { strategy = "", panel = "" } = chosen.dataset;
  check(fields, strategy, panel.split(" "));
}

/**
 * Take a changed strategy or model as the person's own choice.
 *
 * @param {PreferenceFields} fields
 * @param {EventTarget | null} target of the change
 */
export function chooseOwn(fields, target) {
  const wasOwn = presetOf(fields) === OWN;
  for (const preset of fields.presets) preset.checked = preset.value === OWN;
  if (readPreferences(fields).strategy !== "single") return;
  const isModel = fields.models.some((model) => model === target);
  const isOne = fields.models.filter((model) => model.checked).length < 2;
  // The preset chose to ask one model; a person who adds a second one wants both.
  if (isModel && !wasOwn && !isOne) check(fields, "", readPreferences(fields).panel ?? []);
  else keepOneModel(fields.models, target);
}

/**
 * Restore what was stored; a preset is resolved anew, so that it asks the models it stands for today.
 *
 * @param {PreferenceFields} fields
 * @param {StoredPreferences} stored
 */
export function restorePreferences(fields, { preset = "", strategy = "", panel = null }) {
  // Before presets, "council" without models stood for the automatic choice.
  const isAuto = strategy === "council" && !panel?.length;
  const isOwn = (strategy !== "" && !isAuto) || preset === OWN;
  const known = fields.presets.some((each) => each.value === preset) ? preset : AUTO;
  for (const each of fields.presets) each.checked = each.value === (isOwn ? OWN : known);
  if (isOwn) check(fields, strategy, panel ?? []);
  else applyPreset(fields);
}

/** @param {PreferenceFields} fields @returns {StoredPreferences} */
export function storedPreferences(fields) {
  const preset = presetOf(fields);
  return preset === OWN ? { preset, ...readPreferences(fields) } : { preset };
}

/**
 * Let no more models be chosen than one turn may ask.
 *
 * @param {HTMLInputElement[]} models those that can be chosen today
 * @param {number} limit
 * @returns {boolean} whether the limit is reached
 */
export function limitPanel(models, limit) {
  const isFull = models.filter((model) => model.checked).length >= limit;
  for (const model of models) model.disabled = isFull && !model.checked;
  return isFull;
}

/** @param {PreferenceFields} fields @param {string} strategy @param {string[]} panel */
function check({ strategies, models }, strategy, panel) {
  for (const each of strategies) each.checked = each.value === strategy;
  for (const model of models) model.checked = panel.includes(model.value);
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
