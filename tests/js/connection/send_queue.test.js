import assert from "node:assert/strict";
import { test } from "node:test";
import { openSendQueue } from "../../../static/js/connection/send_queue.js";

/** @param {string | null} conversation @param {string} prompt */
const openTurn = (conversation, prompt) => ({ type: "open_turn", conversation, prompt });

function openQueue() {
  /** @type {Record<string, unknown>[]} */
  const sent = [];
  const queue = openSendQueue(() => ({ send: (command) => sent.push({ ...command }) > 0 }));
  const sentPrompts = () => sent.map(({ prompt, conversation }) => [prompt, conversation]);
  return { queue, sentPrompts };
}

test("prompts asked before the conversation exists are sent into it", () => {
  const { queue, sentPrompts } = openQueue();
  const first = queue.post(openTurn(null, "one"));
  queue.post(openTurn(null, "two"));
  queue.post(openTurn(null, "three"));
  assert.deepEqual(sentPrompts(), [["one", null]]);
  queue.settle(first, "made");
  assert.deepEqual(sentPrompts().slice(1), [
    ["two", "made"],
    ["three", "made"],
  ]);
});

test("when the first prompt is refused, only the next one creates the conversation", () => {
  const { queue, sentPrompts } = openQueue();
  const first = queue.post(openTurn(null, "one"));
  const second = queue.post(openTurn(null, "two"));
  queue.post(openTurn(null, "three"));
  queue.settle(first);
  assert.deepEqual(sentPrompts().slice(1), [["two", null]]);
  queue.settle(second, "made");
  assert.deepEqual(sentPrompts().slice(2), [["three", "made"]]);
});

test("after a reconnect unanswered commands are sent again, held ones are not", () => {
  const { queue, sentPrompts } = openQueue();
  queue.post(openTurn(null, "one"));
  queue.post(openTurn(null, "two"));
  queue.post({ type: "edit", turn: "turn-1", prompt: "else" });
  queue.resend();
  assert.deepEqual(
    sentPrompts().map(([prompt]) => prompt),
    ["one", "else", "one", "else"],
  );
});

test("in an existing conversation nothing is held, and answered commands are removed", () => {
  const { queue, sentPrompts } = openQueue();
  const first = queue.post(openTurn("here", "one"));
  queue.post(openTurn("here", "two"));
  assert.equal(queue.settle(first, "here")?.prompt, "one");
  assert.equal(queue.settle(first, "here"), undefined);
  queue.resend();
  assert.deepEqual(
    sentPrompts().map(([prompt]) => prompt),
    ["one", "two", "two"],
  );
});
