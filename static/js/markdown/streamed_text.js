import { element } from "../lib/dom.js";
import { cutBlocks, openFence } from "./blocks.js";
import { decorateCode } from "./code_block.js";
import { drawFormulas } from "./formulas.js";
import { renderMarkdown } from "./markdown.js";

/**
 * @typedef {{ show: (text: string, isOpen: boolean) => void, clear: () => void }} StreamedText
 */

/**
 * Shows a growing markdown text in a host element; closed blocks are rendered once and then left alone.
 *
 * @param {HTMLElement} host
 * @returns {StreamedText}
 */
export function streamText(host) {
  let shown = "";
  let closed = 0;
  let isFinal = false;
  /** @type {Node[]} the nodes of the open block */
  let tail = [];
  /** @type {{ language: string, text: Text } | null} */
  let fence = null;

  /** @param {Node[]} nodes */
  const replaceTail = (nodes) => {
    for (const node of tail) node.parentNode?.removeChild(node);
    host.append(...nodes);
    tail = nodes;
    fence = null;
  };

  /** @param {string} block @param {boolean} isClosed */
  const showBlock = (block, isClosed) => {
    let end = block.length;
    // Whether a dollar at the end closes a formula is known with the letter behind it.
    while (!isClosed && block[end - 1] === "$") end -= 1;
    const rendered = renderMarkdown(block.slice(0, end), !isClosed);
    drawFormulas(rendered);
    if (isClosed) for (const pre of rendered.querySelectorAll("pre")) decorateCode(pre);
    replaceTail([...rendered.childNodes]);
  };

  /** @param {{ language: string, code: string }} open */
  const showFence = (open) => {
    if (fence?.language === open.language && open.code.startsWith(fence.text.data)) {
      fence.text.appendData(open.code.slice(fence.text.data.length));
      return;
    }
    const text = document.createTextNode(open.code);
    replaceTail([element("pre", { "data-language": open.language }, element("code", {}, text))]);
    fence = { language: open.language, text };
  };

  const clear = () => {
    host.replaceChildren();
    shown = "";
    closed = 0;
    isFinal = false;
    tail = [];
    fence = null;
  };

  return {
    clear,
    show(text, isOpen) {
      if (text === shown && isFinal === !isOpen) return;
      if (!text.startsWith(shown) || (isFinal && text !== shown)) clear();
      const { blocks, rest } = cutBlocks(text, closed);
      for (const block of blocks) {
        showBlock(block, true);
        tail = [];
      }
      closed = rest;
      const block = text.slice(rest);
      const open = isOpen ? openFence(block) : null;
      if (open) showFence(open);
      else showBlock(block, !isOpen);
      shown = text;
      isFinal = !isOpen;
    },
  };
}
