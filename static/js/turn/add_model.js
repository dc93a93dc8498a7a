import { element } from "../lib/dom.js";
import { word } from "../lib/words.js";

/**
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ host: HTMLElement, patch: (state: TurnState) => void }} AddModel
 */

const MAX_PANEL = 8;

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
  const field = element("select", { class: "small", "aria-label": word("add_model") });
  const ask = element("button", { type: "button", class: "button small", disabled: true }, word("add_ask"));
  const host = element("div", { class: "add-model", hidden: true }, field, ask);
  // To choose asks nobody yet: whoever goes through the list by the keyboard chooses each on the way.
  field.addEventListener("change", () => {
    ask.disabled = !field.value;
  });
  ask.addEventListener("click", () => {
    const model = field.value;
    field.value = "";
    ask.disabled = true;
    add(model);
  });
  let key = "";

  return {
    host,
    patch(state) {
      const askedModels = state.candidates.map((each) => each.model);
      const free = modelsOnOffer().filter((model) => !askedModels.includes(model.slug));
      host.hidden =
        state.status === "running" ||
        askedModels.length === 0 ||
        askedModels.length >= MAX_PANEL ||
        free.length === 0;
      if (host.hidden || key === askedModels.join()) return;
      key = askedModels.join();
      field.replaceChildren(
        element("option", { value: "" }, word("add_model")),
        ...free.map((model) => element("option", { value: model.slug }, model.name)),
      );
    },
  };
}
