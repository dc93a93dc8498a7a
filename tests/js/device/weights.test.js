import assert from "node:assert/strict";
import { test } from "node:test";
import { openWeights } from "../../../static/js/device/weights.js";

globalThis.location = /** @type {any} */ ({ href: "https://jjamppong.test/on-device/" });
const model = /** @type {any} */ ({ url: "/on-device/weights/1234.gguf", bytes: 10 });
const ADDRESS = "https://jjamppong.test/on-device/weights/1234.gguf";
const ignoreProgress = () => {};

/**
 * The engine's storage, in memory: a file has its name as content, and metadata once it is whole.
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

test("weights that came whole are here", async () => {
  const { weights } = storage(async (put) => put(10, true));
  assert.equal(await weights.isHere(model), false);
  await weights.fetch(model, ignoreProgress, new AbortController().signal);
  assert.equal(await weights.isHere(model), true);
  assert.equal((await weights.open(model)).size, 10);
});

test("half a file that a reload left is taken for none and removed", async () => {
  const { files, put, weights } = storage(async () => {});
  put(4, false);
  assert.equal(await weights.isHere(model), false);
  assert.equal(files.size, 0);
  await assert.rejects(weights.open(model), { code: "missing" });
});

test("a file that is too short is no success and leaves nothing", async () => {
  const { files, weights } = storage(async (put) => put(4, true));
  await assert.rejects(weights.fetch(model, ignoreProgress, new AbortController().signal), {
    code: "network",
  });
  assert.equal(files.size, 0);
});

test("a download that breaks says what broke it and leaves nothing", async () => {
  const { files, weights } = storage(async (put) => {
    put(4, false);
    throw new DOMException("no room", "QuotaExceededError");
  });
  await assert.rejects(weights.fetch(model, ignoreProgress, new AbortController().signal), {
    name: "QuotaExceededError",
  });
  assert.equal(files.size, 0);
});

test("a download of which nothing is heard for half a minute is given up", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { weights } = storage(() => new Promise(() => {}));
  const fetched = weights.fetch(model, ignoreProgress, new AbortController().signal);
  context.mock.timers.tick(30_000);
  await assert.rejects(fetched, { code: "stalled" });
});
