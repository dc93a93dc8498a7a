import { setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";

const NEAR_LIMIT = 0.9;

/**
 * Show the length of a prompt once it is near the limit of the site or of the models that can be asked.
 *
 * @param {HTMLTextAreaElement} field
 * @param {HTMLElement} note
 * @param {number} siteLimit characters
 * @param {(prompt: string) => { limit: number, isOver: boolean }} [measureRoom] how much of the prompt can be read
 * @returns {() => boolean} measures again and returns whether the prompt may be sent
 */
export function watchLength(field, note, siteLimit, measureRoom) {
  return () => {
    const count = [...field.value].length;
    const room = measureRoom?.(field.value.trim());
    const limit = Math.min(siteLimit, room?.limit ?? siteLimit);
    const isOver = count > siteLimit || (room?.isOver ?? false);
    note.hidden = !isOver && count < limit * NEAR_LIMIT;
    setText(note, translate("length", { n: count.toLocaleString(), limit: limit.toLocaleString() }));
    note.classList.toggle("over", isOver);
    field.setAttribute("aria-invalid", String(isOver));
    return !isOver && field.value.trim() !== "";
  };
}
