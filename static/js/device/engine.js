import { LoggerWithoutDebug, Wllama } from "@wllama/wllama";
import { ANSWER_TOKENS, CONTEXT_TOKENS } from "./context_window.js";
import { DeviceError, errorCodeOf, withTimeout } from "./errors.js";

/**
 * @import { DeviceModel } from "./requirements.js"
 * @import { DeviceWeights } from "./weights.js"
 * @import { DeviceMessage } from "./context_window.js"
 * @typedef {{ text: string, isCut: boolean, perSecond: number, promptTokens: number, readShare: number }} DevicePiece
 * @typedef {{
 *   load: (model: DeviceModel) => Promise<void>, quit: () => Promise<void>,
 *   answer: (model: DeviceModel, messages: DeviceMessage[], signal: AbortSignal) => AsyncGenerator<DevicePiece>,
 * }} DeviceEngine
 */

const LOAD_TIMEOUT_MS = 120_000;
// A slow, busy device reads a batch of 64 tokens in this time and reports each batch.
const IDLE_TIMEOUT_MS = 120_000;
// Warnings are shown to the reader as texts of the page instead.
const LOGGER = { ...LoggerWithoutDebug, warn() {} };
// Half of the cores at most: more threads slow each other down.
const threads = () => Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency || 2) / 2)));

/**
 * llama.cpp in a worker of this page. One model is in memory at a time.
 *
 * @param {string} wasm address of the engine's WebAssembly file
 * @param {DeviceWeights} weights
 * @returns {DeviceEngine}
 */
export function openEngine(wasm, weights) {
  /** @type {Wllama | null} */
  let running = null;
  let slug = "";

  const quit = async () => {
    const ending = running;
    running = null;
    slug = "";
    await ending?.exit();
  };

  /** @param {DeviceModel} model */
  const load = async (model) => {
    await quit();
    const file = await weights.open(model);
    const loading = createWorker(wasm);
    running = loading;
    try {
      await loadWeights(loading, file);
    } catch (error) {
      const code = errorCodeOf(error, "other");
      // Another load or a cancel may have replaced this one meanwhile.
      if (running === loading) await quit();
      else await loading.exit();
      if (code === "corrupt") await weights.remove(model);
      throw new DeviceError(code);
    }
    slug = model.slug;
  };

  return {
    load,
    quit,
    async *answer(model, messages, signal) {
      if (slug !== model.slug) await load(model);
      yield* streamPieces(/** @type {Wllama} */ (running), model, messages, signal, quit);
    },
  };
}

/** @param {string} wasm */
function createWorker(wasm) {
  const worker = new Wllama({ default: wasm }, { logger: LOGGER, suppressNativeLog: true });
  // The default fetches another engine from a third party's server for old browsers.
  worker.setCompat(null);
  return worker;
}

/** @param {Wllama} worker @param {Blob} file */
async function loadWeights(worker, file) {
  // Small batches, because a stop takes effect between two of them.
  const sizes = { n_ctx: CONTEXT_TOKENS, n_parallel: 1, n_batch: 64, n_ubatch: 64 };
  const loading = worker.loadModel([file], { ...sizes, n_threads: threads(), n_gpu_layers: 0 });
  await withTimeout(loading, LOAD_TIMEOUT_MS, "slow");
  // Corrupt weights load without an error and break the first answer.
  if (!(worker.getLoadedContextInfo().n_vocab > 0)) throw new DeviceError("corrupt");
}

/**
 * @param {Wllama} worker
 * @param {DeviceModel} model
 * @param {DeviceMessage[]} messages
 * @param {AbortSignal} signal
 * @param {() => Promise<void>} quit
 * @returns {AsyncGenerator<DevicePiece>} ends early when the signal is aborted
 */
async function* streamPieces(worker, model, messages, signal, quit) {
  const request = {
    messages,
    max_tokens: ANSWER_TOKENS,
    temperature: model.temperature,
    repeat_penalty: model.repeat_penalty,
    stream: /** @type {const} */ (true),
    return_progress: true,
    abortSignal: signal,
  };
  const chunks = (await worker.createChatCompletion(request))[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await withTimeout(chunks.next(), IDLE_TIMEOUT_MS, "slow");
      if (done) return;
      yield pieceOf(value);
    }
  } catch (error) {
    if (signal.aborted) return;
    const code = errorCodeOf(error, "other");
    // A new worker with the stored weights recovers from every other failure.
    if (code !== "too_long") await quit();
    throw new DeviceError(code);
  }
}

/** @param {import("@wllama/wllama").ChatCompletionChunk} chunk @returns {DevicePiece} */
function pieceOf({ choices, timings, prompt_progress: reading }) {
  return {
    text: choices?.[0]?.delta?.content ?? "",
    isCut: choices?.[0]?.finish_reason === "length",
    perSecond: timings?.predicted_per_second ?? 0,
    promptTokens: timings ? timings.prompt_n + timings.cache_n : 0,
    readShare: reading ? reading.processed / Math.max(1, reading.total) : 0,
  };
}
