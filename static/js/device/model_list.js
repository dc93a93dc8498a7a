import { find } from "../lib/dom.js";
import { modelCard } from "./model_card.js";
import { openModelController } from "./model_controller.js";

/**
 * @import { DeviceEngine } from "./engine.js"
 * @import { DeviceModel } from "./requirements.js"
 * @import { DeviceWeights } from "./weights.js"
 */

/**
 * The models on offer, one card each; while one is fetched or started, the others cannot be.
 *
 * @param {DeviceModel[]} models
 * @param {DeviceWeights} weights
 * @param {DeviceEngine} engine
 * @param {(model: DeviceModel) => void} onReady
 * @returns {{ quit: () => void, isBusy: () => boolean }}
 */
export function openModelList(models, weights, engine, onReady) {
  const entries = models.map((model) => {
    /** @type {import("./model_controller.js").ModelController} */
    const controller = openModelController(model, {
      engine,
      weights,
      onStep: () => update(card),
      onReady: () => onReady(model),
    });
    const card = modelCard(model, controller);
    return { controller, card };
  });
  let wasBusy = false;

  const isBusy = () =>
    entries.some(({ controller }) => ["fetching", "starting"].includes(controller.state().step));

  /** @param {import("./model_card.js").ModelCard} changed */
  const update = (changed) => {
    const busy = isBusy();
    for (const { controller, card } of entries)
      if (card === changed || busy !== wasBusy) card.patch(controller.state(), busy);
    wasBusy = busy;
  };

  find(document, ".device-models").replaceChildren(...entries.map(({ card }) => card.host));
  for (const { controller, card } of entries) {
    card.patch(controller.state(), false);
    controller.checkStored();
  }

  return {
    isBusy,
    quit() {
      engine.quit();
      for (const { controller } of entries) controller.quit();
    },
  };
}
