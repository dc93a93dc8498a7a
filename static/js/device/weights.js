import { DeviceError, openIdleTimeout } from "./errors.js";

/**
 * @import { CacheManager } from "@wllama/wllama"
 * @import { DeviceModel } from "./requirements.js"
 * @typedef {(model: DeviceModel, onProgress: (loaded: number) => void, signal: AbortSignal) => Promise<void>} FetchWeights
 * @typedef {{
 *   isStored: (model: DeviceModel) => Promise<boolean>, open: (model: DeviceModel) => Promise<Blob>,
 *   fetch: FetchWeights, remove: (model: DeviceModel) => Promise<void>,
 * }} DeviceWeights
 */

const IDLE_TIMEOUT_MS = 30_000;

/** @param {DeviceModel} model @returns {string} the absolute address, by which the engine stores files */
const addressOf = (model) => new URL(model.url, location.href).href;

/**
 * The weights in this browser's storage.
 *
 * @param {CacheManager} cache
 * @returns {DeviceWeights}
 */
export function openWeights(cache) {
  /** @param {DeviceModel} model */
  const remove = async (model) => cache.delete(addressOf(model));
  /** @param {DeviceModel} model whose partial file another tab may still be writing */
  const removePartial = (model) => remove(model).catch(() => undefined);

  /** @param {DeviceModel} model */
  const isStored = async (model) => {
    const address = addressOf(model);
    const name = await cache.getNameFromURL(address);
    const found = (await cache.list()).find((entry) => entry.name === name);
    const isWhole = found?.metadata.originalURL === address && found.size === model.bytes;
    if (found && !isWhole) await removePartial(model);
    return isWhole;
  };

  return {
    isStored,
    remove,
    async open(model) {
      const file = await cache.open(addressOf(model));
      if (file?.size !== model.bytes) throw new DeviceError("missing");
      return file;
    },
    async fetch(model, onProgress, signal) {
      try {
        await download(cache, model, onProgress, signal);
        if (!(await isStored(model))) throw new DeviceError("network");
      } catch (error) {
        await removePartial(model);
        throw error;
      }
    },
  };
}

/**
 * Download weights, and give up when no data comes for a while although the connection is open.
 *
 * @param {CacheManager} cache
 * @param {DeviceModel} model
 * @param {(loaded: number) => void} onProgress
 * @param {AbortSignal} signal
 */
async function download(cache, model, onProgress, signal) {
  const idle = openIdleTimeout(IDLE_TIMEOUT_MS, "stalled");
  const loading = cache.download(addressOf(model), {
    signal: AbortSignal.any([signal, idle.signal]),
    progressCallback({ loaded }) {
      idle.reset();
      onProgress(loaded);
    },
  });
  try {
    await Promise.race([loading, idle.expired]);
  } catch (error) {
    throw idle.signal.aborted ? idle.signal.reason : error;
  } finally {
    idle.end();
  }
}
