import { DeviceFailure } from "./device_failure.js";

/**
 * @import { CacheManager } from "@wllama/wllama"
 * @import { DeviceModel } from "./device_support.js"
 * @typedef {{
 *   isHere: (model: DeviceModel) => Promise<boolean>, open: (model: DeviceModel) => Promise<Blob>,
 *   fetch: (model: DeviceModel, told: (loaded: number) => void, signal: AbortSignal) => Promise<void>,
 *   remove: (model: DeviceModel) => Promise<void>,
 * }} DeviceWeights
 */

const SILENCE_MS = 30_000;

/** @param {DeviceModel} model the engine keeps files under their whole address */
const addressOf = (model) => new URL(model.url, location.href).href;

/**
 * The weights in this browser's own storage.
 *
 * @param {CacheManager} cache
 * @returns {DeviceWeights}
 */
export function openWeights(cache) {
  /** @param {DeviceModel} model */
  const remove = async (model) => cache.delete(addressOf(model));
  /** @param {DeviceModel} model whose half file another tab may still be writing */
  const removeHalf = (model) => remove(model).catch(() => undefined);

  /** @param {DeviceModel} model */
  const isHere = async (model) => {
    const address = addressOf(model);
    const name = await cache.getNameFromURL(address);
    const found = (await cache.list()).find((entry) => entry.name === name);
    const isWhole = found?.metadata.originalURL === address && found.size === model.bytes;
    if (found && !isWhole) await removeHalf(model);
    return isWhole;
  };

  return {
    isHere,
    remove,
    async open(model) {
      const file = await cache.open(addressOf(model));
      if (file?.size !== model.bytes) throw new DeviceFailure("missing");
      return file;
    },
    async fetch(model, told, signal) {
      const silence = watchSilence();
      try {
        const coming = cache.download(addressOf(model), {
          signal: AbortSignal.any([signal, silence.signal]),
          progressCallback({ loaded }) {
            silence.hear();
            told(loaded);
          },
        });
        await Promise.race([coming, silence.tooLong]);
        if (!(await isHere(model))) throw new DeviceFailure("network");
      } catch (error) {
        await removeHalf(model);
        throw silence.signal.aborted ? new DeviceFailure("stalled") : error;
      } finally {
        silence.end();
      }
    },
  };
}

/** Ends a download of which nothing was heard for a while, though nobody closed the line. */
function watchSilence() {
  const ending = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const hear = () => {
    clearTimeout(timer);
    timer = setTimeout(() => ending.abort(), SILENCE_MS);
  };
  const tooLong = new Promise((_, reject) => {
    ending.signal.addEventListener("abort", () => reject(new DeviceFailure("stalled")));
  });
  hear();
  return { signal: ending.signal, hear, tooLong, end: () => clearTimeout(timer) };
}
