import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";
import cjkFriendly from "markdown-it-cjk-friendly";
import { formulas } from "./formula_rule.js";

const LINK_REL = "noopener noreferrer nofollow ugc";
const TAGS =
  "a blockquote br code del div em h3 h4 h5 h6 hr li ol p pre s span strong table tbody td th thead tr ul".split(
    " ",
  );
const SAFE_ATTRIBUTES = [
  "class",
  "title",
  "rel",
  "target",
  "dir",
  "start",
  "align",
  "tabindex",
  "data-language",
];
const AUTO_DIRECTION_TOKENS = [
  "paragraph_open",
  "heading_open",
  "blockquote_open",
  "list_item_open",
  "td_open",
  "th_open",
];

const parser = new MarkdownIt({ html: false, linkify: true, breaks: true }).use(cjkFriendly).use(formulas);
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

parser.core.ruler.push("page", (state) => {
  for (const token of state.tokens) {
    if (AUTO_DIRECTION_TOKENS.includes(token.type)) token.attrSet("dir", "auto");
    // The page has its own h1 and h2; an answer's headings come below them.
    if (token.type.startsWith("heading_")) token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + 2)}`;
    const align = String(token.attrGet("style") ?? "").match(/text-align:(\w+)/)?.[1];
    if (align) token.attrs = [...(token.attrs ?? []).filter(([name]) => name !== "style"), ["align", align]];
  }
});

const { rules } = parser.renderer;
const escapeHtml = parser.utils.escapeHtml;

rules.table_open = () => '<div class="table-scroll" tabindex="0"><table>';
rules.table_close = () => "</table></div>";
rules.code_block = (tokens, index) => `<pre><code>${escapeHtml(tokens[index]?.content ?? "")}</code></pre>`;
rules.fence = (tokens, index) => {
  const token = tokens[index];
  const language = (token?.info ?? "").trim().split(/\s/)[0] ?? "";
  return `<pre data-language="${escapeHtml(language)}"><code>${escapeHtml(token?.content ?? "")}</code></pre>`;
};
// Loading an external image would tell its server who reads the answer: it becomes a link instead.
rules.image = (tokens, index) => {
  const token = tokens[index];
  const href = String(token?.attrGet("src") ?? "");
  return `<a href="${escapeHtml(href)}" ${linkAttributes()}>${escapeHtml(token?.content || href)}</a>`;
};
rules.link_open = (tokens, index, options, _env, self) => {
  tokens[index]?.attrSet("rel", LINK_REL);
  tokens[index]?.attrSet("target", "_blank");
  return self.renderToken(tokens, index, options);
};

function linkAttributes() {
  return `rel="${LINK_REL}" target="_blank"`;
}

/**
 * @param {string} text
 * @param {boolean} [isOpen] whether more of the text may come
 * @returns {string} HTML without any raw HTML of the text; it still has to be sanitized
 */
export const markdownToHtml = (text, isOpen = false) => parser.render(text, { isOpen });

/** @param {string} text @returns {import("markdown-it").Token[]} */
export const parseMarkdown = (text) => parser.parse(text, {});

/**
 * Render untrusted Markdown into nodes that are safe to show.
 *
 * @param {string} text
 * @param {boolean} [isOpen] whether more of the text may come
 * @returns {DocumentFragment}
 */
export function renderMarkdown(text, isOpen = false) {
  return DOMPurify.sanitize(markdownToHtml(text, isOpen), {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ["href", ...SAFE_ATTRIBUTES],
    // The values of all other attributes would be checked against the pattern for URIs.
    ADD_URI_SAFE_ATTR: SAFE_ATTRIBUTES,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}
