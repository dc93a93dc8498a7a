import { element, setText } from "../lib/dom.js";
import { codeWord, megabytes, word } from "../lib/words.js";
import { findShortage } from "./requirements.js";

/**
 * @import { ModelState } from "./model_state.js"
 * @import { DeviceModel } from "./requirements.js"
 * @typedef {{ fetch: () => void, start: () => void, cancel: () => void, remove: () => void }} CardActions
 * @typedef {{ host: HTMLElement, patch: (modelState: ModelState, isBlocked: boolean) => void }} DeviceCard
 */

/** @param {string} label @param {string} kind @param {() => void} press */
function textButton(label, kind, press) {
  const button = element("button", { type: "button", class: `button ${kind}` }, label);
  button.addEventListener("click", press);
  return button;
}

/**
 * One model that can be put on this device: what it is, how far it is, and the one thing to press next.
 *
 * @param {DeviceModel} model
 * @param {CardActions} actions
 * @returns {DeviceCard}
 */
export function deviceCard(model, actions) {
  const size = word("megabytes", { n: megabytes(model.bytes) });
  const title = element("h3", { id: `model-${model.slug}` }, model.name);
  const about = word(model.languages.includes("ko") ? "device_speaks_korean" : "device_speaks_english");
  const bar = element("progress", { max: model.bytes, "aria-labelledby": title.id });
  const far = element("output", { class: "device-progress-text number" });
  const progress = element("div", { class: "device-progress" }, bar, far);
  const stored = element("span", { class: "chip" }, word("device_stored"));
  const failure = element("p", { class: "notice danger", role: "alert" });
  const shortage = element("p", { class: "notice warning" });
  const fetching = textButton(word("device_fetch", { size }), "primary", actions.fetch);
  const starting = textButton(word("device_start"), "primary", actions.start);
  const cancel = textButton(word("cancel"), "", actions.cancel);
  const remove = textButton(word("device_remove", { size }), "quiet", actions.remove);
  const host = element(
    "li",
    { class: "device-model", "data-model": model.slug },
    element("header", {}, title, stored),
    element("p", { class: "hint" }, about),
    progress,
    failure,
    shortage,
    element("div", { class: "device-buttons" }, fetching, starting, cancel, remove),
  );

  /** @param {ModelState} modelState */
  const showProgress = ({ step, loaded }) => {
    if (step === "fetching") bar.value = loaded;
    else bar.removeAttribute("value");
    const n = megabytes(loaded);
    setText(far, step === "fetching" ? word("device_loaded", { n, size }) : word("device_starting"));
  };

  /** @type {ModelState | undefined} */
  let shown;
  let isBlocked = false;
  let short = "";

  const showBlocked = () => {
    fetching.disabled = starting.disabled = isBlocked || short !== "";
    shortage.hidden = !short;
    if (short) setText(shortage, codeWord("device_obstacle", short, "other"));
  };

  /** @param {string} code */
  const setShort = (code) => {
    short = code;
    showBlocked();
  };

  /** @param {ModelState} modelState */
  const showStep = ({ step, isHere, code }) => {
    const isBusy = step === "fetching" || step === "starting";
    const isResting = step === "absent" || step === "here" || step === "failed";
    host.dataset.step = step;
    progress.hidden = !isBusy;
    failure.hidden = step !== "failed";
    if (step === "failed") setText(failure, codeWord("device_failure", code, "other"));
    stored.hidden = !isResting || !isHere;
    fetching.hidden = !isResting || isHere;
    starting.hidden = remove.hidden = !isResting || !isHere;
    cancel.hidden = !isBusy;
    if (isResting) findShortage(model, isHere, navigator).then(setShort);
  };

  return {
    host,
    patch(modelState, blocked) {
      isBlocked = blocked;
      if (modelState.step !== shown?.step || modelState.isHere !== shown.isHere) showStep(modelState);
      if (!progress.hidden) showProgress(modelState);
      showBlocked();
      shown = modelState;
    },
  };
}
