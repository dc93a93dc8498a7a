import { setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";

const NEAR_LIMIT = 0.9;

/**
 * Show the length of a prompt once it is near the limit.
 *
 * @param {HTMLTextAreaElement} field
 * @param {HTMLElement} note
 * @param {number} limit characters
 * @returns {() => boolean} measures again and returns whether the prompt may be sent
 */
export function watchLength(field, note, limit) {
  return () => {
    const count = [...field.value].length;
    const isOver = count > limit;
    note.hidden = count < limit * NEAR_LIMIT;
    setText(note, translate("length", { n: count.toLocaleString(), limit: limit.toLocaleString() }));
    note.classList.toggle("over", isOver);
    field.setAttribute("aria-invalid", String(isOver));
    return !isOver && field.value.trim() !== "";
  };
}
