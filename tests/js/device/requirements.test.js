import assert from "node:assert/strict";
import { test } from "node:test";
import { DeviceError, errorCodeOf, withTimeout } from "../../../static/js/device/errors.js";
import { findShortage, findUnsupportedReason } from "../../../static/js/device/requirements.js";

const ABLE = { Suspending: class {}, Memory: class {}, Module: class {} };

/** @param {Record<string, unknown>} [changes] */
const browser = (changes = {}) =>
  /** @type {any} */ ({
    isSecureContext: true,
    WebAssembly: ABLE,
    Worker: class {},
    navigator: { storage: { getDirectory: async () => ({}) } },
    ...changes,
  });
function refuse() {
  throw new Error("refused by the content security policy");
}
const model = /** @type {any} */ ({ bytes: 500_000_000, memory_gb: 1 });

test("a capable browser is supported", async () => {
  assert.equal(await findUnsupportedReason(browser()), "");
});

test("each missing requirement has its own code", async () => {
  const storage = { getDirectory: () => Promise.reject(new Error("private window")) };
  /** @type {[string, Record<string, unknown>][]} */
  const cases = [
    ["insecure", { isSecureContext: false }],
    ["old_browser", { WebAssembly: undefined }],
    ["old_browser", { Worker: undefined }],
    ["old_browser", { WebAssembly: { ...ABLE, Suspending: undefined } }],
    ["old_browser", { WebAssembly: { ...ABLE, Memory: refuse } }],
    ["blocked", { WebAssembly: { ...ABLE, Module: refuse } }],
    ["no_storage", { navigator: {} }],
    ["no_storage", { navigator: { storage } }],
  ];
  for (const [code, changes] of cases) assert.equal(await findUnsupportedReason(browser(changes)), code);
});

test("storage that never responds is unsupported", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const pending = findUnsupportedReason(
    browser({ navigator: { storage: { getDirectory: () => new Promise(() => {}) } } }),
  );
  context.mock.timers.tick(5_000);
  assert.equal(await pending, "no_storage");
});

test("too little memory or storage is found before a download", async () => {
  const room = (/** @type {number} */ quota) => ({
    storage: { estimate: async () => ({ quota, usage: 0 }) },
  });
  assert.equal(await findShortage(model, false, { deviceMemory: 1 }), "memory");
  assert.equal(await findShortage(model, false, { deviceMemory: 2, ...room(1e9) }), "");
  assert.equal(await findShortage(model, false, room(4e8)), "storage");
  assert.equal(await findShortage(model, true, room(4e8)), "");
  assert.equal(await findShortage(model, false, {}), "");
  const silent = { storage: { estimate: () => Promise.reject(new Error("no")) } };
  assert.equal(await findShortage(model, false, silent), "");
});

test("every thrown value has a code", () => {
  const named = (/** @type {string} */ name) => Object.assign(new Error("it failed"), { name });
  assert.equal(errorCodeOf(new DeviceError("corrupt"), "other"), "corrupt");
  assert.equal(
    errorCodeOf(new RangeError("WebAssembly.Memory(): could not allocate memory"), "other"),
    "memory",
  );
  assert.equal(errorCodeOf(named("QuotaExceededError"), "other"), "storage");
  assert.equal(errorCodeOf(named("NoModificationAllowedError"), "other"), "busy");
  assert.equal(errorCodeOf(new TypeError("Failed to fetch"), "other"), "network");
  assert.equal(errorCodeOf(new Error("Failed to fetch /x: HTTP 404"), "other"), "gone");
  assert.equal(
    errorCodeOf(new Error("request (3000 tokens) exceeds the available context size"), "other"),
    "too_long",
  );
  assert.equal(errorCodeOf("something", "other"), "other");
});

test("a promise settles in time or fails with the timeout's code", async (context) => {
  assert.equal(await withTimeout(Promise.resolve(7), 1_000, "slow"), 7);
  await assert.rejects(withTimeout(Promise.reject(new Error("own")), 1_000, "slow"), /own/);
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const late = withTimeout(new Promise(() => {}), 1_000, "slow");
  context.mock.timers.tick(1_000);
  await assert.rejects(late, { code: "slow" });
});
