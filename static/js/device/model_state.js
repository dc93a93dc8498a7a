/**
 * How far a model is on this device. A press that means nothing where it stands changes nothing, so that pressing
 * twice does what pressing once does.
 *
 * @typedef {"looking" | "absent" | "fetching" | "starting" | "here" | "running" | "failed"} Step
 * @typedef {{ step: Step, isHere: boolean, loaded: number, code: string }} ModelState
 * @typedef {{ type: "found" | "failed", isHere: boolean, code?: string } | { type: "loaded", loaded: number }
 *   | { type: "fetch" | "arrived" | "start" | "started" | "cancel" | "quit" | "remove" }} StepEvent
 */

/** @type {ModelState} */
export const INITIAL_STATE = Object.freeze({ step: "looking", isHere: false, loaded: 0, code: "" });

/** @param {boolean} isHere @returns {ModelState} */
const resting = (isHere) => ({ ...INITIAL_STATE, step: isHere ? "here" : "absent", isHere });

const isBusy = (/** @type {ModelState} */ { step }) => step === "fetching" || step === "starting";
const isResting = (/** @type {ModelState} */ { step }) => ["absent", "here", "failed"].includes(step);

/**
 * @param {ModelState} now
 * @param {StepEvent} event
 * @returns {ModelState} the same one when the event means nothing here
 */
export function nextState(now, event) {
  switch (event.type) {
    case "found":
      return now.step === "looking" ? resting(event.isHere) : now;
    case "fetch":
      return isResting(now) && !now.isHere ? { ...INITIAL_STATE, step: "fetching" } : now;
    case "loaded":
      return now.step === "fetching" ? { ...now, loaded: event.loaded } : now;
    case "arrived":
      return now.step === "fetching" ? { ...INITIAL_STATE, step: "starting", isHere: true } : now;
    case "start":
      return isResting(now) && now.isHere ? { ...INITIAL_STATE, step: "starting", isHere: true } : now;
    case "started":
      return now.step === "starting" ? { ...now, step: "running" } : now;
    case "cancel":
      return isBusy(now) ? resting(now.isHere) : now;
    case "failed":
      return { ...INITIAL_STATE, step: "failed", isHere: event.isHere, code: event.code ?? "other" };
    case "quit":
      return now.step === "running" ? resting(true) : now;
    case "remove":
      return isResting(now) && now.isHere ? resting(false) : now;
  }
}
