import assert from "node:assert/strict";
import { test } from "node:test";
import { backoffMs } from "../../../static/js/connection/socket.js";

test("the backoff grows to at most twenty seconds", () => {
  const waits = [0, 1, 2, 3, 10, 100].map((failures) => backoffMs(failures, 1));
  assert.deepEqual(waits, [400, 800, 1600, 3200, 20_000, 20_000]);
});

test("two pages that lost the same server reconnect at different times", () => {
  assert.equal(backoffMs(3, 0), 1600);
  assert.ok(backoffMs(3, 0.3) < backoffMs(3, 0.9));
});
