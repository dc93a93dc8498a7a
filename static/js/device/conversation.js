import { openAnswerRunner } from "./answer.js";
import { openContextWindow } from "./context_window.js";
import { openTurnList } from "./turn_list.js";
import { deviceTurn } from "./turn_view.js";

/**
 * @import { DeviceEngine } from "./engine.js"
 * @import { DeviceModel } from "./requirements.js"
 * @import { DeviceTurn } from "./turn_view.js"
 * @import { ContextWindow } from "./context_window.js"
 * @typedef {{
 *   setModel: (model: DeviceModel) => void, ask: (prompt: string) => string, stop: () => boolean, clear: () => void,
 *   isAnswering: () => boolean,
 * }} DeviceConversation
 */

/**
 * The conversation on the device. It exists in the memory of this page only: nothing of it is stored or sent.
 *
 * @param {DeviceEngine} engine
 * @param {(prompt: string) => string} helpFor returns the help lines for a prompt about a crisis, else ""
 * @param {(perSecond: number) => void} onChange gets the speed of an answer, or 0 while nothing was measured
 * @returns {DeviceConversation}
 */
export function openConversation(engine, helpFor, onChange) {
  const turns = openTurnList(() => runner.isRunning());
  const runner = openAnswerRunner(engine, turns, () => current.context, onChange);
  /** @type {{ model: DeviceModel, context: ContextWindow }} */
  let current;

  /** @param {string} prompt @returns {string} the code of why it is refused, "" when it is asked */
  const ask = (prompt) => {
    if (runner.isRunning()) return "answering";
    const help = helpFor(prompt);
    const messages = help ? [] : current.context.messagesFor(prompt);
    if (!messages) return "too_long";
    const view = deviceTurn(prompt, () => {
      if (runner.isRunning()) return;
      turns.remove(view);
      ask(prompt);
    });
    turns.append(view, current.context.droppedTurns());
    if (help) showHelp(view, help);
    else runner.run(current.model, prompt, messages, view);
    return "";
  };

  return {
    ask,
    stop: runner.stop,
    isAnswering: runner.isRunning,
    setModel(model) {
      current = { model, context: openContextWindow(model.system_prompt, model.tokens_per_syllable) };
      turns.answered.forEach(current.context.add);
      turns.hideContextLimit();
    },
    clear() {
      runner.abandon();
      turns.clear();
      current.context.clear();
    },
  };
}

/** @param {DeviceTurn} view @param {string} help */
function showHelp(view, help) {
  view.show(help);
  view.end("help");
}
