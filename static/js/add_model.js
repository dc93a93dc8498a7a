import { element } from "./element.js";
import { word } from "./words.js";

/**
 * @import { TurnState } from "./turn_shapes.js"
 * @typedef {{ host: HTMLSelectElement, patch: (state: TurnState) => void }} AddModel
 */

const MOST = 8;

/** Every model on offer, as the composer's wishes list them. */
const modelsOnOffer = () =>
  [.../** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll(".wishes [name=panel]"))].map(
    (box) => ({ slug: box.value, name: box.dataset.name ?? box.value }),
  );

/**
 * A quiet control that asks one more model about a turn that has ended.
 *
 * @param {(model: string) => void} add
 * @returns {AddModel}
 */
export function addModel(add) {
  const host = element("select", { class: "add-model small", "aria-label": word("add_model"), hidden: true });
  host.addEventListener("change", () => {
    if (host.value) add(host.value);
    host.value = "";
  });
  let key = "";

  return {
    host,
    patch(state) {
      const seated = state.candidates.map((each) => each.model);
      const free = modelsOnOffer().filter((model) => !seated.includes(model.slug));
      host.hidden =
        state.status === "running" || seated.length === 0 || seated.length >= MOST || free.length === 0;
      if (host.hidden || key === seated.join()) return;
      key = seated.join();
      host.replaceChildren(
        element("option", { value: "" }, word("add_model")),
        ...free.map((model) => element("option", { value: model.slug }, model.name)),
      );
    },
  };
}
