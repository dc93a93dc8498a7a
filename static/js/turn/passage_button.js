import { element } from "../lib/dom.js";
import { hueOf } from "../lib/hue.js";
import { withoutMarks } from "../markdown/passages.js";

/**
 * @import { CandidateState } from "../state/turn_types.js"
 */

/** @param {{ model: string }} candidate @returns {HTMLElement} a dot in the hue of its model */
export const modelDot = (candidate) => element("i", { class: "dot", "data-hue": hueOf(candidate.model) });

/** @param {readonly CandidateState[]} candidates */
export const namesOf = (candidates) => candidates.map(({ name }) => name).join(", ");

/**
 * A button with a passage and the models that wrote it.
 *
 * @param {readonly CandidateState[]} candidates
 * @param {string} text
 * @param {() => void} press
 */
export function passageButton(candidates, text, press) {
  const who = element("span", { class: "claim-who" }, ...candidates.map(modelDot), namesOf(candidates));
  const button = element(
    "button",
    { type: "button", class: "claim-side" },
    who,
    element("q", {}, withoutMarks(text)),
  );
  button.addEventListener("click", press);
  return button;
}
