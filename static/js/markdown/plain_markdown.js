import { element } from "../lib/dom.js";
import { streamText } from "./streamed_text.js";

/**
 * Replace the plain texts of the server by rendered Markdown.
 *
 * @param {ParentNode} parent
 */
export function renderPlainTexts(parent) {
  const texts = /** @type {NodeListOf<HTMLElement>} */ (parent.querySelectorAll("[data-markdown]"));
  for (const text of texts) {
    const host = element("div", { class: `prose ${text.dataset.markdown}` });
    text.replaceWith(host);
    streamText(host).show(text.textContent ?? "", false);
  }
}
