import assert from "node:assert/strict";
import { test } from "node:test";
import { findPassageIndex, withoutMarks } from "../../../static/js/markdown/passages.js";

const texts = [
  "서울 이야기",
  "서울의 인구는 약 940만 명입니다. 그리고 산이 많습니다.",
  "서울의 인구는 약 940만 명입니다.",
];

test("a passage is found in the shortest text that contains it, ignoring punctuation", () => {
  assert.equal(findPassageIndex(texts, "**서울의 인구는** 약 940만 명입니다"), 2);
});

test("a passage that no text contains or that is too short is not found", () => {
  assert.equal(findPassageIndex(texts, "부산의 인구는 약 330만 명입니다."), -1);
  assert.equal(findPassageIndex(texts, "서울"), -1);
});

test("a quoted sentence is shown without marks, and keeps signs of calculations", () => {
  assert.equal(withoutMarks("**서울**은 `수도`예요. *정말*"), "서울은 수도예요. 정말");
  assert.equal(withoutMarks("2 * 3 = 6, a_b"), "2 * 3 = 6, a_b");
});
