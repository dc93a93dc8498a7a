import assert from "node:assert/strict";
import { test } from "node:test";
import { hueOf } from "../../../static/js/lib/hue.js";
import { relative } from "../../../static/js/lib/relative_time.js";

const now = new Date("2026-11-24T12:00:00Z");
const ago = (/** @type {number} */ seconds) => relative(new Date(now.getTime() - seconds * 1000), now, "ko");

test("recent times are relative to now, older ones are dates in Korean time", () => {
  assert.equal(ago(5), "지금");
  assert.equal(ago(180), "3분 전");
  assert.equal(ago(7_200), "2시간 전");
  assert.equal(ago(86_400), "어제");
  assert.equal(relative(new Date("2026-10-31T16:00:00Z"), now, "ko"), "11월 1일");
});

test("a model keeps its hue", () => {
  assert.equal(hueOf("qwen2.5-1.5b"), hueOf("qwen2.5-1.5b"));
  assert.notEqual(hueOf("qwen2.5-1.5b"), hueOf("qwen2.5-0.5b"));
});
