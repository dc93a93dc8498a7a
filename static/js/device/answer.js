import { translate } from "../lib/messages.js";
import { errorCodeOf } from "./errors.js";

/**
 * @import { DeviceEngine } from "./engine.js"
 * @import { DeviceModel } from "./requirements.js"
 * @import { DeviceTurn, Figures } from "./turn_view.js"
 * @import { DeviceTurnList } from "./turn_list.js"
 * @import { DeviceMessage, ContextWindow } from "./context_window.js"
 * @import { ScrollFollow } from "../transcript/scroll_follow.js"
 * @typedef {{ engine: DeviceEngine, model: DeviceModel, messages: DeviceMessage[], signal: AbortSignal }} AnswerRequest
 * @typedef {{ text: string, isCut: boolean, promptTokens: number, figures: Figures }} GeneratedAnswer
 * @typedef {{
 *   isRunning: () => boolean, stop: () => boolean, abandon: () => void,
 *   run: (model: DeviceModel, prompt: string, messages: DeviceMessage[], view: DeviceTurn) => Promise<void>,
 * }} AnswerRunner
 */

// A worker that does not react to a stop for so long is terminated.
const STOP_TIMEOUT_MS = 10_000;

/**
 * Run one answer at a time and show it.
 *
 * @param {DeviceEngine} engine
 * @param {DeviceTurnList} turns
 * @param {() => ContextWindow} context of the current model
 * @param {(perSecond: number) => void} onChange gets the speed of an answer, or 0 while nothing was measured
 * @returns {AnswerRunner}
 */
export function openAnswerRunner(engine, turns, context, onChange) {
  /** @type {AbortController | null} */
  let running = null;

  const stop = () => {
    const stopped = running;
    if (!stopped || stopped.signal.aborted) return stopped !== null;
    turns.views.at(-1)?.note(translate("device_stopping"));
    stopped.abort();
    setTimeout(() => running === stopped && engine.quit(), STOP_TIMEOUT_MS);
    return true;
  };

  return {
    stop,
    isRunning: () => running !== null,
    abandon() {
      stop();
      running = null;
    },
    async run(model, prompt, messages, view) {
      const controller = new AbortController();
      const request = { engine, model, messages, signal: controller.signal };
      running = controller;
      onChange(0);
      let perSecond = 0;
      try {
        const written = await answerInContext(context(), prompt, request, view, turns.scrollFollow);
        perSecond = written.figures.perSecond;
        keepAnswer(context(), turns, view, prompt, written);
        view.end(controller.signal.aborted ? "stopped" : written.isCut ? "cut" : "done", written.figures);
      } catch (error) {
        view.end("failed", undefined, errorCodeOf(error, "other"));
      }
      if (running === controller) running = null;
      turns.scrollFollow.after();
      onChange(perSecond);
    },
  };
}

/**
 * Add an answer to the context of later ones, a stopped one too, unless its turn left the page meanwhile.
 *
 * @param {ContextWindow} context
 * @param {DeviceTurnList} turns
 * @param {DeviceTurn} view
 * @param {string} prompt
 * @param {GeneratedAnswer} written
 */
function keepAnswer(context, turns, view, prompt, { text, promptTokens }) {
  context.calibrate(promptTokens);
  turns.showContextLimit(context.droppedTurns(), view);
  if (!text || !turns.views.includes(view)) return;
  context.add({ prompt, answer: text });
  turns.answered.push({ view, prompt, answer: text });
}

/**
 * Answer a prompt with the turns in the context; when the engine finds them too long after all, without them.
 *
 * @param {ContextWindow} context
 * @param {string} prompt
 * @param {AnswerRequest} request
 * @param {DeviceTurn} view
 * @param {ScrollFollow} scrollFollow
 * @returns {Promise<GeneratedAnswer>}
 */
async function answerInContext(context, prompt, request, view, scrollFollow) {
  try {
    return await streamAnswer(request, view, scrollFollow);
  } catch (error) {
    if (errorCodeOf(error, "other") !== "too_long" || !context.dropAll()) throw error;
    const messages = context.messagesFor(prompt) ?? request.messages;
    return streamAnswer({ ...request, messages }, view, scrollFollow);
  }
}

/**
 * Show an answer while the model writes it.
 *
 * @param {AnswerRequest} request
 * @param {DeviceTurn} view
 * @param {ScrollFollow} scrollFollow
 * @returns {Promise<GeneratedAnswer>} what was written until the end or the stop
 */
async function streamAnswer({ engine, model, messages, signal }, view, scrollFollow) {
  const startedAt = performance.now();
  const written = { text: "", isCut: false, promptTokens: 0, figures: { perSecond: 0, firstWordMs: 0 } };
  for await (const piece of engine.answer(model, messages, signal)) {
    if (piece.text && !written.text) written.figures.firstWordMs = performance.now() - startedAt;
    written.text += piece.text;
    written.isCut ||= piece.isCut;
    written.promptTokens ||= piece.promptTokens;
    written.figures.perSecond ||= piece.perSecond;
    if (signal.aborted) continue;
    scrollFollow.before();
    if (written.text) view.show(written.text);
    else if (piece.readShare) view.note(translate("device_read", { n: Math.round(piece.readShare * 100) }));
    scrollFollow.after();
  }
  return written;
}
