import { sourceOf } from "./formulas.js";

/** What a rendered text and the words it was made from have in common: letters and digits. */
const BLOCKS = ".candidate-text :is(p, li, h1, h2, h3, h4, h5, h6, td, th, blockquote)";
const ANSWER_BLOCKS = ":is(p, li, h1, h2, h3, h4, h5, h6, td, th, blockquote)";
const LEAST_LETTERS = 6;
const COMPARED_LETTERS = 40;
const HIGHLIGHT_MS = 2400;

/** @param {string} text */
export const lettersOf = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/**
 * The index of the shortest text that holds a passage, or of the one whose beginning it shares; -1 when none does.
 *
 * @param {readonly string[]} texts
 * @param {string} passage
 */
export function findPassageIndex(texts, passage) {
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
  return blocks[findPassageIndex(blocks.map(sourceOf), passage)] ?? null;
}

/**
 * @param {ParentNode} answer
 * @returns {HTMLElement[]} the blocks of a rendered answer
 */
export const blocksOf = (answer) =>
  /** @type {HTMLElement[]} */ ([...answer.querySelectorAll(ANSWER_BLOCKS)]);

/**
 * Put a node behind the last letter of a passage, and behind the mark that ends it.
 *
 * @param {HTMLElement} block
 * @param {string} passage
 * @param {Node} node
 */
export function insertAfterPassage(block, passage, node) {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  const wanted = lettersOf(passage);
  /** @type {{ text: Text, end: number, formula: HTMLElement | null }[]} where each letter ends */
  const letters = [];
  let said = "";
  for (let text = walker.nextNode(); text instanceof Text; text = walker.nextNode()) {
    if (text.parentElement?.closest(".support-mark")) continue;
    const formula = /** @type {HTMLElement | null} */ (text.parentElement?.closest(".formula") ?? null);
    if (formula && letters.at(-1)?.formula === formula) continue;
    const written = formula?.dataset.source ?? text.data;
    for (const [place, letter] of [...written].entries()) {
      if (lettersOf(letter)) {
        said += lettersOf(letter)[0];
        letters.push({ text, end: [...written].slice(0, place + 1).join("").length, formula });
      }
    }
  }
  const from = said.indexOf(wanted);
  const last = from < 0 ? letters.at(-1) : letters[from + wanted.length - 1];
  if (!last) return;
  if (last.formula) {
    last.formula.after(node);
    return;
  }
  const marks = /^[^\p{L}\p{N}\s]*/u.exec(last.text.data.slice(last.end))?.[0].length ?? 0;
  last.text.splitText(last.end + marks);
  last.text.after(node);
}

/**
 * Bring a passage into view and mark it for a moment.
 *
 * @param {HTMLElement} passage
 */
export function highlightPassage(passage) {
  passage.tabIndex = -1;
  passage.focus({ preventScroll: true });
  passage.scrollIntoView({ behavior: "smooth", block: "center", inline: "start" });
  passage.classList.add("passage-highlight");
  setTimeout(() => passage.classList.remove("passage-highlight"), HIGHLIGHT_MS);
}
