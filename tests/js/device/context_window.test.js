import assert from "node:assert/strict";
import { test } from "node:test";
import { estimateTokens, openContextWindow } from "../../../static/js/device/context_window.js";

const SYSTEM = "Answer briefly.";
const WORDS = "twelve words of plain English that stand for what somebody has asked. ";

/** @param {number} count */
function fillWith(count) {
  const contextWindow = openContextWindow(SYSTEM, 3);
  for (let number = 0; number < count; number += 1) {
    contextWindow.add({ prompt: `${number} ${WORDS.repeat(3)}`, answer: WORDS.repeat(3) });
  }
  return contextWindow;
}

test("a conversation that fits is sent whole, system prompt first and prompt last", () => {
  const messages = fillWith(2).messagesFor("And now?") ?? [];
  assert.deepEqual(
    messages.map(({ role }) => role),
    ["system", "user", "assistant", "user", "assistant", "user"],
  );
  assert.equal(messages.at(-1)?.content, "And now?");
});

test("the oldest turns are dropped when it no longer fits, and are counted", () => {
  const contextWindow = fillWith(40);
  const messages = contextWindow.messagesFor("And now?") ?? [];
  assert.equal(messages[0]?.role, "system");
  assert.equal(messages[1]?.content.split(" ", 1)[0], String(contextWindow.droppedTurns()));
  assert.ok(contextWindow.droppedTurns() > 0 && contextWindow.droppedTurns() < 40);
});

test("more is dropped than necessary, so that the next prompt has the same prefix", () => {
  const contextWindow = fillWith(40);
  contextWindow.messagesFor("And now?");
  const dropped = contextWindow.droppedTurns();
  contextWindow.add({ prompt: "And now?", answer: "Now this." });
  contextWindow.messagesFor("And then?");
  assert.equal(contextWindow.droppedTurns(), dropped);
});

test("a prompt that never fits is refused, not cut", () => {
  assert.equal(openContextWindow(SYSTEM, 3).messagesFor("가".repeat(2_000)), null);
  assert.notEqual(openContextWindow(SYSTEM, 0.5).messagesFor("가".repeat(2_000)), null);
});

test("the engine's count calibrates the estimate", () => {
  const contextWindow = openContextWindow(SYSTEM, 3);
  assert.notEqual(contextWindow.messagesFor("가".repeat(400)), null);
  contextWindow.calibrate(10_000);
  assert.equal(contextWindow.messagesFor("가".repeat(400)), null);
  contextWindow.messagesFor("short");
  contextWindow.calibrate(1);
  assert.notEqual(contextWindow.messagesFor("가".repeat(700)), null);
});

test("dropped or cleared turns are not sent again", () => {
  const contextWindow = fillWith(2);
  assert.equal(contextWindow.dropAll(), true);
  assert.equal(contextWindow.dropAll(), false);
  assert.equal(contextWindow.messagesFor("And now?")?.length, 2);
  contextWindow.clear();
  assert.equal(contextWindow.droppedTurns(), 0);
  assert.equal(contextWindow.messagesFor("And now?")?.length, 2);
});

test("digits and symbols count more than letters, Hangul as the model defines", () => {
  assert.ok(estimateTokens("1234567890", 3) > estimateTokens("abcdefghij", 3));
  assert.equal(estimateTokens("한글", 3), 6);
  assert.equal(estimateTokens("", 3), 0);
});
