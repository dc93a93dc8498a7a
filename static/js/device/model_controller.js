import { announce } from "../lib/announcer.js";
import { openDialog } from "../lib/dialogs.js";
import { find, setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
import { errorCodeOf } from "./errors.js";
import { INITIAL_STATE, nextState } from "./model_state.js";

/**
 * @import { DeviceEngine } from "./engine.js"
 * @import { ModelState, StepEvent } from "./model_state.js"
 * @import { DeviceModel } from "./requirements.js"
 * @import { DeviceWeights } from "./weights.js"
 * @typedef {{ engine: DeviceEngine, weights: DeviceWeights, onStep: () => void, onReady: () => void }} ControllerContext
 * @typedef {{
 *   state: () => ModelState, checkStored: () => void, fetch: () => void, start: () => void, cancel: () => void,
 *   remove: () => void, quit: () => void,
 * }} ModelController
 */

/**
 * Fetch, start and remove one model; an action that its state does not allow does nothing.
 *
 * @param {DeviceModel} model
 * @param {ControllerContext} context
 * @returns {ModelController}
 */
export function openModelController(model, { engine, weights, onStep, onReady }) {
  const { state, step, run, fail, abort } = openModelTask(model, weights, onStep);

  /** @param {"start" | "arrived"} type */
  const start = (type) =>
    run({ type }, async (signal) => {
      announce(translate("device_starting"));
      await engine.load(model);
      if (!signal.aborted && step({ type: "started" })) onReady();
    });

  const fetch = () =>
    run({ type: "fetch" }, async (signal) => {
      // Persistent storage is not evicted when space gets short; the browser may refuse.
      navigator.storage.persist().catch(() => false);
      await weights.fetch(model, (loaded) => step({ type: "loaded", loaded }), signal);
      if (!signal.aborted) await start("arrived");
    });

  const cancel = () => {
    const isStarting = state().step === "starting";
    if (!step({ type: "cancel" })) return;
    abort();
    if (isStarting) engine.quit();
  };

  const remove = async () => {
    setText(find(document, ".remove-name"), model.name);
    if (!(await openDialog("remove-dialog"))) return;
    const isGone = await weights.remove(model).then(() => true, fail);
    if (isGone && step({ type: "remove" })) announce(translate("device_removed"));
  };

  const checkStored = () =>
    weights.isStored(model).then((isStored) => step({ type: "found", isStored }), fail);
  const quit = () => step({ type: "quit" });
  return { state, checkStored, fetch, start: () => start("start"), cancel, remove, quit };
}

/**
 * The state of a model and the work that is running for it.
 *
 * @param {DeviceModel} model
 * @param {DeviceWeights} weights
 * @param {() => void} onStep
 */
function openModelTask(model, weights, onStep) {
  let state = INITIAL_STATE;
  let running = new AbortController();

  /** @param {StepEvent} event @returns {boolean} whether the event changed the state */
  const step = (event) => {
    const next = nextState(state, event);
    const isChanged = next !== state;
    state = next;
    onStep();
    return isChanged;
  };

  /** @param {unknown} error */
  const fail = async (error) => {
    const isStored = await weights.isStored(model).catch(() => false);
    step({ type: "failed", isStored, code: errorCodeOf(error, "other") });
  };

  /** @param {StepEvent} event @param {(signal: AbortSignal) => Promise<void>} work */
  const run = async (event, work) => {
    if (!step(event)) return;
    running = new AbortController();
    const { signal } = running;
    await work(signal).catch((error) => (signal.aborted ? undefined : fail(error)));
  };

  return { state: () => state, step, fail, run, abort: () => running.abort() };
}
