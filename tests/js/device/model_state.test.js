import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_STATE, nextState } from "../../../static/js/device/model_state.js";

/** @import { StepEvent } from "../../../static/js/device/model_state.js" */

/** @param {StepEvent[]} events */
const after = (...events) => events.reduce(nextState, INITIAL_STATE);

const ABSENT = /** @type {const} */ ({ type: "found", isStored: false });
const STORED = /** @type {const} */ ({ type: "found", isStored: true });

test("a model is fetched, started and runs", () => {
  const fetching = after(ABSENT, { type: "fetch" }, { type: "loaded", loaded: 5 });
  assert.deepEqual([fetching.step, fetching.loaded], ["fetching", 5]);
  const running = [/** @type {const} */ ({ type: "arrived" }), /** @type {const} */ ({ type: "started" })];
  assert.equal(running.reduce(nextState, fetching).step, "running");
});

test("a stored model is started without a download", () => {
  assert.equal(after(STORED, { type: "fetch" }).step, "stored");
  assert.equal(after(STORED, { type: "start" }, { type: "started" }).step, "running");
});

test("a second press has no effect", () => {
  const fetching = after(ABSENT, { type: "fetch" });
  assert.equal(nextState(fetching, { type: "fetch" }), fetching);
  assert.equal(nextState(fetching, { type: "start" }), fetching);
  const starting = after(STORED, { type: "start" });
  assert.equal(nextState(starting, { type: "start" }), starting);
  assert.equal(nextState(starting, { type: "remove" }), starting);
  const gone = after(STORED, { type: "remove" });
  assert.equal(gone.step, "absent");
  assert.equal(nextState(gone, { type: "remove" }), gone);
});

test("events after a cancel change nothing", () => {
  const cancelled = after(ABSENT, { type: "fetch" }, { type: "cancel" });
  assert.equal(cancelled.step, "absent");
  assert.equal(nextState(cancelled, { type: "loaded", loaded: 9 }), cancelled);
  assert.equal(nextState(cancelled, { type: "arrived" }), cancelled);
  const unstarted = after(STORED, { type: "start" }, { type: "cancel" });
  assert.equal(unstarted.step, "stored");
  assert.equal(nextState(unstarted, { type: "started" }), unstarted);
});

test("after a failure a model can be fetched again, or started again when it is stored", () => {
  const lost = after(ABSENT, { type: "fetch" }, { type: "failed", isStored: false, code: "network" });
  assert.deepEqual([lost.step, lost.code], ["failed", "network"]);
  assert.equal(nextState(lost, { type: "fetch" }).step, "fetching");
  const short = after(STORED, { type: "start" }, { type: "failed", isStored: true, code: "memory" });
  assert.equal(nextState(short, { type: "fetch" }), short);
  assert.equal(nextState(short, { type: "start" }).step, "starting");
  assert.equal(nextState(short, { type: "remove" }).step, "absent");
});

test("a model that is replaced by another stays stored", () => {
  assert.equal(after(STORED, { type: "start" }, { type: "started" }, { type: "quit" }).step, "stored");
});
