import assert from "node:assert/strict";
import { test } from "node:test";
import { openFeed } from "../../../static/js/state/turn_feed.js";
import { adasTurn, council, delta, finished } from "../turn_events.js";

/** @import { TurnEvent } from "../../../static/js/connection/events.js" */

const frame = (/** @type {number} */ seq, /** @type {TurnEvent[]} */ ...events) => ({
  turn: "turn-1",
  seq,
  events,
});
const textOf = (/** @type {ReturnType<typeof openFeed>} */ feed) => feed.read("turn-1")?.candidates[0]?.text;

test("frames in order are applied and counted", () => {
  const feed = openFeed();
  feed.start("turn-1", "hello");
  assert.equal(feed.applyFrame(frame(4, ...adasTurn)), "applied");
  assert.equal(feed.applyFrame(frame(5, delta("a", "Seo"))), "applied");
  assert.equal(feed.applyFrame(frame(6, delta("a", "ul"))), "applied");
  assert.equal(textOf(feed), "Seoul");
  assert.equal(feed.seqOf("turn-1"), 6);
});

test("a repeated frame is ignored", () => {
  const feed = openFeed();
  feed.applyFrame(frame(4, ...adasTurn));
  feed.applyFrame(frame(5, delta("a", "Seoul")));
  assert.equal(feed.applyFrame(frame(5, delta("a", "Seoul"))), "known");
  assert.equal(textOf(feed), "Seoul");
});

test("an overlapping frame adds only its new events", () => {
  const feed = openFeed();
  feed.applyFrame(frame(4, ...adasTurn));
  feed.applyFrame(frame(5, delta("a", "Seo")));
  assert.equal(feed.applyFrame(frame(6, delta("a", "Seo"), delta("a", "ul"))), "applied");
  assert.equal(textOf(feed), "Seoul");
});

test("a gap is reported and later events are not applied", () => {
  const feed = openFeed();
  feed.applyFrame(frame(4, ...adasTurn));
  assert.equal(feed.applyFrame(frame(9, delta("a", "later"))), "gap");
  assert.equal(textOf(feed), "");
  assert.equal(feed.seqOf("turn-1"), 4);
  assert.equal(
    feed.applyFrame(frame(8, delta("a", "S"), delta("a", "e"), delta("a", "o"), delta("a", "ul "))),
    "applied",
  );
  assert.equal(feed.applyFrame(frame(9, delta("a", "later"))), "applied");
  assert.equal(textOf(feed), "Seoul later");
});

test("a log that was lost and restarted is read from its start", () => {
  const feed = openFeed();
  feed.restore("turn-1", "hello", 30, [...adasTurn, delta("a", "stored")]);
  assert.equal(feed.applyFrame(frame(100_005, ...adasTurn, delta("a", "stored"))), "gap");
  assert.equal(feed.applyFrame(frame(100_005, ...adasTurn, delta("a", "stored"))), "gap");
  assert.equal(feed.seqOf("turn-1"), 0);
  assert.equal(feed.applyFrame(frame(100_005, ...adasTurn, delta("a", "stored"))), "applied");
  assert.equal(textOf(feed), "stored");
});

test("a running turn read again from its start repeats no text", () => {
  const feed = openFeed();
  feed.restore("turn-1", "hello", 0, [...adasTurn, delta("a", "Seo")]);
  assert.equal(textOf(feed), "Seo");
  assert.equal(feed.applyFrame(frame(5, ...adasTurn, delta("a", "Seoul"))), "applied");
  assert.equal(textOf(feed), "Seoul");
});

test("a gap that cannot be filled is reported a limited number of times", () => {
  const feed = openFeed();
  feed.applyFrame(frame(4, ...adasTurn));
  const outcomes = Array.from({ length: 20 }, (_, n) => feed.applyFrame(frame(100 + n, delta("a", "x"))));
  assert.ok(outcomes.filter((each) => each === "gap").length < 10);
});

test("only turns that have not ended are running", () => {
  const feed = openFeed();
  feed.restore("turn-1", "hello", 9, [...council, { type: "turn_closed", status: "done" }]);
  feed.restore("turn-2", "hello", 4, [...adasTurn, finished("a")]);
  assert.deepEqual(feed.running(), ["turn-2"]);
});

test("a frame with the whole turn replaces its state", () => {
  const feed = openFeed();
  feed.applyFrame(frame(4, ...adasTurn));
  feed.applyFrame(frame(5, delta("a", "Seo")));
  assert.equal(feed.applyFrame({ ...frame(40, ...adasTurn, delta("a", "Seoul")), whole: true }), "applied");
  assert.equal(textOf(feed), "Seoul");
  assert.equal(feed.seqOf("turn-1"), 40);
});
