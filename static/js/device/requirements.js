import { withTimeout } from "./errors.js";

/**
 * @typedef {{
 *   slug: string, name: string, languages: string[], url: string, bytes: number, memory_gb: number,
 *   temperature: number, repeat_penalty: number, tokens_per_syllable: number, system_prompt: string,
 *   examples: string[],
 * }} DeviceModel
 */

const TIMEOUT_MS = 5_000;
// Space beside the weights for the engine and the browser's own bookkeeping.
const SPARE_BYTES = 30_000_000;
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Return a code for why no model can run in this browser, "" when one can. Called before anything is downloaded.
 *
 * @param {typeof globalThis} browser
 * @returns {Promise<string>}
 */
export async function findUnsupportedReason(browser) {
  if (!browser.isSecureContext) return "insecure";
  const { WebAssembly: wasm, Worker: worker } = browser;
  if (!wasm || !worker || !Reflect.get(wasm, "Suspending") || !hasMemory64(wasm)) return "old_browser";
  // Under a policy that forbids compilation the engine would wait for ever, so it is tried here.
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
function hasMemory64(wasm) {
  try {
    // The types lack memories with 64-bit addresses.
    new wasm.Memory(/** @type {any} */ ({ address: "i64", initial: 1n }));
    return true;
  } catch {
    return false;
  }
}

/**
 * Return a code for what this device has too little of, "" when nothing is known to be short.
 *
 * @param {DeviceModel} model
 * @param {boolean} isStored whether its weights are stored already
 * @param {{ deviceMemory?: number, storage?: { estimate: () => Promise<StorageEstimate> } }} device
 * @returns {Promise<string>}
 */
export async function findShortage(model, isStored, device) {
  // Browsers round this value and report at most 8.
  if (device.deviceMemory !== undefined && device.deviceMemory < model.memory_gb * 2) return "memory";
  if (isStored || !device.storage) return "";
  try {
    const { quota, usage = 0 } = await withTimeout(device.storage.estimate(), TIMEOUT_MS, "no_storage");
    return quota !== undefined && quota - usage < model.bytes + SPARE_BYTES ? "storage" : "";
  } catch {
    return "";
  }
}
