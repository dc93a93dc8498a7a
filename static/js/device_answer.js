import { codeOf } from "./device_failure.js";
import { word } from "./words.js";

/**
 * @import { DeviceEngine } from "./device_engine.js"
 * @import { DeviceModel } from "./device_support.js"
 * @import { DeviceTurn, Figures } from "./device_turn.js"
 * @import { DeviceMessage, DeviceWindow } from "./device_window.js"
 * @import { Tail } from "./tail.js"
 * @typedef {{ engine: DeviceEngine, model: DeviceModel, messages: DeviceMessage[], signal: AbortSignal }} Asked
 * @typedef {{ text: string, isCut: boolean, promptTokens: number, figures: Figures }} Written
 */

/**
 * Answer a prompt with what is remembered before it; when the engine counts too much after all, without that.
 *
 * @param {DeviceWindow} memory
 * @param {string} prompt
 * @param {Asked} asked
 * @param {DeviceTurn} view
 * @param {Tail} tail
 * @returns {Promise<Written>}
 */
export async function answerWithin(memory, prompt, asked, view, tail) {
  try {
    return await writeAnswer(asked, view, tail);
  } catch (error) {
    if (codeOf(error, "other") !== "too_long" || !memory.forget()) throw error;
    return writeAnswer({ ...asked, messages: memory.read(prompt) ?? asked.messages }, view, tail);
  }
}

/**
 * Let a model answer and show each word as it comes.
 *
 * @param {Asked} asked
 * @param {DeviceTurn} view
 * @param {Tail} tail
 * @returns {Promise<Written>} what was written until the end, or until it was stopped
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
