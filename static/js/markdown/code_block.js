import { copyText } from "../lib/clipboard.js";
import { element, icon } from "../lib/dom.js";
import { translate } from "../lib/messages.js";

/**
 * Add a head with language and copy button to a finished code block, and highlight its syntax.
 *
 * @param {HTMLElement} pre
 */
export function decorateCode(pre) {
  const code = pre.querySelector("code");
  if (!code || pre.parentElement?.classList.contains("code-block")) return;
  const language = pre.dataset.language ?? "";
  const copy = element("button", {
    type: "button",
    class: "icon-button",
    "aria-label": translate("copy_code"),
  });
  copy.append(icon("copy"));
  copy.addEventListener("click", () => copyText(code.textContent ?? "", copy));
  const frame = element("div", { class: "code-block", dir: "ltr" });
  pre.replaceWith(frame);
  frame.append(element("div", { class: "code-head" }, element("span", {}, language), copy), pre);
  pre.tabIndex = 0;
  if (language) colourCode(code, language);
}

/** @param {HTMLElement} code @param {string} language */
async function colourCode(code, language) {
  const { highlight } = await import("./highlight.js");
  const coloured = highlight(code.textContent ?? "", language);
  if (coloured) code.replaceChildren(coloured);
}
