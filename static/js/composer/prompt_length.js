import { setText } from "../lib/dom.js";
import { word } from "../lib/words.js";

const NEAR_LIMIT = 0.9;

/**
 * Says how long a prompt is once it comes near the limit.
 *
 * @param {HTMLTextAreaElement} field
 * @param {HTMLElement} note
 * @param {number} limit characters
 * @returns {() => boolean} looks again; whether the prompt may be sent
 */
export function watchLength(field, note, limit) {
  return () => {
    const count = [...field.value].length;
    const isOver = count > limit;
    note.hidden = count < limit * NEAR_LIMIT;
    setText(note, word("length", { n: count.toLocaleString(), limit: limit.toLocaleString() }));
    note.classList.toggle("over", isOver);
    field.setAttribute("aria-invalid", String(isOver));
    return !isOver && field.value.trim() !== "";
  };
}
