/** What a rendered text and the words it was made from have in common: letters and digits. */
const BLOCKS = ".candidate-text :is(p, li, h1, h2, h3, h4, h5, h6, td, th, blockquote)";
const LEAST_LETTERS = 6;
const COMPARED_LETTERS = 40;
const POINTED_MS = 2400;

/** @param {string} text */
export const lettersOf = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/**
 * The index of the shortest text that holds a passage, or of the one whose beginning it shares; -1 when none does.
 *
 * @param {readonly string[]} texts
 * @param {string} passage
 */
export function placeOf(texts, passage) {
  const wanted = lettersOf(passage).slice(0, COMPARED_LETTERS);
  if (wanted.length < LEAST_LETTERS) return -1;
  let best = -1;
  for (const [place, text] of texts.entries()) {
    const isNearer = best < 0 || text.length < (texts[best]?.length ?? 0);
    if (isNearer && lettersOf(text).includes(wanted)) best = place;
  }
  return best;
}

/**
 * @param {ParentNode} candidate
 * @param {string} passage
 * @returns {HTMLElement | null}
 */
export function findPassage(candidate, passage) {
  const blocks = /** @type {HTMLElement[]} */ ([...candidate.querySelectorAll(BLOCKS)]);
  const texts = blocks.map((block) => block.textContent ?? "");
  return blocks[placeOf(texts, passage)] ?? null;
}

/**
 * Bring a passage into view and mark it for a moment.
 *
 * @param {HTMLElement} passage
 */
export function pointAt(passage) {
  passage.tabIndex = -1;
  passage.focus({ preventScroll: true });
  passage.scrollIntoView({ behavior: "smooth", block: "center", inline: "start" });
  passage.classList.add("pointed");
  setTimeout(() => passage.classList.remove("pointed"), POINTED_MS);
}
