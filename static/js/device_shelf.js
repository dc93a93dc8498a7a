import { announce } from "./announcer.js";
import { deviceCard } from "./device_card.js";
import { codeOf } from "./device_failure.js";
import { LOOKING, move } from "./device_steps.js";
import { openDialog } from "./dialogs.js";
import { find, setText } from "./element.js";
import { word } from "./words.js";

/**
 * @import { DeviceEngine } from "./device_engine.js"
 * @import { Standing, StepEvent } from "./device_steps.js"
 * @import { DeviceModel } from "./device_support.js"
 * @import { DeviceWeights } from "./device_weights.js"
 * @typedef {{ model: DeviceModel, card: import("./device_card.js").DeviceCard, standing: Standing,
 *   ending: AbortController }} Place
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
export function openShelf(models, weights, engine, ready) {
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
    const place = { model, card, standing: LOOKING, ending: new AbortController() };
    return place;
  });
  const isBusy = () => places.some(({ standing: { step } }) => step === "fetching" || step === "starting");

  /** @param {Place} place @param {StepEvent} event @returns {boolean} whether it meant anything */
  const step = (place, event) => {
    const next = move(place.standing, event);
    const isNew = next !== place.standing;
    const wasBusy = isBusy();
    place.standing = next;
    if (wasBusy === isBusy()) place.card.patch(next, wasBusy);
    else for (const { card, standing } of places) card.patch(standing, !wasBusy);
    return isNew;
  };

  /** @param {Place} place @param {unknown} error */
  const fail = async (place, error) => {
    const isHere = await weights.isHere(place.model).catch(() => false);
    step(place, { type: "failed", isHere, code: codeOf(error, "other") });
  };

  /** @param {Place} place */
  const fetch = async (place) => {
    if (!step(place, { type: "fetch" })) return;
    const ending = new AbortController();
    place.ending = ending;
    // Asked for, so that the browser does not throw the weights out when space gets short; it may say no.
    navigator.storage.persist().catch(() => false);
    try {
      const told = (/** @type {number} */ loaded) => step(place, { type: "loaded", loaded });
      await weights.fetch(place.model, told, ending.signal);
      if (!ending.signal.aborted) await start(place, "arrived");
    } catch (error) {
      if (!ending.signal.aborted) await fail(place, error);
    }
  };

  /** @param {Place} place @param {"start" | "arrived"} type */
  const start = async (place, type) => {
    if (!step(place, { type })) return;
    const ending = new AbortController();
    place.ending = ending;
    announce(word("device_starting"));
    try {
      await engine.load(place.model);
      if (ending.signal.aborted) return;
      step(place, { type: "started" });
      ready(place.model);
    } catch (error) {
      if (!ending.signal.aborted) await fail(place, error);
    }
  };

  /** @param {Place} place */
  const cancel = (place) => {
    const isStarting = place.standing.step === "starting";
    if (!step(place, { type: "cancel" })) return;
    place.ending.abort();
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
    place.card.patch(place.standing, false);
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
