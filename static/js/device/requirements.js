import { withTimeout } from "./errors.js";

/**
 * @typedef {{
 *   slug: string, name: string, languages: string[], url: string, bytes: number, memory_gb: number,
 *   temperature: number, repeat_penalty: number, tokens_per_syllable: number, system_prompt: string,
 *   examples: string[],
 * }} DeviceModel
 */

const TIMEOUT_MS = 5_000;
// Beside the weights: what runs them, and room for the browser's own books.
const SPARE_BYTES = 30_000_000;
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Why no model can run in this browser, as a code; "" when one can. Asked before anything is downloaded.
 *
 * @param {typeof globalThis} browser
 * @returns {Promise<string>}
 */
export async function findObstacle(browser) {
  if (!browser.isSecureContext) return "insecure";
  const { WebAssembly: wasm, Worker: worker } = browser;
  if (!wasm || !worker || !Reflect.get(wasm, "Suspending") || !hasLongMemory(wasm)) return "old_browser";
  // A policy that forbids to compile leaves the engine waiting for ever: it is found out here.
  try {
    new wasm.Module(EMPTY_MODULE);
  } catch {
    return "blocked";
  }
  try {
    await withTimeout(browser.navigator.storage.getDirectory(), TIMEOUT_MS, "no_storage");
  } catch {
    return "no_storage";
  }
  return "";
}

/** @param {typeof WebAssembly} wasm */
function hasLongMemory(wasm) {
  try {
    // The types do not know of memories that are addressed by 64 bits.
    new wasm.Memory(/** @type {any} */ ({ address: "i64", initial: 1n }));
    return true;
  } catch {
    return false;
  }
}

/**
 * What this device has too little of for a model, as a code; "" when nothing is known to be short.
 *
 * @param {DeviceModel} model
 * @param {boolean} isHere whether its weights are stored already
 * @param {{ deviceMemory?: number, storage?: { estimate: () => Promise<StorageEstimate> } }} device
 * @returns {Promise<string>}
 */
export async function findShortage(model, isHere, device) {
  // Browsers that tell round it, and tell at most eight.
  if (device.deviceMemory !== undefined && device.deviceMemory < model.memory_gb * 2) return "memory";
  if (isHere || !device.storage) return "";
  try {
    const { quota, usage = 0 } = await withTimeout(device.storage.estimate(), TIMEOUT_MS, "no_storage");
    return quota !== undefined && quota - usage < model.bytes + SPARE_BYTES ? "storage" : "";
  } catch {
    return "";
  }
}
