import assert from "node:assert/strict";
import { test } from "node:test";
import { countHistory, countTokens, reportRoom } from "../../../static/js/composer/prompt_room.js";

/** @param {string} name @param {number} promptTokens @param {boolean} [isChosen] */
const room = (name, promptTokens, isChosen = false) => ({
  name,
  promptTokens,
  wholeTokens: promptTokens - 100,
  isChosen,
});
const [small, large] = [room("small", 500), room("large", 5_000)];

test("tokens are counted as on the server: a third of the bytes and the template", () => {
  assert.equal(countTokens(""), 8);
  assert.equal(countTokens("abcdef"), 10);
  assert.equal(countTokens("한국어"), 11);
  assert.equal(countHistory([{ prompt: "한국어", answer: "" }]), 19);
});

test("a prompt that nobody can read is over, and says how much too long it is", () => {
  const report = reportRoom("가".repeat(6_000), 0, [small, large]);
  assert.deepEqual([report.key, report.isOver, report.limit], ["nobody", true, 4_992]);
  assert.equal(report.n, 6_000 - 4_992);
  assert.equal(reportRoom("가".repeat(4_992), 0, [small, large]).isOver, false);
  assert.equal(reportRoom("가".repeat(4_993), 0, [small, large]).isOver, true);
});

test("chosen models are to blame when another one could read it", () => {
  const chosen = room("small", 500, true);
  const report = reportRoom("가".repeat(1_000), 0, [chosen, large]);
  assert.deepEqual([report.key, report.name, report.isOver], ["chosen", "large", true]);
  const both = reportRoom("가".repeat(1_000), 0, [chosen, room("large", 5_000, true)]);
  assert.deepEqual([both.key, both.n, both.all, both.isOver], ["some", 1, 2, false]);
});

test("a prompt that one model can read goes to that one", () => {
  const report = reportRoom("가".repeat(1_000), 0, [small, large]);
  assert.deepEqual([report.key, report.name, report.isOver], ["one", "large", false]);
  assert.equal(reportRoom("안녕?", 0, [small, large]).key, "");
});

test("a history that no reader can hold whole is announced", () => {
  assert.equal(reportRoom("안녕?", 4_900, [small, large]).key, "history");
  assert.equal(reportRoom("안녕?", 4_000, [small, large]).key, "");
  assert.equal(reportRoom("", 4_900, [small, large]).key, "");
});
