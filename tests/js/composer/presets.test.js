import assert from "node:assert/strict";
import { test } from "node:test";
import {
  applyPreset,
  chooseOwn,
  limitPanel,
  presetOf,
  readPreferences,
  restorePreferences,
  storedPreferences,
} from "../../../static/js/composer/presets.js";

/** @param {string} value @param {Record<string, string>} [dataset] */
const input = (value, dataset = {}) =>
  /** @type {any} */ ({ value, dataset, checked: false, disabled: false });

function makeFields() {
  const fields = {
    presets: [
      input("auto", { strategy: "", panel: "" }),
      input("fast", { strategy: "single", panel: "quick" }),
      input("careful", { strategy: "", panel: "wise quick" }),
      input("own"),
    ],
    strategies: ["", "council", "vote", "best", "single"].map((value) => input(value)),
    models: ["wise", "quick", "slow"].map((value) => input(value)),
  };
  restorePreferences(fields, {});
  return fields;
}

/** @param {ReturnType<typeof makeFields>} fields @param {string} name */
function choose(fields, name) {
  for (const preset of fields.presets) preset.checked = preset.value === name;
  applyPreset(fields);
}

/** @param {any[]} inputs @param {string} value */
function press(inputs, value) {
  const pressed = inputs.find((each) => each.value === value);
  pressed.checked = true;
  return pressed;
}

test("without a stored choice models are chosen automatically", () => {
  const fields = makeFields();
  assert.equal(presetOf(fields), "auto");
  assert.deepEqual(readPreferences(fields), { strategy: "", panel: null });
});

test("a preset is stored by its name and resolved anew", () => {
  const fields = makeFields();
  choose(fields, "fast");
  assert.deepEqual(readPreferences(fields), { strategy: "single", panel: ["quick"] });
  assert.deepEqual(storedPreferences(fields), { preset: "fast" });
  const tomorrow = makeFields();
  tomorrow.presets[1].dataset.panel = "slow";
  restorePreferences(tomorrow, { preset: "fast" });
  assert.deepEqual(readPreferences(tomorrow), { strategy: "single", panel: ["slow"] });
});

test("a preset that is no longer offered becomes the automatic choice", () => {
  const fields = makeFields();
  restorePreferences(fields, { preset: "code" });
  assert.equal(presetOf(fields), "auto");
});

test("a second model added to the fast preset is asked too", () => {
  const fields = makeFields();
  choose(fields, "fast");
  chooseOwn(fields, press(fields.models, "slow"));
  assert.equal(presetOf(fields), "own");
  assert.deepEqual(readPreferences(fields), { strategy: "", panel: ["quick", "slow"] });
});

test("one model alone stays one model", () => {
  const fields = makeFields();
  choose(fields, "own");
  for (const each of fields.strategies) each.checked = each.value === "single";
  chooseOwn(fields, press(fields.models, "wise"));
  chooseOwn(fields, press(fields.models, "slow"));
  assert.deepEqual(readPreferences(fields), { strategy: "single", panel: ["slow"] });
});

test("a choice stored before presets existed is kept", () => {
  const fields = makeFields();
  restorePreferences(fields, { strategy: "vote", panel: ["wise", "gone"] });
  assert.deepEqual(storedPreferences(fields), { preset: "own", strategy: "vote", panel: ["wise"] });
  restorePreferences(fields, { strategy: "council", panel: null });
  assert.equal(presetOf(fields), "auto");
});

test("a strategy that was chosen without models is kept", () => {
  const fields = makeFields();
  restorePreferences(fields, { preset: "own", strategy: "council", panel: null });
  assert.equal(presetOf(fields), "own");
  assert.deepEqual(readPreferences(fields), { strategy: "council", panel: null });
});

test("no more models can be chosen than a turn may ask", () => {
  const { models } = makeFields();
  models[0].checked = models[1].checked = true;
  assert.equal(limitPanel(models, 2), true);
  assert.deepEqual(
    models.map((each) => each.disabled),
    [false, false, true],
  );
  models[0].checked = false;
  assert.equal(limitPanel(models, 2), false);
  assert.equal(models[2].disabled, false);
});
