import { find, setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";

/** @import { PreferenceFields } from "./presets.js" */

// The strategies that make one answer of several.
const OF_SEVERAL = new Set(["council", "vote", "best"]);
const FUSED = "council";

/**
 * Return why a strategy cannot be carried out by these models, as the key of a message, or "".
 *
 * @param {string} strategy
 * @param {HTMLInputElement[]} models those that can be asked today; without a checked one the site chooses among them
 * @returns {string}
 */
export function whyUnavailable(strategy, models) {
  const chosen = models.filter((model) => model.checked);
  const considered = chosen.length ? chosen : models;
  if (!OF_SEVERAL.has(strategy)) return "";
  if (considered.length < 2) return chosen.length ? "choose_two" : "only_one_model";
  if (strategy === FUSED && !considered.some((model) => "fuses" in model.dataset))
    return chosen.length ? "chosen_cannot_fuse" : "nobody_can_fuse";
  return "";
}

/**
 * Disable the strategies that the chosen models cannot carry out, each with its reason; a checked one gives way to the
 * site's own choice.
 *
 * @param {PreferenceFields} fields
 */
export function limitStrategies({ strategies, models }) {
  for (const input of strategies) {
    const reason = whyUnavailable(input.value, models);
    input.disabled = reason !== "";
    if (input.disabled && input.checked) for (const each of strategies) each.checked = each.value === "";
    showReason(input, reason);
  }
}

/** @param {HTMLInputElement} input @param {string} reason */
function showReason(input, reason) {
  const label = /** @type {HTMLElement | null} */ (input.closest(".option"));
  if (!label) return;
  const note = find(label, ".unavailable");
  note.hidden = reason === "";
  setText(note, reason && translate(`unavailable.${reason}`));
}
