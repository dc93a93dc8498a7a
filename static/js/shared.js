import { find, setText } from "./lib/dom.js";
import { hueOf } from "./lib/hue.js";
import { translate } from "./lib/messages.js";
import { formatTimes } from "./lib/relative_time.js";
import { openLinkButtons } from "./lib/share_link.js";
import { renderPlainTexts } from "./markdown/plain_markdown.js";
import { linkHelpNumbers } from "./turn/help_numbers.js";

/** The public copy of a conversation: the plain text of the server is replaced by rendered Markdown. */
const parts = (/** @type {string} */ selector) =>
  /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector));

renderPlainTexts(document);
for (const candidate of parts("[data-model]"))
  candidate.dataset.hue = String(hueOf(candidate.dataset.model ?? ""));
for (const note of parts("[data-kind]")) {
  const { kind, name = "", written: n = "" } = note.dataset;
  setText(note, kind ? translate(`kind.${kind}`, { name, n }) : "");
  if (kind === "help") linkHelpNumbers(find(note.parentElement ?? note, ".answer-text"));
}
formatTimes(document.body);
openLinkButtons(find(document, ".shared-actions"), () => ({
  url: location.href,
  title: document.title,
}));
