import { word } from "../lib/words.js";
import { errorCodeOf } from "./errors.js";

/**
 * @import { DeviceEngine } from "./engine.js"
 * @import { DeviceModel } from "./requirements.js"
 * @import { DeviceTurn, Figures } from "./turn_view.js"
 * @import { DeviceMessage, ContextWindow } from "./context_window.js"
 * @import { ScrollFollow } from "../transcript/scroll_follow.js"
 * @typedef {{ engine: DeviceEngine, model: DeviceModel, messages: DeviceMessage[], signal: AbortSignal }} AnswerRequest
 * @typedef {{ text: string, isCut: boolean, promptTokens: number, figures: Figures }} GeneratedAnswer
 */

/**
 * Answer a prompt with what is remembered before it; when the engine counts too much after all, without that.
 *
 * @param {ContextWindow} memory
 * @param {string} prompt
 * @param {AnswerRequest} request
 * @param {DeviceTurn} view
 * @param {ScrollFollow} tail
 * @returns {Promise<GeneratedAnswer>}
 */
export async function answerInContext(memory, prompt, request, view, tail) {
  try {
    return await writeAnswer(request, view, tail);
  } catch (error) {
    if (errorCodeOf(error, "other") !== "too_long" || !memory.forget()) throw error;
    return writeAnswer({ ...request, messages: memory.read(prompt) ?? request.messages }, view, tail);
  }
}

/**
 * Let a model answer and show each word as it comes.
 *
 * @param {AnswerRequest} request
 * @param {DeviceTurn} view
 * @param {ScrollFollow} tail
 * @returns {Promise<GeneratedAnswer>} what was written until the end, or until it was stopped
 */
async function writeAnswer({ engine, model, messages, signal }, view, tail) {
  const began = performance.now();
  const written = { text: "", isCut: false, promptTokens: 0, figures: { perSecond: 0, firstWordMs: 0 } };
  for await (const piece of engine.answer(model, messages, signal)) {
    if (piece.text && !written.text) written.figures.firstWordMs = performance.now() - began;
    written.text += piece.text;
    written.isCut ||= piece.isCut;
    written.promptTokens ||= piece.promptTokens;
    written.figures.perSecond ||= piece.perSecond;
    if (signal.aborted) continue;
    tail.before();
    if (written.text) view.show(written.text);
    else if (piece.read) view.note(word("device_read", { n: Math.round(piece.read * 100) }));
    tail.after();
  }
  return written;
}
