import { element, find, setText } from "../lib/dom.js";
import { word } from "../lib/words.js";
import { openScrollFollow } from "../transcript/scroll_follow.js";
import { answerInContext } from "./answer.js";
import { openContextWindow } from "./context_window.js";
import { errorCodeOf } from "./errors.js";
import { deviceTurn } from "./turn_view.js";

/**
 * @import { DeviceEngine } from "./engine.js"
 * @import { DeviceModel } from "./requirements.js"
 * @import { DeviceTurn } from "./turn_view.js"
 * @import { DeviceMessage, ContextWindow } from "./context_window.js"
 * @typedef {{ view: DeviceTurn, prompt: string, answer: string }} ShownTurn
 * @typedef {{
 *   setModel: (model: DeviceModel) => void, ask: (prompt: string) => string, stop: () => boolean, clear: () => void,
 *   isAnswering: () => boolean,
 * }} DeviceConversation
 */

// What does not hear a stop for so long is ended with its worker.
const STOP_MS = 10_000;

/**
 * The conversation. It is held by this page alone, in memory: nothing of it is stored or sent.
 *
 * @param {DeviceEngine} engine
 * @param {(prompt: string) => string} helpFor the help lines when the prompt tells of a crisis, else ""
 * @param {(perSecond: number) => void} changed told the speed of an answer, or 0 while nothing was measured
 * @returns {DeviceConversation}
 */
export function openConversation(engine, helpFor, changed) {
  const host = find(document, ".device-turns");
  const divider = element("p", { class: "device-forgotten", role: "status" });
  /** @type {DeviceTurn[]} */
  let views = [];
  /** @type {ShownTurn[]} what a model may be reminded of */
  let told = [];
  /** @type {AbortController | null} */
  let answering = null;
  /** @type {DeviceModel} */
  let model;
  /** @type {ContextWindow} */
  let memory;
  const tail = openScrollFollow(
    () => views.at(-1)?.bottom() ?? 0,
    () => answering !== null,
  );

  /** @param {DeviceTurn} view that is asked now */
  const showContextLimit = (view) => {
    const first = memory.forgotten();
    if (first) (told[first]?.view ?? view).host.before(divider);
    setText(divider, word("device_forgotten"));
  };

  /** @param {DeviceTurn} view */
  const append = (view) => {
    for (const other of views) other.host.classList.remove("fresh");
    views.push(view);
    host.append(view.host);
    showContextLimit(view);
    tail.follow();
    view.host.scrollIntoView({ block: "start" });
  };

  /** @param {string} prompt @param {DeviceMessage[]} messages */
  const answer = async (prompt, messages) => {
    const controller = new AbortController();
    const view = deviceTurn(prompt, () => retry(view, prompt));
    answering = controller;
    append(view);
    changed(0);
    let perSecond = 0;
    try {
      const asked = { engine, model, messages, signal: controller.signal };
      const { text, isCut, promptTokens, figures } = await answerInContext(memory, prompt, asked, view, tail);
      perSecond = figures.perSecond;
      memory.learn(promptTokens);
      const isStopped = controller.signal.aborted;
      showContextLimit(view);
      // What was cut off was said all the same, unless the conversation was left meanwhile.
      if (text && views.includes(view)) {
        memory.remember({ prompt, answer: text });
        told.push({ view, prompt, answer: text });
      }
      view.end(isStopped ? "stopped" : isCut ? "cut" : "done", figures);
    } catch (error) {
      view.end("failed", undefined, errorCodeOf(error, "other"));
    } finally {
      if (answering === controller) answering = null;
      tail.after();
      changed(perSecond);
    }
  };

  /** @param {DeviceTurn} view @param {string} prompt */
  const retry = (view, prompt) => {
    if (answering) return;
    view.host.remove();
    views = views.filter((each) => each !== view);
    ask(prompt);
  };

  /** @param {string} prompt @returns {string} the code of why it is not asked */
  const ask = (prompt) => {
    if (answering) return "answering";
    const help = helpFor(prompt);
    if (help) {
      const view = deviceTurn(prompt, () => {});
      append(view);
      view.show(help);
      view.end("help");
      return "";
    }
    const messages = memory.read(prompt);
    if (!messages) return "too_long";
    answer(prompt, messages);
    return "";
  };

  const stop = () => {
    const stopped = answering;
    if (!stopped || stopped.signal.aborted) return stopped !== null;
    views.at(-1)?.note(word("device_stopping"));
    stopped.abort();
    setTimeout(() => answering === stopped && engine.quit(), STOP_MS);
    return true;
  };

  return {
    ask,
    stop,
    isAnswering: () => answering !== null,
    setModel(next) {
      model = next;
      memory = openContextWindow(next.system_prompt, next.tokens_per_syllable);
      told.forEach(memory.remember);
      divider.remove();
    },
    clear() {
      stop();
      answering = null;
      views = [];
      told = [];
      memory.clear();
      host.replaceChildren();
    },
  };
}
