import { element } from "../lib/dom.js";
import { cutBlocks, openFence } from "./blocks.js";
import { decorateCode } from "./code_block.js";
import { drawFormulas } from "./formulas.js";
import { renderMarkdown } from "./markdown.js";
import { patchNodes } from "./patch_nodes.js";

/**
 * @typedef {{ show: (text: string, isOpen: boolean) => void, clear: () => void }} StreamedText
 */

/**
 * Show a growing Markdown text; blocks that are complete are rendered once and not touched again.
 *
 * @param {HTMLElement} host
 * @returns {StreamedText}
 */
export function streamText(host) {
  const lastBlock = openLastBlock(host);
  let shown = "";
  let closedLength = 0;
  let isFinal = false;

  const clear = () => {
    host.replaceChildren();
    lastBlock.release();
    shown = "";
    closedLength = 0;
    isFinal = false;
  };

  return {
    clear,
    show(text, isOpen) {
      if (text === shown && isFinal === !isOpen) return;
      if (!text.startsWith(shown) || (isFinal && text !== shown)) clear();
      const { blocks, rest } = cutBlocks(text, closedLength);
      for (const block of blocks) {
        lastBlock.show(block, false);
        lastBlock.release();
      }
      lastBlock.show(text.slice(rest), isOpen);
      closedLength = rest;
      shown = text;
      isFinal = !isOpen;
    },
  };
}

/**
 * Render the last block of a text, changing what was rendered for it before.
 *
 * @param {HTMLElement} host
 * @returns {{ show: (block: string, isOpen: boolean) => void, release: () => void }} `release` leaves the rendered block
 *     in place and starts the next one
 */
function openLastBlock(host) {
  /** @type {Node[]} */
  let nodes = [];
  /** @type {{ language: string, text: Text } | null} */
  let fence = null;

  /** @param {Node[]} next */
  const replace = (next) => {
    nodes = patchNodes(nodes, next, (node) => host.append(node));
    fence = null;
  };

  /** @param {{ language: string, code: string }} open */
  const showFence = ({ language, code }) => {
    if (fence?.language === language && code.startsWith(fence.text.data)) {
      fence.text.appendData(code.slice(fence.text.data.length));
      return;
    }
    replace([element("pre", { "data-language": language }, element("code", {}, code))]);
    const text = nodes[0]?.firstChild?.firstChild;
    fence = text instanceof Text ? { language, text } : null;
  };

  return {
    show(block, isOpen) {
      const open = isOpen ? openFence(block) : null;
      if (open) showFence(open);
      else replace(renderBlock(block, isOpen));
    },
    release() {
      nodes = [];
      fence = null;
    },
  };
}

/** @param {string} block @param {boolean} isOpen @returns {Node[]} */
function renderBlock(block, isOpen) {
  let end = block.length;
  // Whether a dollar at the end closes a formula depends on the next character.
  while (isOpen && block[end - 1] === "$") end -= 1;
  const rendered = renderMarkdown(block.slice(0, end), isOpen);
  drawFormulas(rendered);
  if (!isOpen) for (const pre of rendered.querySelectorAll("pre")) decorateCode(pre);
  return [...rendered.childNodes];
}
