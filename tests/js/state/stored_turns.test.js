import assert from "node:assert/strict";
import { test } from "node:test";
import { readStoredTurns } from "../../../static/js/state/stored_turns.js";
import { openFeed } from "../../../static/js/state/turn_feed.js";
import { council } from "../turn_events.js";

/** @typedef {{ turn: string, replacedBy?: string, seq?: string, voted?: string }} Row */

/**
 * The server's articles with the attributes that are read.
 *
 * @param {Row[]} rows
 */
function transcriptOf(...rows) {
  const articles = rows.map((row) => ({
    dataset: { seq: "8", replacedBy: "", ...row },
    isRemoved: false,
    querySelector: (/** @type {string} */ selector) => ({
      textContent: selector === ".prompt-text" ? "hello" : JSON.stringify(council),
    }),
    remove() {
      this.isRemoved = true;
    },
  }));
  const feed = openFeed();
  const page = /** @type {any} */ ({ querySelectorAll: () => articles });
  const { currentTurns, orphanVersions, feedback } = readStoredTurns(page, feed);
  return {
    feed,
    articles,
    orphanVersions,
    feedback,
    currentTurns: currentTurns.map(({ turn, versions }) => [turn, ...versions]),
  };
}

test("stored turns are read through the same reducer as live ones", () => {
  const { feed } = transcriptOf({ turn: "one" });
  assert.equal(feed.read("one")?.candidates[1]?.text, "It is Seoul.");
  assert.equal(feed.seqOf("one"), 8);
});

test("current turns keep their order", () => {
  assert.deepEqual(transcriptOf({ turn: "one" }, { turn: "two" }).currentTurns, [
    ["one", "one"],
    ["two", "two"],
  ]);
});

test("a turn replaced twice is one turn with three versions", () => {
  const { currentTurns, articles } = transcriptOf(
    { turn: "first", replacedBy: "second" },
    { turn: "second", replacedBy: "third" },
    { turn: "third" },
  );
  assert.deepEqual(currentTurns, [["third", "first", "second", "third"]]);
  assert.deepEqual(
    articles.map((each) => each.isRemoved),
    [true, true, false],
  );
});

test("a follow-up of a replaced turn is not a version of it", () => {
  const { currentTurns } = transcriptOf(
    { turn: "first", replacedBy: "again" },
    { turn: "follow-up", replacedBy: "again" },
    { turn: "again" },
  );
  assert.deepEqual(currentTurns, [["again", "first", "again"]]);
});

test("versions of a turn on a later page are returned", () => {
  const { currentTurns, orphanVersions } = transcriptOf(
    { turn: "first", replacedBy: "second" },
    { turn: "second", replacedBy: "third" },
    { turn: "follow-up", replacedBy: "third" },
    { turn: "own", replacedBy: "mine" },
    { turn: "mine" },
  );
  assert.deepEqual(currentTurns, [["mine", "own", "mine"]]);
  assert.deepEqual([...orphanVersions], [["third", ["first", "second"]]]);
});

test("feedback is read for every version", () => {
  const { feedback } = transcriptOf({ turn: "first", replacedBy: "second", voted: "a" }, { turn: "second" });
  assert.deepEqual(feedback.get("first"), { voted: "a", continued: "" });
  assert.deepEqual(feedback.get("second"), { voted: "", continued: "" });
});
