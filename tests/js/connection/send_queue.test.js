import assert from "node:assert/strict";
import { test } from "node:test";
import { openSendQueue } from "../../../static/js/connection/send_queue.js";

/** @param {string | null} conversation @param {string} prompt */
const asking = (conversation, prompt) => ({ type: "open_turn", conversation, prompt });

function openQueue() {
  /** @type {Record<string, unknown>[]} */
  const sent = [];
  const queue = openSendQueue(() => ({ send: (command) => sent.push({ ...command }) > 0 }));
  const sentPrompts = () => sent.map(({ prompt, conversation }) => [prompt, conversation]);
  return { queue, sentPrompts };
}

test("what is asked before the conversation is there goes into it", () => {
  const { queue, sentPrompts } = openQueue();
  const first = queue.post(asking(null, "one"));
  queue.post(asking(null, "two"));
  queue.post(asking(null, "three"));
  assert.deepEqual(sentPrompts(), [["one", null]]);
  queue.settle(first, "made");
  assert.deepEqual(sentPrompts().slice(1), [
    ["two", "made"],
    ["three", "made"],
  ]);
});

test("when the first is refused the next makes the conversation, alone", () => {
  const { queue, sentPrompts } = openQueue();
  const first = queue.post(asking(null, "one"));
  const second = queue.post(asking(null, "two"));
  queue.post(asking(null, "three"));
  queue.settle(first);
  assert.deepEqual(sentPrompts().slice(1), [["two", null]]);
  queue.settle(second, "made");
  assert.deepEqual(sentPrompts().slice(2), [["three", "made"]]);
});

test("a line that comes back sends what waits again, and still holds back what is held", () => {
  const { queue, sentPrompts } = openQueue();
  queue.post(asking(null, "one"));
  queue.post(asking(null, "two"));
  queue.post({ type: "edit", turn: "turn-1", prompt: "else" });
  queue.resend();
  assert.deepEqual(
    sentPrompts().map(([prompt]) => prompt),
    ["one", "else", "one", "else"],
  );
});

test("in a conversation nothing is held back, and what is answered is forgotten", () => {
  const { queue, sentPrompts } = openQueue();
  const first = queue.post(asking("here", "one"));
  queue.post(asking("here", "two"));
  assert.equal(queue.settle(first, "here")?.prompt, "one");
  assert.equal(queue.settle(first, "here"), undefined);
  queue.resend();
  assert.deepEqual(
    sentPrompts().map(([prompt]) => prompt),
    ["one", "two", "two"],
  );
});
