import assert from "node:assert/strict";
import { test } from "node:test";
import { answerText, groupsOf, placeOf, rankOf } from "../../../static/js/state/turn_selectors.js";
import { reduce } from "../../../static/js/state/turn_state.js";
import { emptyTurn } from "../../../static/js/state/turn_types.js";
import { adasTurn, council, delta, ranking } from "../turn_events.js";

/** @import { TurnEvent } from "../../../static/js/connection/events.js" */

const after = (/** @type {TurnEvent[]} */ ...events) => events.reduce(reduce, emptyTurn("turn-1"));

test("joined deltas give the same state as single ones", () => {
  const single = after(...adasTurn, delta("a", "안"), delta("a", "녕"), delta("a", "하세요"));
  const joined = after(...adasTurn, delta("a", "안녕하세요"));
  assert.deepEqual(single, joined);
});

test("an unknown event and an unknown candidate change nothing", () => {
  const before = after(...adasTurn);
  assert.deepEqual(reduce(before, /** @type {any} */ ({ type: "from_the_future" })), before);
  assert.deepEqual(reduce(before, delta("nobody", "?")).candidates, before.candidates);
});

test("the text of an earlier attempt stays until the first delta of the next", () => {
  const again = after(...adasTurn, delta("a", "half"), {
    type: "candidate_started",
    candidate: "a",
    attempt: 2,
  });
  assert.equal(again.candidates[0]?.text, "half");
  assert.equal(again.candidates[0]?.status, "streaming");
  const written = reduce(again, { type: "candidate_delta", candidate: "a", text: "whole", ttft_ms: 9 });
  assert.equal(written.candidates[0]?.text, "whole");
});

test("the first delta of a fused answer replaces an older one", () => {
  const fusing = after(
    ...council,
    { type: "answer_started", kind: "fused", model: "fuser" },
    { type: "answer_delta", text: "old", first: true },
    { type: "answer_started", kind: "fused", model: "fuser" },
  );
  assert.equal(answerText(fusing).text, "old");
  const again = [
    { type: "answer_delta", text: "ne", first: true },
    { type: "answer_delta", text: "w" },
  ];
  assert.equal(answerText(/** @type {any} */ (again).reduce(reduce, fusing)).text, "new");
});

test("a queued turn and candidate have a position until they start", () => {
  const queued = after({ type: "turn_queued", position: 3 });
  assert.equal(queued.waitingFor, 3);
  const routed = after(...adasTurn, { type: "candidate_queued", candidate: "a", position: 2 });
  assert.equal(routed.waitingFor, 0);
  assert.equal(routed.candidates[0]?.waitingFor, 2);
  assert.equal(reduce(routed, { type: "candidate_started", candidate: "a" }).candidates[0]?.waitingFor, 0);
});

test("a turn waits until the first of its candidates gets a model", () => {
  assert.equal(placeOf(after({ type: "turn_queued", position: 3 })), 3);
  const begun = after(...adasTurn, { type: "candidate_queued", candidate: "a", position: 4 });
  // The other model is being asked, so nothing is waited for.
  assert.equal(placeOf(begun), 0);
  const queued = reduce(begun, { type: "candidate_queued", candidate: "b", position: 2 });
  assert.equal(placeOf(queued), 2);
  assert.equal(placeOf(reduce(queued, { type: "candidate_started", candidate: "b" })), 0);
});

test("a delta leaves every other candidate the same object", () => {
  const before = after(...adasTurn);
  assert.equal(reduce(before, delta("a", "x")).candidates[1], before.candidates[1]);
});

test("the leader's text is shown until the answer has its own text", () => {
  const leading = after(...adasTurn, delta("a", "A"), delta("b", "B"), {
    type: "leader_changed",
    candidate: "b",
  });
  assert.equal(answerText(leading).text, "B");
  const started = reduce(leading, { type: "answer_started", kind: "fused", model: "fuser" });
  assert.equal(answerText(started).text, "B");
  const fused = reduce(started, { type: "answer_delta", text: "F" });
  assert.equal(answerText(fused).text, "F");
  assert.notEqual(answerText(fused).key, answerText(leading).key);
});

test("the best candidate's text is the answer when nothing was fused", () => {
  const state = after(...council, { type: "answer_finished", kind: "best", candidate: "b" });
  assert.equal(answerText(state).text, "It is Seoul.");
  assert.equal(answerText(state).isOpen, false);
});

test("crisis help comes before every other text", () => {
  const helped = after(...adasTurn, { type: "answer_finished", kind: "help", text: "109" });
  assert.equal(answerText(helped).text, "109");
});

test("a reopened turn drops its answer, error and ad", () => {
  const closed = after(
    ...council,
    { type: "answer_finished", kind: "best", candidate: "a" },
    { type: "turn_closed", status: "failed", error: "all_failed" },
    { type: "placement_made", reason: "no_match" },
    { type: "turn_opened", conversation: "c", turn: "turn-1", prompt: "again", attempt: 2 },
  );
  assert.equal(closed.status, "running");
  assert.equal(closed.answer, null);
  assert.equal(closed.error, "");
  assert.equal(closed.placement, null);
  assert.equal(closed.candidates.length, 2);
});

test("candidates are ranked and grouped by the ranking", () => {
  const state = after(...council, ranking(["b", 0], ["a", 0]));
  assert.equal(rankOf(state, "b"), 1);
  assert.equal(rankOf(state, "nobody"), 0);
  assert.deepEqual(
    groupsOf(state).map((group) => group.map((each) => each.id)),
    [["b", "a"]],
  );
});

test("a provisional ranking has no groups", () => {
  const provisional = { ...ranking(["b", 0], ["a", 1]), provisional: true };
  assert.deepEqual(groupsOf(after(...council, provisional)), []);
});

test("new claims replace the old ones", () => {
  const claim = { kind: "shared", text: "Seoul", candidates: ["a", "b"], against: [], other_text: "" };
  const state = after(
    ...council,
    { type: "claims_mapped", claims: [claim, claim] },
    { type: "claims_mapped", claims: [claim] },
  );
  assert.deepEqual(state.claims, [claim]);
});

test("supports are dropped on a new attempt, and the route keeps its plan", () => {
  const supports = [{ text: "서울이에요.", candidates: ["a"], words: ["서울"] }];
  const supported = after(...council, { type: "supports_found", supports });
  assert.deepEqual(supported.supports, supports);
  const again = reduce(supported, {
    type: "turn_opened",
    conversation: "c",
    turn: "turn-1",
    prompt: "?",
    attempt: 2,
  });
  assert.deepEqual(again.supports, []);
  const route = { strategy: "cascade", panel: [], reasons: ["escalated"], topic: "math", quality: 0.9 };
  const routed = reduce(supported, { type: "route_chosen", ...route, expected_micros: 40_000 });
  assert.deepEqual([routed.topic, routed.quality, routed.expectedMicros], ["math", 0.9, 40_000]);
});
