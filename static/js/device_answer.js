import { word } from "./words.js";

/**
 * @import { DeviceEngine } from "./device_engine.js"
 * @import { DeviceModel } from "./device_support.js"
 * @import { DeviceTurn, Figures } from "./device_turn.js"
 * @import { DeviceMessage } from "./device_window.js"
 * @import { Tail } from "./tail.js"
 * @typedef {{ text: string, isCut: boolean, promptTokens: number, figures: Figures }} Written
 */

/**
 * Let a model answer and show each word as it comes.
 *
 * @param {{ engine: DeviceEngine, model: DeviceModel, messages: DeviceMessage[], signal: AbortSignal }} asked
 * @param {DeviceTurn} view
 * @param {Tail} tail
 * @returns {Promise<Written>} what was written until the end, or until it was stopped
 */
export async function writeAnswer({ engine, model, messages, signal }, view, tail) {
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
