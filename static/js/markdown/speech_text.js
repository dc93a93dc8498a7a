import { parseMarkdown } from "./markdown.js";

/**
 * Turn an answer into text for speech synthesis: without Markdown syntax, with names in place of code and formulas.
 *
 * @import { Token } from "markdown-it"
 * @typedef {{ text: string, lang: string }} Utterance
 * @typedef {{ code: string, formula: string, lang: string }} Names in the page's language
 * @typedef {{ text: string, isPageText: boolean }} Piece
 */

const MAX_UTTERANCE_LENGTH = 180;
const MIN_HANGUL_SHARE = 0.2;
const SENTENCE_ENDS = /(?<=[.!?。…]["'”’)\]]*)\s+|\n+/;
/** Formulas that a voice reads correctly as they are written. */
const PLAIN_FORMULA = /^[\p{L}\p{N}\s+=.,%]+$/u;

/**
 * @param {string} markdown
 * @param {Names} names
 * @returns {Utterance[]} short ones, since some browsers stop in the middle of long ones
 */
export function splitUtterances(markdown, names) {
  const lang = languageByScript(markdown.replace(/```[\s\S]*?(?:```|$)/g, ""));
  const parts = [];
  for (const line of linesOf(parseMarkdown(markdown), names)) {
    for (const { text, isPageText } of mergePieces(line, lang === names.lang)) {
      for (const sentence of splitSentences(text))
        parts.push({ text: sentence, lang: isPageText ? names.lang : lang });
    }
  }
  return parts;
}

/** @param {string} text @returns {"ko" | "en"} Korean when enough of the letters are Hangul */
export function languageByScript(text) {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const hangul = text.match(/\p{Script=Hangul}/gu)?.length ?? 0;
  return hangul > letters * MIN_HANGUL_SHARE ? "ko" : "en";
}

/**
 * @param {Token[]} tokens
 * @param {Names} names
 * @returns {Piece[][]} one for each paragraph, list item or table row
 */
function linesOf(tokens, names) {
  /** @type {Piece[][]} */
  const lines = [];
  /** @type {Piece[] | null} */
  let row = null;
  for (const token of tokens) {
    if (token.type === "tr_open") {
      row = [];
      lines.push(row);
    }
    if (token.type === "tr_close") row = null;
    const isCode = token.type === "fence" || token.type === "code_block";
    if (isCode) lines.push([{ text: names.code, isPageText: true }]);
    if (token.type === "formula") lines.push([nameFormula(token, names)]);
    if (token.type !== "inline") continue;
    const pieces = (token.children ?? []).map((child) => pieceOf(child, names));
    if (!row) lines.push(pieces);
    else row.push(...(row.length > 0 ? [{ text: ", ", isPageText: false }] : []), ...pieces);
  }
  return lines;
}

/** @param {Token} token @param {Names} names @returns {Piece} */
function pieceOf(token, names) {
  if (token.type === "formula") return nameFormula(token, names);
  if (token.type === "softbreak" || token.type === "hardbreak") return { text: "\n", isPageText: false };
  const host = token.content.match(/^https?:\/\/([^/?#\s]+)\S*$/)?.[1];
  return { text: host ?? token.content, isPageText: false };
}

/** @param {Token} token @param {Names} names @returns {Piece} */
function nameFormula(token, names) {
  const inner = token.content.replace(/^(?:\$\$?|\\[([])|(?:\$\$?|\\[)\]])$/g, "");
  return PLAIN_FORMULA.test(inner)
    ? { text: inner, isPageText: false }
    : { text: ` ${names.formula} `, isPageText: true };
}

/**
 * @param {Piece[]} line
 * @param {boolean} isOneLanguage
 * @returns {Piece[]} neighbours of one language merged
 */
function mergePieces(line, isOneLanguage) {
  /** @type {Piece[]} */
  const pieces = [];
  for (const { text, isPageText } of line) {
    const last = pieces.at(-1);
    if (last && (isOneLanguage || last.isPageText === isPageText)) last.text += text;
    else pieces.push({ text, isPageText });
  }
  return pieces;
}

/** @param {string} text @returns {string[]} sentences; long ones are split between words */
function splitSentences(text) {
  return text
    .split(SENTENCE_ENDS)
    .flatMap(
      (sentence) =>
        sentence.match(
          new RegExp(`.{1,${MAX_UTTERANCE_LENGTH}}(?:\\s|$)|\\S{1,${MAX_UTTERANCE_LENGTH}}`, "gsu"),
        ) ?? [],
    )
    .map((each) => each.replace(/\s+/g, " ").trim())
    .filter((each) => /[\p{L}\p{N}]/u.test(each));
}
