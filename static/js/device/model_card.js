import { element, setText } from "../lib/dom.js";
import { megabytes, translate, translateCode } from "../lib/messages.js";
import { findShortage } from "./requirements.js";

/**
 * @import { ModelState } from "./model_state.js"
 * @import { DeviceModel } from "./requirements.js"
 * @typedef {{ fetch: () => void, start: () => void, cancel: () => void, remove: () => void }} CardActions
 * @typedef {{ host: HTMLElement, patch: (modelState: ModelState, isBlocked: boolean) => void }} ModelCard
 */

/**
 * The card of one model that can run on this device: its description, its progress, and the buttons for the next step.
 *
 * @param {DeviceModel} model
 * @param {CardActions} actions
 * @returns {ModelCard}
 */
export function modelCard(model, actions) {
  const size = translate("megabytes", { n: megabytes(model.bytes) });
  const title = element("h3", { id: `model-${model.slug}` }, model.name);
  const stored = element("span", { class: "chip" }, translate("device_stored"));
  const about = translate(model.languages.includes("ko") ? "device_speaks_korean" : "device_speaks_english");
  const progress = progressBar(model, title.id, size);
  const failure = element("p", { class: "notice danger", role: "alert" });
  const buttons = cardButtons(size, actions);
  const shortage = shortageNotice(model, buttons);
  const head = element("header", {}, title, stored);
  const host = element("li", { class: "device-model", "data-model": model.slug }, head);
  host.append(element("p", { class: "hint" }, about), progress.host, failure, shortage.host, buttons.host);
  /** @type {ModelState | undefined} */
  let shown;

  /** @param {ModelState} modelState */
  const showStep = ({ step, isStored, code }) => {
    const isResting = step === "absent" || step === "stored" || step === "failed";
    host.dataset.step = step;
    failure.hidden = step !== "failed";
    if (step === "failed") setText(failure, translateCode("device_failure", code, "other"));
    stored.hidden = !isResting || !isStored;
    buttons.show(isResting, isStored, isBusy(step));
    if (isResting) shortage.check(isStored);
  };

  return {
    host,
    patch(modelState, isBlocked) {
      if (modelState.step !== shown?.step || modelState.isStored !== shown.isStored) showStep(modelState);
      progress.patch(modelState);
      shortage.patch(isBlocked);
      shown = modelState;
    },
  };
}

/** @param {ModelState["step"]} step */
const isBusy = (step) => step === "fetching" || step === "starting";

/** @param {DeviceModel} model @param {string} titleId @param {string} size */
function progressBar(model, titleId, size) {
  const bar = element("progress", { max: model.bytes, "aria-labelledby": titleId });
  const text = element("output", { class: "device-progress-text number" });
  const host = element("div", { class: "device-progress" }, bar, text);
  return {
    host,
    /** @param {ModelState} modelState */
    patch({ step, loaded }) {
      host.hidden = !isBusy(step);
      if (host.hidden) return;
      if (step === "fetching") bar.value = loaded;
      else bar.removeAttribute("value");
      const n = megabytes(loaded);
      setText(
        text,
        step === "fetching" ? translate("device_loaded", { n, size }) : translate("device_starting"),
      );
    },
  };
}

/** @param {string} size @param {CardActions} actions */
function cardButtons(size, actions) {
  const fetching = textButton(translate("device_fetch", { size }), "primary", actions.fetch);
  const starting = textButton(translate("device_start"), "primary", actions.start);
  const cancel = textButton(translate("cancel"), "", actions.cancel);
  const remove = textButton(translate("device_remove", { size }), "quiet", actions.remove);
  return {
    host: element("div", { class: "device-buttons" }, fetching, starting, cancel, remove),
    /** @param {boolean} isResting @param {boolean} isStored @param {boolean} canCancel */
    show(isResting, isStored, canCancel) {
      fetching.hidden = !isResting || isStored;
      starting.hidden = remove.hidden = !isResting || !isStored;
      cancel.hidden = !canCancel;
    },
    /** @param {boolean} isDisabled */
    setDisabled(isDisabled) {
      fetching.disabled = starting.disabled = isDisabled;
    },
  };
}

/** @param {string} label @param {string} kind @param {() => void} press */
function textButton(label, kind, press) {
  const button = element("button", { type: "button", class: `button ${kind}` }, label);
  button.addEventListener("click", press);
  return button;
}

/**
 * The notice of what the device has too little of, and the buttons that this or another busy model disables.
 *
 * @param {DeviceModel} model
 * @param {ReturnType<typeof cardButtons>} buttons
 */
function shortageNotice(model, buttons) {
  const host = element("p", { class: "notice warning" });
  let code = "";
  let isBlocked = false;
  /** @param {boolean} blocked whether another model is busy */
  const patch = (blocked) => {
    isBlocked = blocked;
    buttons.setDisabled(isBlocked || code !== "");
    host.hidden = !code;
    if (code) setText(host, translateCode("device_unsupported", code, "other"));
  };
  return {
    host,
    patch,
    /** @param {boolean} isStored */
    async check(isStored) {
      code = await findShortage(model, isStored, navigator);
      patch(isBlocked);
    },
  };
}
