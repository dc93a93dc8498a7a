import assert from "node:assert/strict";
import { test } from "node:test";
import { openSendQueue } from "../../../static/js/connection/send_queue.js";

/** @param {string | null} conversation @param {string} prompt */
const asking = (conversation, prompt) => ({ type: "open_turn", conversation, prompt });

function openLine() {
  /** @type {Record<string, unknown>[]} */
  const sent = [];
  const outbox = openSendQueue(() => ({ send: (command) => sent.push({ ...command }) > 0 }));
  const told = () => sent.map(({ prompt, conversation }) => [prompt, conversation]);
  return { outbox, told };
}

test("what is asked before the conversation is there goes into it", () => {
  const { outbox, told } = openLine();
  const first = outbox.post(asking(null, "one"));
  outbox.post(asking(null, "two"));
  outbox.post(asking(null, "three"));
  assert.deepEqual(told(), [["one", null]]);
  outbox.settle(first, "made");
  assert.deepEqual(told().slice(1), [
    ["two", "made"],
    ["three", "made"],
  ]);
});

test("when the first is refused the next makes the conversation, alone", () => {
  const { outbox, told } = openLine();
  const first = outbox.post(asking(null, "one"));
  const second = outbox.post(asking(null, "two"));
  outbox.post(asking(null, "three"));
  outbox.settle(first);
  assert.deepEqual(told().slice(1), [["two", null]]);
  outbox.settle(second, "made");
  assert.deepEqual(told().slice(2), [["three", "made"]]);
});

test("a line that comes back sends what waits again, and still holds back what is held", () => {
  const { outbox, told } = openLine();
  outbox.post(asking(null, "one"));
  outbox.post(asking(null, "two"));
  outbox.post({ type: "edit", turn: "turn-1", prompt: "else" });
  outbox.resend();
  assert.deepEqual(
    told().map(([prompt]) => prompt),
    ["one", "else", "one", "else"],
  );
});

test("in a conversation nothing is held back, and what is answered is forgotten", () => {
  const { outbox, told } = openLine();
  const first = outbox.post(asking("here", "one"));
  outbox.post(asking("here", "two"));
  assert.equal(outbox.settle(first, "here")?.prompt, "one");
  assert.equal(outbox.settle(first, "here"), undefined);
  outbox.resend();
  assert.deepEqual(
    told().map(([prompt]) => prompt),
    ["one", "two", "two"],
  );
});
