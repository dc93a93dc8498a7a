import { announce } from "../lib/announcer.js";
import { openDialog } from "../lib/dialogs.js";
import { find, setText } from "../lib/dom.js";
import { word } from "../lib/words.js";
import { errorCodeOf } from "./errors.js";
import { deviceCard } from "./model_card.js";
import { INITIAL_STATE, nextState } from "./model_state.js";

/**
 * @import { DeviceEngine } from "./engine.js"
 * @import { ModelState, StepEvent } from "./model_state.js"
 * @import { DeviceModel } from "./requirements.js"
 * @import { DeviceWeights } from "./weights.js"
 * @typedef {{ model: DeviceModel, card: import("./model_card.js").DeviceCard, modelState: ModelState,
 *   controller: AbortController }} Place
 */

/**
 * The models of this page, each with what it takes to have it answer here.
 *
 * @param {DeviceModel[]} models
 * @param {DeviceWeights} weights
 * @param {DeviceEngine} engine
 * @param {(model: DeviceModel) => void} ready
 * @returns {{ quit: () => void, isBusy: () => boolean }}
 */
export function openModelList(models, weights, engine, ready) {
  const host = find(document, ".device-models");
  /** @type {Place[]} */
  const places = models.map((model) => {
    const card = deviceCard(model, {
      fetch: () => fetch(place),
      start: () => start(place, "start"),
      cancel: () => cancel(place),
      remove: () => remove(place),
    });
    /** @type {Place} */
    const place = { model, card, modelState: INITIAL_STATE, controller: new AbortController() };
    return place;
  });
  const isBusy = () => places.some(({ modelState: { step } }) => step === "fetching" || step === "starting");

  /** @param {Place} place @param {StepEvent} event @returns {boolean} whether it meant anything */
  const step = (place, event) => {
    const next = nextState(place.modelState, event);
    const isNew = next !== place.modelState;
    const wasBusy = isBusy();
    place.modelState = next;
    if (wasBusy === isBusy()) place.card.patch(next, wasBusy);
    else for (const { card, modelState } of places) card.patch(modelState, !wasBusy);
    return isNew;
  };

  /** @param {Place} place @param {unknown} error */
  const fail = async (place, error) => {
    const isHere = await weights.isHere(place.model).catch(() => false);
    step(place, { type: "failed", isHere, code: errorCodeOf(error, "other") });
  };

  /** @param {Place} place */
  const fetch = async (place) => {
    if (!step(place, { type: "fetch" })) return;
    const controller = new AbortController();
    place.controller = controller;
    // Asked for, so that the browser does not throw the weights out when space gets short; it may say no.
    navigator.storage.persist().catch(() => false);
    try {
      const onProgress = (/** @type {number} */ loaded) => step(place, { type: "loaded", loaded });
      await weights.fetch(place.model, onProgress, controller.signal);
      if (!controller.signal.aborted) await start(place, "arrived");
    } catch (error) {
      if (!controller.signal.aborted) await fail(place, error);
    }
  };

  /** @param {Place} place @param {"start" | "arrived"} type */
  const start = async (place, type) => {
    if (!step(place, { type })) return;
    const controller = new AbortController();
    place.controller = controller;
    announce(word("device_starting"));
    try {
      await engine.load(place.model);
      if (controller.signal.aborted) return;
      step(place, { type: "started" });
      ready(place.model);
    } catch (error) {
      if (!controller.signal.aborted) await fail(place, error);
    }
  };

  /** @param {Place} place */
  const cancel = (place) => {
    const isStarting = place.modelState.step === "starting";
    if (!step(place, { type: "cancel" })) return;
    place.controller.abort();
    if (isStarting) engine.quit();
  };

  /** @param {Place} place */
  const remove = async (place) => {
    setText(find(document, ".remove-name"), place.model.name);
    if (!(await openDialog("remove-dialog"))) return;
    try {
      await weights.remove(place.model);
    } catch (error) {
      await fail(place, error);
      return;
    }
    if (step(place, { type: "remove" })) announce(word("device_removed"));
  };

  host.replaceChildren(...places.map(({ card }) => card.host));
  for (const place of places) {
    place.card.patch(place.modelState, false);
    weights.isHere(place.model).then(
      (isHere) => step(place, { type: "found", isHere }),
      (error) => fail(place, error),
    );
  }

  return {
    isBusy,
    quit() {
      engine.quit();
      for (const place of places) step(place, { type: "quit" });
    },
  };
}
