/**
 * Cut growing Markdown into blocks that no later text can change, so that only the last, open block is rendered again.
 * The cuts depend on the text alone: streamed and stored text have the same blocks.
 */

const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const PARTIAL_LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)]?)?$/;

/** @param {string} line @param {string} mark the fence's opening mark */
function closesFence(line, mark) {
  const close = line.match(/^ {0,3}(`+|~+)[ \t]*$/)?.[1] ?? "";
  return close.length >= mark.length && close[0] === mark[0];
}

/**
 * @param {string} line after a blank one, inside a list
 * @param {boolean} isWhole
 * @returns {boolean | undefined} whether the list continues; undefined while the line is too short to tell
 */
function continuesList(line, isWhole) {
  if (/^\s/.test(line) || LIST_ITEM.test(line)) return true;
  return !isWhole && PARTIAL_LIST_ITEM.test(line) ? undefined : false;
}

/**
 * @param {string} text
 * @param {number} start
 * @returns {Generator<{ line: string, at: number, next: number, isWhole: boolean }>}
 */
function* linesFrom(text, start) {
  for (let at = start; at < text.length; ) {
    const end = text.indexOf("\n", at);
    const next = end < 0 ? text.length : end + 1;
    yield { line: text.slice(at, end < 0 ? next : end), at, next, isWhole: end >= 0 };
    at = next;
  }
}

/**
 * @param {string} text
 * @param {number} start where a block begins
 * @returns {number} where it ends, or -1 while it may still grow
 */
export function endOfBlock(text, start) {
  let mark = "";
  let isFirst = true;
  let isList = false;
  let afterBlank = false;
  for (const { line, at, next, isWhole } of linesFrom(text, start)) {
    if (mark) {
      if (isWhole && closesFence(line, mark)) {
        if (!isList) return next;
        mark = "";
      }
      continue;
    }
    if (!line.trim()) {
      if (!isWhole) return -1;
      afterBlank = !isFirst;
      continue;
    }
    if (!isFirst && afterBlank) {
      const isContinued = isList ? continuesList(line, isWhole) : false;
      if (isContinued === undefined) return -1;
      if (!isContinued) return at;
    }
    if (isFirst) isList = LIST_ITEM.test(line);
    const fence = isWhole ? (isList ? line.trimStart() : line).match(FENCE)?.[1] : undefined;
    if (fence && !isFirst && !isList) return at;
    mark = fence ?? "";
    isFirst = false;
    afterBlank = false;
  }
  return -1;
}

/**
 * @param {string} text
 * @param {number} start
 * @returns {{ blocks: string[], rest: number }} the closed blocks, and where the open one begins
 */
export function cutBlocks(text, start) {
  const blocks = [];
  let rest = start;
  for (let end = endOfBlock(text, rest); end > rest; end = endOfBlock(text, rest)) {
    blocks.push(text.slice(rest, end));
    rest = end;
  }
  return { blocks, rest };
}

/**
 * Return the language and code of a fence that is still open; null for another block.
 *
 * @param {string} block
 * @returns {{ language: string, code: string } | null}
 */
export function openFence(block) {
  const head = block.match(/^\s*?( {0,3})(`{3,}|~{3,})([^\n`]*)\n/);
  if (!head) return null;
  const code = block.slice(head[0].length);
  const lastLine = code.slice(code.lastIndexOf("\n") + 1);
  const isClosing = /^ {0,3}[`~]/.test(lastLine);
  return {
    language: (head[3] ?? "").trim().split(/\s/)[0] ?? "",
    code: isClosing ? code.slice(0, code.length - lastLine.length) : code,
  };
}
