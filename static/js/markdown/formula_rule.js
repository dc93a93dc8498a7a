/**
 * Markdown rules for LaTeX: the source with its delimiters goes into an element of class "formula" that is typeset
 * later. A formula that is still being written has the class "open" and is not typeset.
 *
 * @import { MarkdownIt, StateBlock, StateCore, StateInline, Token } from "markdown-it"
 * @typedef {{ opening: string, closing: string, cssClass: string }} Delimiter
 */

const DOLLAR = 36;
const BACKSLASH = 92;
const WORD_CHARACTER = /[A-Za-z0-9]/;
/** @type {readonly Delimiter[]} */
const DELIMITERS = [
  { opening: "$$", closing: "$$", cssClass: " display" },
  { opening: "\\[", closing: "\\]", cssClass: " display" },
  { opening: "\\(", closing: "\\)", cssClass: "" },
  { opening: "$", closing: "$", cssClass: "" },
];
const BETWEEN_DOLLARS = /(?:\\[\s\S]|[^\\$`])*/y;

/** @param {MarkdownIt} parser */
export function formulas(parser) {
  parser.inline.ruler.before("escape", "formula", parseInline);
  parser.block.ruler.before("fence", "formula_block", parseBlock, {
    alt: ["paragraph", "reference", "blockquote", "list"],
  });
  parser.core.ruler.push("glue_formulas", (state) => {
    for (const token of state.tokens) {
      if (token.children?.some((child) => child.type === "formula"))
        token.children = keepTogether(token.children, state);
    }
  });
  parser.renderer.rules.formula = (tokens, index) => {
    const { content = "", markup = "", block = false } = tokens[index] ?? {};
    const written = parser.utils.escapeHtml(content);
    if (block) return `<div class="formula${markup}" tabindex="0">${written}</div>`;
    return `<span class="formula${markup}">${written}</span>`;
  };
}

/**
 * Keep a formula on one line with the characters next to it, such as a Korean particle, as browsers do for words.
 *
 * @param {Token[]} children
 * @param {StateCore} state
 */
function keepTogether(children, state) {
  /** @param {string} type @param {string} tag @param {1 | 0 | -1} nesting @param {string} content */
  const make = (type, tag, nesting, content) =>
    Object.assign(new state.Token(type, tag, nesting), {
      content,
      attrs: nesting > 0 ? [["class", "glued"]] : null,
    });
  /** @type {Token[]} */
  const glued = [];
  for (const [index, child] of children.entries()) {
    const [before, after] = [glued.at(-1), children[index + 1]];
    const head = child.type === "formula" && before?.type === "text" ? before.content.match(/\S$/u)?.[0] : "";
    const tail = child.type === "formula" && after?.type === "text" ? after.content.match(/^\S/u)?.[0] : "";
    if (!head && !tail) {
      glued.push(child);
      continue;
    }
    if (head && before) before.content = before.content.slice(0, -head.length);
    if (tail && after) after.content = after.content.slice(tail.length);
    glued.push(make("glue_open", "span", 1, ""));
    if (head) glued.push(make("text", "", 0, head));
    glued.push(child);
    if (tail) glued.push(make("text", "", 0, tail));
    glued.push(make("glue_close", "span", -1, ""));
  }
  return glued;
}

/** @param {string} text @param {number} start */
const delimiterAt = (text, start) => DELIMITERS.find(({ opening }) => text.startsWith(opening, start));

/** @param {StateInline} state @param {boolean} silent */
function parseInline(state, silent) {
  const code = state.src.charCodeAt(state.pos);
  if (code !== DOLLAR && code !== BACKSLASH) return false;
  const delimiter = delimiterAt(state.src, state.pos);
  if (!delimiter) return false;
  const end = endOfInline(state.src, state.pos, delimiter);
  const isOpen = end < 0;
  if (isOpen && !(state.env.isOpen && isBegun(state.src, state.pos, delimiter))) return false;
  const next = isOpen ? state.src.length : end;
  if (next > state.posMax) return false;
  if (!silent) {
    const token = state.push("formula", "", 0);
    token.content = state.src.slice(state.pos, next);
    token.markup = isOpen ? " open" : delimiter.cssClass;
  }
  state.pos = next;
  return true;
}

/**
 * @param {string} text
 * @param {number} start
 * @param {Delimiter} delimiter
 * @returns {number} where an inline formula ends; -1 when it has no end or contains code
 */
function endOfInline(text, start, { opening, closing }) {
  const from = start + opening.length;
  let end = text.indexOf(closing, from);
  if (opening.startsWith("$")) {
    BETWEEN_DOLLARS.lastIndex = from;
    end = from + (BETWEEN_DOLLARS.exec(text)?.[0].length ?? 0);
    if (!text.startsWith(closing, end)) return -1;
  }
  const inner = end < 0 ? "" : text.slice(from, end);
  if (!inner.trim() || inner.includes("`")) return -1;
  const isText =
    opening === "$" && (WORD_CHARACTER.test(text[start - 1] ?? "") || isMoney(inner, text[end + 1] ?? ""));
  return isText ? -1 : end + closing.length;
}

/**
 * Tell amounts of money and shell variables from a formula between single dollars.
 *
 * @param {string} inner
 * @param {string} next the character after the second dollar
 */
function isMoney(inner, next) {
  if (/^\s|\s$|\n/.test(inner) || WORD_CHARACTER.test(next)) return true;
  return /^[\d.,]*\d.*(?:[A-Za-z]{2}|\p{Script=Hangul})/u.test(inner) && !/[\\^_=]/.test(inner);
}

/**
 * @param {string} text
 * @param {number} start
 * @param {Delimiter} delimiter
 * @returns {boolean} whether the text so far can only be the beginning of a formula
 */
function isBegun(text, start, { opening }) {
  const inner = text.slice(start + opening.length);
  if (inner.includes("`")) return false;
  return opening !== "$" || (/^[^\s$]*[\\^_]/.test(inner) && !/[$\n]/.test(inner));
}

/** @param {StateBlock} state @param {number} first @param {number} last @param {boolean} silent */
function parseBlock(state, first, last, silent) {
  if ((state.sCount[first] ?? 0) - state.blkIndent >= 4) return false;
  const delimiter = delimiterAt(state.src, (state.bMarks[first] ?? 0) + (state.tShift[first] ?? 0));
  if (!delimiter?.cssClass) return false;
  const end = endOfBlock(state, first, last, delimiter);
  const isOpen = end === 0;
  if (end < 0 || (isOpen && !state.env.isOpen)) return false;
  if (silent) return true;
  state.line = isOpen ? last : end;
  const token = state.push("formula", "", 0);
  token.block = true;
  token.map = [first, state.line];
  token.content = state.getLines(first, state.line, state.blkIndent, false).trim();
  token.markup = isOpen ? " open" : delimiter.cssClass;
  return true;
}

/**
 * @param {StateBlock} state
 * @param {number} first
 * @param {number} last
 * @param {Delimiter} delimiter
 * @returns {number} the line after a formula on lines of its own; 0 when the text ends before its closing delimiter,
 *     -1 for anything else, such as an empty line or text behind it
 */
function endOfBlock(state, first, last, { opening, closing }) {
  for (let line = first; line < last; line += 1) {
    const isOver = state.isEmpty(line) || (state.sCount[line] ?? 0) < state.blkIndent;
    if (line > first && isOver) return -1;
    const lineStart = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0);
    const from = line === first ? lineStart + opening.length : lineStart;
    const text = state.src.slice(from, state.eMarks[line]).trimEnd();
    const at = text.indexOf(closing);
    if (at < 0) continue;
    const isWhole = at === text.length - closing.length && (line > first || at > 0);
    return isWhole ? line + 1 : -1;
  }
  return 0;
}
