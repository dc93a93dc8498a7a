import assert from "node:assert/strict";
import { test } from "node:test";
import { openWeights } from "../../../static/js/device/weights.js";

globalThis.location = /** @type {any} */ ({ href: "https://jjamppong.test/on-device/" });
const model = /** @type {any} */ ({ url: "/on-device/weights/1234.gguf", bytes: 10 });
const ADDRESS = "https://jjamppong.test/on-device/weights/1234.gguf";
const ignoreProgress = () => {};

/**
 * The engine's storage, in memory; a file has its metadata once it is complete.
 *
 * @param {(put: (size: number, isWhole: boolean) => void) => Promise<void>} download
 */
function storage(download) {
  /** @type {Map<string, { name: string, size: number, metadata: { originalURL: string } }>} */
  const files = new Map();
  const put = (/** @type {number} */ size, /** @type {boolean} */ isWhole) =>
    files.set(ADDRESS, { name: ADDRESS, size, metadata: { originalURL: isWhole ? ADDRESS : "" } });
  const cache = /** @type {any} */ ({
    getNameFromURL: async (/** @type {string} */ url) => url,
    list: async () => [...files.values()],
    open: async (/** @type {string} */ url) => files.get(url) ?? null,
    delete: async (/** @type {string} */ url) => files.delete(url),
    download: () => download(put),
  });
  return { files, put, weights: openWeights(cache) };
}

test("complete weights are stored", async () => {
  const { weights } = storage(async (put) => put(10, true));
  assert.equal(await weights.isStored(model), false);
  await weights.fetch(model, ignoreProgress, new AbortController().signal);
  assert.equal(await weights.isStored(model), true);
  assert.equal((await weights.open(model)).size, 10);
});

test("a partial file left by a reload is removed", async () => {
  const { files, put, weights } = storage(async () => {});
  put(4, false);
  assert.equal(await weights.isStored(model), false);
  assert.equal(files.size, 0);
  await assert.rejects(weights.open(model), { code: "missing" });
});

test("a file that is too short fails and is removed", async () => {
  const { files, weights } = storage(async (put) => put(4, true));
  await assert.rejects(weights.fetch(model, ignoreProgress, new AbortController().signal), {
    code: "network",
  });
  assert.equal(files.size, 0);
});

test("a failed download rejects with its cause and leaves no file", async () => {
  const { files, weights } = storage(async (put) => {
    put(4, false);
    throw new DOMException("no room", "QuotaExceededError");
  });
  await assert.rejects(weights.fetch(model, ignoreProgress, new AbortController().signal), {
    name: "QuotaExceededError",
  });
  assert.equal(files.size, 0);
});

test("a download without data for half a minute fails", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { weights } = storage(() => new Promise(() => {}));
  const fetched = weights.fetch(model, ignoreProgress, new AbortController().signal);
  context.mock.timers.tick(30_000);
  await assert.rejects(fetched, { code: "stalled" });
});
