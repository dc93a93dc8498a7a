/**
 * Markdown's rules for LaTeX: what stands between its marks is set aside as it was written, marks and all, in an
 * element of class "formula" that is drawn later. One that is still being written is "open" and stays as it is.
 *
 * @import { MarkdownIt, StateBlock, StateCore, StateInline, Token } from "markdown-it"
 * @typedef {{ opening: string, closing: string, cssClass: string }} Delimiter
 */

const DOLLAR = 36;
const BACKSLASH = 92;
const WORD = /[A-Za-z0-9]/;
/** @type {readonly Delimiter[]} */
const MARKS = [
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
 * Keep what is written close to a formula on its line, as browsers keep words together: a particle behind it.
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
  for (const [place, child] of children.entries()) {
    const [before, after] = [glued.at(-1), children[place + 1]];
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
const markAt = (text, start) => MARKS.find(({ opening }) => text.startsWith(opening, start));

/** @param {StateInline} state @param {boolean} silent */
function parseInline(state, silent) {
  const code = state.src.charCodeAt(state.pos);
  if (code !== DOLLAR && code !== BACKSLASH) return false;
  const mark = markAt(state.src, state.pos);
  if (!mark) return false;
  const end = endOfInline(state.src, state.pos, mark);
  const isOpen = end < 0;
  if (isOpen && !(state.env.isOpen && isBegun(state.src, state.pos, mark))) return false;
  const next = isOpen ? state.src.length : end;
  if (next > state.posMax) return false;
  if (!silent) {
    const token = state.push("formula", "", 0);
    token.content = state.src.slice(state.pos, next);
    token.markup = isOpen ? " open" : mark.cssClass;
  }
  state.pos = next;
  return true;
}

/**
 * @param {string} text
 * @param {number} start
 * @param {Delimiter} mark
 * @returns {number} where a formula that stands in a line ends; -1 when it does not, or holds code, and is none
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
  const isNone = opening === "$" && (WORD.test(text[start - 1] ?? "") || isMoney(inner, text[end + 1] ?? ""));
  return isNone ? -1 : end + closing.length;
}

/**
 * Tell amounts of money and a shell's variables from a formula between single dollars.
 *
 * @param {string} inner
 * @param {string} behind the letter after the second dollar
 */
function isMoney(inner, behind) {
  if (/^\s|\s$|\n/.test(inner) || WORD.test(behind)) return true;
  return /^[\d.,]*\d.*(?:[A-Za-z]{2}|\p{Script=Hangul})/u.test(inner) && !/[\\^_=]/.test(inner);
}

/**
 * @param {string} text
 * @param {number} start
 * @param {Delimiter} mark
 * @returns {boolean} whether what has come so far can only be the beginning of a formula
 */
function isBegun(text, start, { opening }) {
  const inner = text.slice(start + opening.length);
  if (inner.includes("`")) return false;
  return opening !== "$" || (/^[^\s$]*[\\^_]/.test(inner) && !/[$\n]/.test(inner));
}

/** @param {StateBlock} state @param {number} first @param {number} last @param {boolean} silent */
function parseBlock(state, first, last, silent) {
  if ((state.sCount[first] ?? 0) - state.blkIndent >= 4) return false;
  const mark = markAt(state.src, (state.bMarks[first] ?? 0) + (state.tShift[first] ?? 0));
  if (!mark?.cssClass) return false;
  const end = endOfBlock(state, first, last, mark);
  const isOpen = end === 0;
  if (end < 0 || (isOpen && !state.env.isOpen)) return false;
  if (silent) return true;
  state.line = isOpen ? last : end;
  const token = state.push("formula", "", 0);
  token.block = true;
  token.map = [first, state.line];
  token.content = state.getLines(first, state.line, state.blkIndent, false).trim();
  token.markup = isOpen ? " open" : mark.cssClass;
  return true;
}

/**
 * @param {StateBlock} state
 * @param {number} first
 * @param {number} last
 * @param {Delimiter} mark
 * @returns {number} the line behind a formula that has its lines for itself; 0 when the text ends before, -1 when
 *     something else comes before, as an empty line or words behind its end
 */
function endOfBlock(state, first, last, { opening, closing }) {
  for (let line = first; line < last; line += 1) {
    const isOver = state.isEmpty(line) || (state.sCount[line] ?? 0) < state.blkIndent;
    if (line > first && isOver) return -1;
    const lineStart = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0);
    const from = line === first ? lineStart + opening.length : lineStart;
    const text = state.src.slice(from, state.eMarks[line]).trimEnd();
    const place = text.indexOf(closing);
    if (place < 0) continue;
    const isWhole = place === text.length - closing.length && (line > first || place > 0);
    return isWhole ? line + 1 : -1;
  }
  return 0;
}
