/**
 * The state machine of a model on this device. An event that a state does not allow changes nothing, so that a second
 * press of a button has no effect.
 *
 * @typedef {"checking" | "absent" | "fetching" | "starting" | "stored" | "running" | "failed"} Step
 * @typedef {{ step: Step, isStored: boolean, loaded: number, code: string }} ModelState
 * @typedef {{ type: "found" | "failed", isStored: boolean, code?: string } | { type: "loaded", loaded: number }
 *   | { type: "fetch" | "arrived" | "start" | "started" | "cancel" | "quit" | "remove" }} StepEvent
 */

/** @type {ModelState} */
export const INITIAL_STATE = Object.freeze({ step: "checking", isStored: false, loaded: 0, code: "" });

/** @param {boolean} isStored @returns {ModelState} */
const resting = (isStored) => ({ ...INITIAL_STATE, step: isStored ? "stored" : "absent", isStored });

const isBusy = (/** @type {ModelState} */ { step }) => step === "fetching" || step === "starting";
const isResting = (/** @type {ModelState} */ { step }) => ["absent", "stored", "failed"].includes(step);

/**
 * @param {ModelState} now
 * @param {StepEvent} event
 * @returns {ModelState} the same object when the state does not allow the event
 */
export function nextState(now, event) {
  switch (event.type) {
    case "found":
      return now.step === "checking" ? resting(event.isStored) : now;
    case "fetch":
      return isResting(now) && !now.isStored ? { ...INITIAL_STATE, step: "fetching" } : now;
    case "loaded":
      return now.step === "fetching" ? { ...now, loaded: event.loaded } : now;
    case "arrived":
      return now.step === "fetching" ? { ...INITIAL_STATE, step: "starting", isStored: true } : now;
    case "start":
      return isResting(now) && now.isStored ? { ...INITIAL_STATE, step: "starting", isStored: true } : now;
    case "started":
      return now.step === "starting" ? { ...now, step: "running" } : now;
    case "cancel":
      return isBusy(now) ? resting(now.isStored) : now;
    case "failed":
      return { ...INITIAL_STATE, step: "failed", isStored: event.isStored, code: event.code ?? "other" };
    case "quit":
      return now.step === "running" ? resting(true) : now;
    case "remove":
      return isResting(now) && now.isStored ? resting(false) : now;
  }
}
