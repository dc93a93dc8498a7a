import assert from "node:assert/strict";
import { test } from "node:test";
import {
  agreementOf,
  agreementWords,
  answerText,
  charactersPerSecond,
  chosenOf,
  finalRankOf,
} from "../../../static/js/state/turn_selectors.js";
import { reduce } from "../../../static/js/state/turn_state.js";
import { emptyTurn } from "../../../static/js/state/turn_types.js";
import { adasTurn, council, delta, finished, ranking } from "../turn_events.js";

/** @import { TurnEvent } from "../../../static/js/connection/events.js" */

const after = (/** @type {TurnEvent[]} */ ...events) => events.reduce(reduce, emptyTurn("turn-1"));
/** @type {TurnEvent} */
const best = { type: "answer_finished", kind: "best", candidate: "a" };

test("agreement is judged against the winner's group, and only after a comparison", () => {
  const agreed = after(...council, ranking(["b", 0], ["a", 0]));
  assert.deepEqual([agreementOf(agreed, "a"), agreementOf(agreed, "b")], ["same", "same"]);
  const split = after(...council, ranking(["b", 0], ["a", 1]));
  assert.deepEqual([agreementOf(split, "a"), agreementOf(split, "b")], ["differs", ""]);
  assert.equal(agreementOf(after(...council), "a"), "");
  assert.equal(
    agreementOf(after(...council, { ...ranking(["b", 0], ["a", 0]), provisional: true }), "a"),
    "",
  );
});

test("what was not compared is no other answer, and neither is a refusal", () => {
  const order = ranking(["b", 0], ["a", 1]);
  const expected = { not_compared: "not_compared", refusal: "", cut_off: "differs" };
  for (const [reason, agreement] of Object.entries(expected)) {
    const standings = order.standings.map((each) =>
      each.candidate === "a" ? { ...each, reasons: [reason] } : each,
    );
    const state = after(...council, { ...order, standings });
    assert.deepEqual([agreementOf(state, "a"), agreementOf(state, "b")], [agreement, ""]);
  }
});

test("the words about agreement are true of all answers", () => {
  const words = (/** @type {number[]} */ groups, agreeing = 1, compared = groups.length) => {
    const order = groups.map((group, index) => /** @type {[string, number]} */ (["abc"[index] ?? "", group]));
    return agreementWords(after(...council, { ...ranking(...order), agreeing, compared }));
  };
  assert.equal(words([0, 0], 2), "agree_all");
  assert.equal(words([0, 0, 1], 2), "agree");
  assert.equal(words([0, 0, 1], 2, 2), "agree");
  assert.equal(words([0, 1, 2]), "agree_none");
  assert.equal(words([0, 1, 2], 1, 2), "agree_alone");
  assert.equal(words([1, 0, 0]), "agree_alone");
  assert.equal(words([0, 1], 0, 0), "agree_unknown");
  assert.equal(words([0]), "");
});

test("a candidate that the reader continued with stands as the answer", () => {
  const state = after(...council, best);
  assert.equal(answerText(state).text, "Seoul.");
  assert.equal(answerText(state, "b").text, "It is Seoul.");
  assert.equal(chosenOf(state, "b")?.id, "b");
  // Continuing with the answer itself changes nothing.
  assert.equal(chosenOf(state, "a"), undefined);
  assert.equal(answerText(state, "nobody").text, "Seoul.");
});

test("a continued candidate stands in place of a fused answer too", () => {
  const fused = after(
    ...council,
    { type: "answer_started", kind: "fused", model: "fuser" },
    { type: "answer_delta", text: "Both say Seoul.", first: true },
    { type: "answer_finished", kind: "fused" },
  );
  assert.equal(answerText(fused).text, "Both say Seoul.");
  assert.equal(answerText(fused, "b").text, "It is Seoul.");
});

test("a provisional rank is not shown", () => {
  const provisional = { ...ranking(["b", 0], ["a", 1]), provisional: true };
  assert.equal(finalRankOf(after(...council, provisional), "b"), 0);
  assert.equal(finalRankOf(after(...council, ranking(["b", 0], ["a", 1])), "b"), 1);
});

test("the time to the first character is excluded from the speed", () => {
  const state = after(...adasTurn, delta("a", "가".repeat(41)), {
    ...finished("a"),
    ttft_ms: 1000,
    duration_ms: 3000,
  });
  assert.equal(charactersPerSecond(/** @type {any} */ (state.candidates[0])), 20);
});
