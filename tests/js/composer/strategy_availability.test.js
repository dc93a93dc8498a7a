import assert from "node:assert/strict";
import { test } from "node:test";
import { whyUnavailable } from "../../../static/js/composer/strategy_availability.js";

/** @param {boolean} checked @param {boolean} [fuses] */
const model = (checked, fuses = false) =>
  /** @type {any} */ ({ checked, dataset: fuses ? { fuses: "" } : {} });

test("a strategy of several models needs several that can be asked", () => {
  for (const strategy of ["council", "vote", "best"]) {
    assert.equal(whyUnavailable(strategy, [model(false, true)]), "only_one_model");
    assert.equal(whyUnavailable(strategy, [model(true, true), model(false)]), "choose_two");
    assert.equal(whyUnavailable(strategy, [model(true, true), model(true)]), "");
  }
  assert.equal(whyUnavailable("single", [model(false)]), "");
  assert.equal(whyUnavailable("", [model(true), model(false)]), "");
});

test("answers are merged only where a model that is asked can do it", () => {
  assert.equal(whyUnavailable("council", [model(false), model(false)]), "nobody_can_fuse");
  assert.equal(whyUnavailable("council", [model(false), model(false, true)]), "");
  const chosen = [model(true), model(true), model(false, true)];
  assert.equal(whyUnavailable("council", chosen), "chosen_cannot_fuse");
  assert.equal(whyUnavailable("vote", chosen), "");
});
