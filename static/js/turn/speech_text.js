import { parseMarkdown } from "../markdown/markdown.js";

/**
 * An answer as somebody would read it out: no signs of Markdown, code and formulas named instead of spelled.
 *
 * @import { Token } from "markdown-it"
 * @typedef {{ text: string, lang: string }} Utterance
 * @typedef {{ code: string, formula: string, lang: string }} Names in the page's language
 * @typedef {{ text: string, isOurs: boolean }} Piece
 */

const MAX_PART_LENGTH = 180;
const LEAST_HANGUL = 0.2;
const SENTENCE_ENDS = /(?<=[.!?。…]["'”’)\]]*)\s+|\n+/;
/** Letters and signs that a voice reads as they are meant. */
const PLAIN_FORMULA = /^[\p{L}\p{N}\s+=.,%]+$/u;

/**
 * @param {string} markdown
 * @param {Names} names
 * @returns {Utterance[]} short ones, as some browsers fall silent in the middle of long ones
 */
export function splitUtterances(markdown, names) {
  const lang = languageOf(markdown.replace(/```[\s\S]*?(?:```|$)/g, ""));
  const parts = [];
  for (const line of linesOf(parseMarkdown(markdown), names)) {
    for (const { text, isOurs } of mergePieces(line, lang === names.lang)) {
      for (const each of splitSentences(text)) parts.push({ text: each, lang: isOurs ? names.lang : lang });
    }
  }
  return parts;
}

/**
 * @param {string} text
 * @returns {"ko" | "en"} the language whose script it is written in
 */
export function languageOf(text) {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const hangul = text.match(/\p{Script=Hangul}/gu)?.length ?? 0;
  return hangul > letters * LEAST_HANGUL ? "ko" : "en";
}

/**
 * @param {Token[]} tokens
 * @param {Names} names
 * @returns {Piece[][]} by paragraph, entry or row of a table
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
    if (isCode) lines.push([{ text: names.code, isOurs: true }]);
    if (token.type === "formula") lines.push([nameFormula(token, names)]);
    if (token.type !== "inline") continue;
    const pieces = (token.children ?? []).map((child) => pieceOf(child, names));
    if (!row) lines.push(pieces);
    else row.push(...(row.length > 0 ? [{ text: ", ", isOurs: false }] : []), ...pieces);
  }
  return lines;
}

/** @param {Token} token @param {Names} names @returns {Piece} */
function pieceOf(token, names) {
  if (token.type === "formula") return nameFormula(token, names);
  if (token.type === "softbreak" || token.type === "hardbreak") return { text: "\n", isOurs: false };
  const host = token.content.match(/^https?:\/\/([^/?#\s]+)\S*$/)?.[1];
  return { text: host ?? token.content, isOurs: false };
}

/** @param {Token} token @param {Names} names @returns {Piece} */
function nameFormula(token, names) {
  const inner = token.content.replace(/^(?:\$\$?|\\[([])|(?:\$\$?|\\[)\]])$/g, "");
  return PLAIN_FORMULA.test(inner)
    ? { text: inner, isOurs: false }
    : { text: ` ${names.formula} `, isOurs: true };
}

/**
 * @param {Piece[]} line
 * @param {boolean} isOneLanguage
 * @returns {Piece[]} as few as there are changes of the language
 */
function mergePieces(line, isOneLanguage) {
  /** @type {Piece[]} */
  const pieces = [];
  for (const { text, isOurs } of line) {
    const last = pieces.at(-1);
    if (last && (isOneLanguage || last.isOurs === isOurs)) last.text += text;
    else pieces.push({ text, isOurs });
  }
  return pieces;
}

/** @param {string} text @returns {string[]} sentences, long ones splitSentences between words */
function splitSentences(text) {
  return text
    .split(SENTENCE_ENDS)
    .flatMap(
      (sentence) =>
        sentence.match(new RegExp(`.{1,${MAX_PART_LENGTH}}(?:\\s|$)|\\S{1,${MAX_PART_LENGTH}}`, "gsu")) ?? [],
    )
    .map((each) => each.replace(/\s+/g, " ").trim())
    .filter((each) => /[\p{L}\p{N}]/u.test(each));
}
