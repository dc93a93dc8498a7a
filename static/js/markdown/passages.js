import { sourceOf } from "./formulas.js";

const BLOCKS = ":is(p, li, h1, h2, h3, h4, h5, h6, td, th, blockquote)";
const MIN_LETTERS = 6;
const MAX_COMPARED_LETTERS = 40;
const HIGHLIGHT_MS = 2400;

/** @param {string} text @returns {string} its letters and digits: what rendered text and its Markdown have in common */
const lettersOf = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** @param {string} text @returns {string} a quoted sentence without marks of emphasis and code, for one line */
export const withoutMarks = (text) =>
  text.replace(
    /\*\*|__|`|(?<![\p{L}\p{N}])[*_](?=[\p{L}\p{N}])|(?<=[\p{L}\p{N}.!?])[*_](?![\p{L}\p{N}])/gu,
    "",
  );

/**
 * Find the index of the shortest text that contains the beginning of a passage; -1 when none does.
 *
 * @param {readonly string[]} texts
 * @param {string} passage
 */
export function findPassageIndex(texts, passage) {
  const wanted = lettersOf(passage).slice(0, MAX_COMPARED_LETTERS);
  if (wanted.length < MIN_LETTERS) return -1;
  let best = -1;
  for (const [index, text] of texts.entries()) {
    const isShorter = best < 0 || text.length < (texts[best]?.length ?? 0);
    if (isShorter && lettersOf(text).includes(wanted)) best = index;
  }
  return best;
}

/** @param {ParentNode} text rendered @param {string} passage @returns {HTMLElement | null} */
export function findPassage(text, passage) {
  const blocks = blocksOf(text);
  return blocks[findPassageIndex(blocks.map(sourceOf), passage)] ?? null;
}

/** @param {ParentNode} answer @returns {HTMLElement[]} the blocks of a rendered answer */
export const blocksOf = (answer) => /** @type {HTMLElement[]} */ ([...answer.querySelectorAll(BLOCKS)]);

/**
 * Insert a node after the last letter of a passage and the punctuation behind it.
 *
 * @param {HTMLElement} block
 * @param {string} passage
 * @param {Node} node
 */
export function insertAfterPassage(block, passage, node) {
  const wanted = lettersOf(passage);
  const letters = [...listLetters(block)];
  const start = letters
    .map(({ letter }) => letter)
    .join("")
    .indexOf(wanted);
  const last = start < 0 ? letters.at(-1) : letters[start + wanted.length - 1];
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
 * List the letters of a rendered block with the places where they end; a formula counts by its source.
 *
 * @param {HTMLElement} block
 * @returns {Generator<{ letter: string, text: Text, end: number, formula: HTMLElement | null }>}
 */
function* listLetters(block) {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  /** @type {HTMLElement | null} */
  let lastFormula = null;
  for (let text = walker.nextNode(); text instanceof Text; text = walker.nextNode()) {
    if (text.parentElement?.closest(".support-mark")) continue;
    const formula = /** @type {HTMLElement | null} */ (text.parentElement?.closest(".formula") ?? null);
    if (formula && formula === lastFormula) continue;
    lastFormula = formula;
    let end = 0;
    for (const character of formula?.dataset.source ?? text.data) {
      end += character.length;
      const letter = lettersOf(character)[0];
      if (letter) yield { letter, text, end, formula };
    }
  }
}

/**
 * Scroll to a passage and highlight it for a moment.
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
