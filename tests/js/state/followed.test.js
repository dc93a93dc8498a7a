import assert from "node:assert/strict";
import { test } from "node:test";
import { readFollowed } from "../../../static/js/state/followed.js";

const state = /** @type {any} */ ({
  prompt: "도쿄 항공권은?",
  status: "done",
  answer: { candidate: "a" },
  candidates: [
    { id: "a", name: "슬기", text: "서울" },
    { id: "b", name: "날쌘", text: "부산" },
  ],
});
const turns = [
  { turn: "one", versions: ["one", "other"] },
  { turn: "two", versions: ["two"] },
];
const read = () => state;

test("nothing is said when the next prompt follows the answer at the end", () => {
  const context = { read, continuedOf: () => "", isStepped: false };
  assert.equal(readFollowed(turns, "two", context), null);
  assert.equal(readFollowed(turns, "two", { ...context, continuedOf: () => "a" }), null);
  assert.equal(readFollowed([], "", { ...context, read: () => undefined }), null);
});

test("an earlier turn, a chosen candidate and an older version are said", () => {
  const context = { read, continuedOf: () => "b", isStepped: true };
  assert.deepEqual(readFollowed(turns, "one", context), {
    kind: "turn",
    turn: "one",
    name: "도쿄 항공권은?",
  });
  assert.deepEqual(readFollowed(turns, "two", context), { kind: "candidate", turn: "two", name: "날쌘" });
  assert.deepEqual(readFollowed(turns, "two", { ...context, continuedOf: () => "" }), {
    kind: "version",
    turn: "other",
    name: "",
  });
});
