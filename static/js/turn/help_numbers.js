import { element } from "../lib/dom.js";

/** The numbers of aggregator/domain/crisis_help.py. */
const NUMBERS = /(?<![\p{L}\d-])(1577-0199|116 123|1388|109|119|112|988)(?![\d-])/u;

/**
 * Make the numbers of the crisis help lines callable. A model's own text never becomes a tel: link.
 *
 * @param {HTMLElement} host with the rendered help lines
 */
export function linkHelpNumbers(host) {
  for (const line of host.querySelectorAll("li")) {
    const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
    const texts = [];
    for (let text = walker.nextNode(); text instanceof Text; text = walker.nextNode()) texts.push(text);
    for (const text of texts) if (!text.parentElement?.closest("a")) text.replaceWith(...linked(text.data));
  }
}

/** @param {string} text @returns {(string | HTMLElement)[]} */
function linked(text) {
  return text
    .split(NUMBERS)
    .map((part, index) =>
      index % 2 ? element("a", { href: `tel:${part.replace(/\D/g, "")}`, class: "help-number" }, part) : part,
    );
}
