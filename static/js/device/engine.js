import { LoggerWithoutDebug, Wllama } from "@wllama/wllama";
import { ANSWER_TOKENS, CONTEXT_TOKENS } from "./context_window.js";
import { DeviceError, errorCodeOf, withTimeout } from "./errors.js";

/**
 * @import { DeviceModel } from "./requirements.js"
 * @import { DeviceWeights } from "./weights.js"
 * @import { DeviceMessage } from "./context_window.js"
 * @typedef {{ text: string, isCut: boolean, perSecond: number, promptTokens: number, read: number }} DevicePiece
 * @typedef {{
 *   load: (model: DeviceModel) => Promise<void>, quit: () => Promise<void>, loaded: () => string,
 *   answer: (model: DeviceModel, messages: DeviceMessage[], signal: AbortSignal) => AsyncGenerator<DevicePiece>,
 * }} DeviceEngine
 */

const LOAD_MS = 120_000;
// A slow device that is busy reads a batch of 64 tokens in this time, and tells of each.
const IDLE_TIMEOUT_MS = 120_000;
// What it would warn of is told in words, where the person looks.
const LOGGER = { ...LoggerWithoutDebug, warn() {} };
// Half of the cores at most: beyond them threads take each other's time.
const threads = () => Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency || 2) / 2)));

/**
 * llama.cpp in a worker of this page. One model is in memory at a time.
 *
 * @param {string} wasm where the engine itself lies
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
    const made = new Wllama({ default: wasm }, { logger: LOGGER, suppressNativeLog: true });
    // Otherwise an old browser would be sent to somebody else's server for another engine.
    made.setCompat(null);
    running = made;
    try {
      // Small batches, because a stop is heard between two of them.
      const sizes = { n_ctx: CONTEXT_TOKENS, n_parallel: 1, n_batch: 64, n_ubatch: 64 };
      const loading = made.loadModel([file], { ...sizes, n_threads: threads(), n_gpu_layers: 0 });
      await withTimeout(loading, LOAD_MS, "slow");
      // Broken weights load without a word, and break the first answer.
      if (!(made.getLoadedContextInfo().n_vocab > 0)) throw new DeviceError("corrupt");
    } catch (error) {
      const code = errorCodeOf(error, "other");
      // Another load, or a cancel, may have taken this one's place meanwhile.
      if (running === made) await quit();
      else await made.exit();
      if (code === "corrupt") await weights.remove(model);
      throw new DeviceError(code);
    }
    slug = model.slug;
  };

  /** @type {DeviceEngine["answer"]} */
  const answer = async function* (model, messages, signal) {
    if (slug !== model.slug) await load(model);
    const asked = {
      messages,
      max_tokens: ANSWER_TOKENS,
      temperature: model.temperature,
      repeat_penalty: model.repeat_penalty,
      stream: /** @type {const} */ (true),
      return_progress: true,
      abortSignal: signal,
    };
    const words = (await /** @type {Wllama} */ (running).createChatCompletion(asked))[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await withTimeout(words.next(), IDLE_TIMEOUT_MS, "slow");
        if (done) return;
        yield pieceOf(value);
      }
    } catch (error) {
      if (signal.aborted) return;
      const code = errorCodeOf(error, "other");
      // Whatever broke it, a fresh worker from the stored weights is whole again.
      if (code !== "too_long") await quit();
      throw new DeviceError(code);
    }
  };

  return { load, quit, answer, loaded: () => slug };
}

/** @param {import("@wllama/wllama").ChatCompletionChunk} chunk @returns {DevicePiece} */
function pieceOf({ choices, timings, prompt_progress: reading }) {
  return {
    text: choices?.[0]?.delta?.content ?? "",
    isCut: choices?.[0]?.finish_reason === "length",
    perSecond: timings?.predicted_per_second ?? 0,
    promptTokens: timings ? timings.prompt_n + timings.cache_n : 0,
    read: reading ? reading.processed / Math.max(1, reading.total) : 0,
  };
}
