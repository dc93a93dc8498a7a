import assert from "node:assert/strict";
import { test } from "node:test";
import { readStoredTurns } from "../../../static/js/state/stored_turns.js";
import { openFeed } from "../../../static/js/state/turn_feed.js";
import { council } from "../turn_events.js";

/** @typedef {{ turn: string, versions?: string, seq?: string, voted?: string }} Row */

/**
 * The server's articles with the attributes that are read.
 *
 * @param {Row[]} rows
 * @param {import("../../../static/js/state/turn_feed.js").Feed} [feed]
 */
function readRows(rows, feed = openFeed()) {
  const articles = rows.map((row) => ({
    dataset: { seq: "8", versions: row.turn, ...row },
    querySelector: (/** @type {string} */ selector) => ({
      textContent: selector === ".prompt-text" ? "hello" : JSON.stringify(council),
    }),
  }));
  const page = /** @type {any} */ ({ querySelectorAll: () => articles });
  return { feed, ...readStoredTurns(page, feed) };
}

test("stored turns are read through the same reducer as live ones", () => {
  const { feed } = readRows([{ turn: "one" }]);
  assert.equal(feed.read("one")?.candidates[1]?.text, "It is Seoul.");
  assert.equal(feed.seqOf("one"), 8);
});

test("turns keep their order and their versions", () => {
  const { turns } = readRows([{ turn: "one" }, { turn: "two", versions: "first two third" }]);
  assert.deepEqual(
    turns.map(({ turn, versions }) => [turn, ...versions]),
    [
      ["one", "one"],
      ["two", "first", "two", "third"],
    ],
  );
});

test("a turn that the page has read further than the server's rows stays as it is", () => {
  const { feed } = readRows([{ turn: "one", seq: "0" }]);
  feed.applyFrame({ turn: "one", seq: 40, whole: true, events: [] });
  readRows([{ turn: "one", seq: "8" }], feed);
  assert.equal(feed.seqOf("one"), 40);
});

test("feedback is read by turn", () => {
  const { feedback } = readRows([{ turn: "one", voted: "a" }, { turn: "two" }]);
  assert.deepEqual(feedback.get("one"), { voted: "a", continued: "", rated: "" });
  assert.deepEqual(feedback.get("two"), { voted: "", continued: "", rated: "" });
});
