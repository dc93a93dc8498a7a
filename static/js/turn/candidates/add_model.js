import { element, find } from "../../lib/dom.js";
import { translate } from "../../lib/messages.js";

/**
 * @import { TurnState } from "../../state/turn_types.js"
 * @typedef {{ host: HTMLElement, patch: (state: TurnState) => void }} AddModel
 */

/** Read the models on offer today and the largest panel from the composer's preferences. */
function readOffer() {
  const host = find(document, ".preferences");
  const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (
    host.querySelectorAll("[name=panel]:not([data-not-today])")
  );
  const models = [...boxes].map((box) => ({ slug: box.value, name: box.dataset.name ?? box.value }));
  return { models, panelLimit: Number(host.dataset.panelLimit) };
}

/**
 * The control that asks one more model about a finished turn.
 *
 * @param {(model: string) => void} add
 * @returns {AddModel}
 */
export function addModel(add) {
  const field = element("select", { class: "small", "aria-label": translate("add_model") });
  const ask = element(
    "button",
    { type: "button", class: "button small", disabled: true },
    translate("add_ask"),
  );
  const host = element("div", { class: "add-model", hidden: true }, field, ask);
  // Choosing sends nothing yet: a keyboard user passes through every option on the way.
  field.addEventListener("change", () => {
    ask.disabled = !field.value;
  });
  ask.addEventListener("click", () => {
    const model = field.value;
    field.value = "";
    ask.disabled = true;
    add(model);
  });
  let shownKey = "";

  return {
    host,
    patch({ status, candidates }) {
      const panel = candidates.map(({ model }) => model);
      const { models, panelLimit } = readOffer();
      const free = models.filter(({ slug }) => !panel.includes(slug));
      const isFull = panel.length >= panelLimit || free.length === 0;
      host.hidden = status === "running" || panel.length === 0 || isFull;
      if (host.hidden || shownKey === panel.join()) return;
      shownKey = panel.join();
      field.replaceChildren(
        element("option", { value: "" }, translate("add_model")),
        ...free.map(({ slug, name }) => element("option", { value: slug }, name)),
      );
    },
  };
}
