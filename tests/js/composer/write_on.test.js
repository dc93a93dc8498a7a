import assert from "node:assert/strict";
import { test } from "node:test";
import { buildWriteOn } from "../../../static/js/composer/write_on.js";

/** @param {Record<string, unknown>} fields */
const stateOf = (fields) =>
  /** @type {any} */ ({
    status: "stopped",
    answer: null,
    leader: "a",
    candidates: [
      { id: "a", model: "wise", text: "서울은 한국의", status: "stopped" },
      { id: "b", model: "quick", text: "Seoul is", status: "stopped" },
    ],
    ...fields,
  });

test("the model whose answer is shown writes on, in the language of its answer", () => {
  assert.deepEqual(
    buildWriteOn(stateOf({}), "", () => true),
    {
      prompt: "끊긴 데서 이어서 써 주세요.",
      strategy: "single",
      panel: ["wise"],
    },
  );
  const continued = buildWriteOn(stateOf({}), "b", () => true);
  assert.deepEqual(continued.panel, ["quick"]);
  assert.match(continued.prompt, /^Please continue/);
});

test("the model of a fused answer writes on; one that is no longer offered is replaced", () => {
  const fused = stateOf({ answer: { kind: "fused", model: "wise", candidate: "", text: "서울은" } });
  assert.deepEqual(buildWriteOn(fused, "", () => true).panel, ["wise"]);
  assert.equal(buildWriteOn(fused, "", () => false).panel, null);
});
