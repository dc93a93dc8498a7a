import assert from "node:assert/strict";
import { test } from "node:test";
import { listReleased } from "../../../static/js/transcript/near_turns.js";

const turns = ["one", "two", "three", "four", "five"];
const isNear = (/** @type {string} */ turn) => turn === "two";

test("no turn is released while few are built", () => {
  assert.deepEqual(listReleased(turns, isNear, 5), []);
});

test("of too many turns, those that were near the longest time ago are released", () => {
  assert.deepEqual(listReleased(turns, isNear, 3), ["one", "three"]);
});

test("a turn near the window is never released", () => {
  assert.deepEqual(listReleased(turns, isNear, 0), ["one", "three", "four", "five"]);
});
