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
  return { queue, sent, sentPrompts };
}

test("prompts asked before the conversation exists are sent into it", () => {
  const { queue, sentPrompts } = openQueue();
  const first = queue.post(openTurn(null, "one"));
  queue.post(openTurn(null, "two"));
  queue.post(openTurn(null, "three"));
  assert.deepEqual(sentPrompts(), [["one", null]]);
  queue.settle(first, { conversation: "made", turn: "turn-1" });
  assert.deepEqual(sentPrompts().slice(1), [["two", "made"]]);
});

test("when the first prompt is refused, only the next one creates the conversation", () => {
  const { queue, sentPrompts } = openQueue();
  const first = queue.post(openTurn(null, "one"));
  const second = queue.post(openTurn(null, "two"));
  queue.post(openTurn(null, "three"));
  queue.settle(first);
  assert.deepEqual(sentPrompts().slice(1), [["two", null]]);
  queue.settle(second, { conversation: "made", turn: "turn-2" });
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

test("a prompt follows the turn of the one asked before it", () => {
  const { queue, sent } = openQueue();
  const first = queue.post({ ...openTurn("here", "one"), parent: "old" });
  queue.post({ ...openTurn("here", "two"), parent: "old" });
  assert.equal(queue.settle(first, { conversation: "here", turn: "new" })?.prompt, "one");
  assert.equal(queue.settle(first), undefined);
  assert.deepEqual(
    sent.map(({ prompt, parent }) => [prompt, parent]),
    [
      ["one", "old"],
      ["two", "new"],
    ],
  );
});

test("a prompt that waited for a refused one follows what was on screen", () => {
  const { queue, sent } = openQueue();
  const edit = queue.post({ type: "edit", turn: "turn-1", prompt: "else" });
  queue.post({ ...openTurn("here", "two"), parent: "old" });
  queue.settle(edit);
  assert.deepEqual(
    sent.map(({ prompt, parent }) => [prompt, parent]),
    [
      ["else", undefined],
      ["two", "old"],
    ],
  );
});
