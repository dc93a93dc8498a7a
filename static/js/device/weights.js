import { DeviceError } from "./errors.js";

/**
 * @import { CacheManager } from "@wllama/wllama"
 * @import { DeviceModel } from "./requirements.js"
 * @typedef {{
 *   isHere: (model: DeviceModel) => Promise<boolean>, open: (model: DeviceModel) => Promise<Blob>,
 *   fetch: (model: DeviceModel, onProgress: (loaded: number) => void, signal: AbortSignal) => Promise<void>,
 *   remove: (model: DeviceModel) => Promise<void>,
 * }} DeviceWeights
 */

const IDLE_TIMEOUT_MS = 30_000;

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
  const removePartial = (model) => remove(model).catch(() => undefined);

  /** @param {DeviceModel} model */
  const isHere = async (model) => {
    const address = addressOf(model);
    const name = await cache.getNameFromURL(address);
    const found = (await cache.list()).find((entry) => entry.name === name);
    const isWhole = found?.metadata.originalURL === address && found.size === model.bytes;
    if (found && !isWhole) await removePartial(model);
    return isWhole;
  };

  return {
    isHere,
    remove,
    async open(model) {
      const file = await cache.open(addressOf(model));
      if (file?.size !== model.bytes) throw new DeviceError("missing");
      return file;
    },
    async fetch(model, onProgress, signal) {
      const silence = openIdleTimeout();
      try {
        const coming = cache.download(addressOf(model), {
          signal: AbortSignal.any([signal, silence.signal]),
          progressCallback({ loaded }) {
            silence.hear();
            onProgress(loaded);
          },
        });
        await Promise.race([coming, silence.tooLong]);
        if (!(await isHere(model))) throw new DeviceError("network");
      } catch (error) {
        await removePartial(model);
        throw silence.signal.aborted ? new DeviceError("stalled") : error;
      } finally {
        silence.end();
      }
    },
  };
}

/** Ends a download of which nothing was heard for a while, though nobody closed the line. */
function openIdleTimeout() {
  const controller = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const hear = () => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(), IDLE_TIMEOUT_MS);
  };
  const tooLong = new Promise((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(new DeviceError("stalled")));
  });
  hear();
  return { signal: controller.signal, hear, tooLong, end: () => clearTimeout(timer) };
}
