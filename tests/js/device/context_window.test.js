import assert from "node:assert/strict";
import { test } from "node:test";
import { estimateTokens, openContextWindow } from "../../../static/js/device/context_window.js";

const SYSTEM = "Answer briefly.";
const WORDS = "twelve words of plain English that stand for what somebody has asked. ";

/** @param {number} count */
function filled(count) {
  const memory = openContextWindow(SYSTEM, 3);
  for (let number = 0; number < count; number += 1) {
    memory.remember({ prompt: `${number} ${WORDS.repeat(3)}`, answer: WORDS.repeat(3) });
  }
  return memory;
}

test("a conversation that fits is read whole, the system prompt first and the prompt last", () => {
  const messages = filled(2).read("And now?") ?? [];
  assert.deepEqual(
    messages.map(({ role }) => role),
    ["system", "user", "assistant", "user", "assistant", "user"],
  );
  assert.equal(messages.at(-1)?.content, "And now?");
});

test("the oldest turns are dropped when it no longer fits, and how many is told", () => {
  const memory = filled(40);
  const messages = memory.read("And now?") ?? [];
  assert.equal(messages[0]?.role, "system");
  assert.equal(messages[1]?.content.split(" ", 1)[0], String(memory.forgotten()));
  assert.ok(memory.forgotten() > 0 && memory.forgotten() < 40);
});

test("more is dropped than must be, so that the next prompt finds the same front", () => {
  const memory = filled(40);
  memory.read("And now?");
  const dropped = memory.forgotten();
  memory.remember({ prompt: "And now?", answer: "Now this." });
  memory.read("And then?");
  assert.equal(memory.forgotten(), dropped);
});

test("a prompt that fits nowhere is refused and not cut", () => {
  assert.equal(openContextWindow(SYSTEM, 3).read("가".repeat(2_000)), null);
  assert.notEqual(openContextWindow(SYSTEM, 0.5).read("가".repeat(2_000)), null);
});

test("what the engine counted corrects the estimate", () => {
  const memory = openContextWindow(SYSTEM, 3);
  assert.notEqual(memory.read("가".repeat(400)), null);
  memory.learn(10_000);
  assert.equal(memory.read("가".repeat(400)), null);
  memory.read("short");
  memory.learn(1);
  assert.notEqual(memory.read("가".repeat(700)), null);
});

test("what is forgotten on purpose, or cleared, is not read again", () => {
  const memory = filled(2);
  assert.equal(memory.forget(), true);
  assert.equal(memory.forget(), false);
  assert.equal(memory.read("And now?")?.length, 2);
  memory.clear();
  assert.equal(memory.forgotten(), 0);
  assert.equal(memory.read("And now?")?.length, 2);
});

test("digits and signs weigh more than letters, Hangul as the model says", () => {
  assert.ok(estimateTokens("1234567890", 3) > estimateTokens("abcdefghij", 3));
  assert.equal(estimateTokens("한글", 3), 6);
  assert.equal(estimateTokens("", 3), 0);
});
