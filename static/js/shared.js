import { element, setText } from "./element.js";
import { hueOf } from "./hue.js";
import { streamText } from "./streamed_text.js";
import { sayWhen } from "./when.js";
import { word } from "./words.js";

/** The page behind a public link: what the server shows as plain text, drawn by the page's own renderer. */
const parts = (/** @type {string} */ selector) =>
  /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector));

for (const plain of parts("[data-markdown]")) {
  const host = element("div", { class: `prose ${plain.dataset.markdown}` });
  plain.replaceWith(host);
  streamText(host).show(plain.textContent ?? "", false);
}
for (const candidate of parts("[data-model]"))
  candidate.dataset.hue = String(hueOf(candidate.dataset.model ?? ""));
for (const note of parts("[data-kind]")) {
  const { kind, name = "", written: n = "" } = note.dataset;
  setText(note, kind ? word(`kind.${kind}`, { name, n }) : "");
}
sayWhen(document.body);
