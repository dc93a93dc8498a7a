import { find, setText } from "../lib/dom.js";
import { keepFocus } from "../lib/focus.js";
import { translate } from "../lib/messages.js";
import { formatTimes } from "../lib/relative_time.js";
import { deleteConversation, renameConversation } from "./conversation_dialogs.js";

/** @typedef {{ put: (conversation: string, title: string) => void }} ConversationList */

/**
 * The list of conversations in the sidebar, which can be renamed and deleted.
 *
 * @param {() => string} current the conversation of the page
 * @returns {ConversationList} `put` moves a conversation to the top of the list, and adds it when it is new
 */
export function openConversationList(current) {
  const host = find(document, ".conversation-rows");
  const titleField = /** @type {HTMLInputElement} */ (find(document, "#title"));
  /** @type {Set<string>} conversations with a title that the reader chose: titles of the server are ignored */
  const renamed = new Set();

  /** @param {HTMLElement} row */
  const rename = async (row) => {
    const title = await renameConversation(row.dataset.conversation ?? "", titleOf(row));
    if (!title) return;
    renamed.add(row.dataset.conversation ?? "");
    setTitle(row, title, row.dataset.conversation === current());
  };

  /** @param {HTMLElement} row */
  const remove = async (row) => {
    if (!(await deleteConversation(row.dataset.conversation ?? "", titleOf(row)))) return;
    if (row.dataset.conversation === current()) location.assign("/");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    keepFocus(
      host,
      () => row.remove(),
      () => (next?.querySelector("a") ?? find(document, ".new-conversation")).focus(),
    );
  };

  host.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : host;
    const row = /** @type {HTMLElement | null} */ (target.closest(".conversation"));
    if (row && target.closest("[data-rename]")) rename(row);
    if (row && target.closest("[data-delete]")) remove(row);
  });
  formatTimes(host);

  return {
    put(conversation, text) {
      const title = renamed.has(conversation) ? "" : firstLineOf(text, titleField.maxLength);
      const row = findRow(host, conversation) ?? createRow(conversation);
      if (conversation === current()) markCurrent(host, row);
      if (title) setTitle(row, title, conversation === current());
      moveToTop(host, row);
    },
  };
}

/** @param {string} prompt which names the conversation until the server does @param {number} limit characters */
const firstLineOf = (prompt, limit) => prompt.split("\n", 1)[0]?.slice(0, limit) ?? "";

/** @param {HTMLElement} row */
const titleOf = (row) => find(row, ".conversation-title").textContent?.trim() ?? "";

/** @param {HTMLElement} host @param {string} conversation */
const findRow = (host, conversation) =>
  /** @type {HTMLElement | null} */ (host.querySelector(`[data-conversation="${CSS.escape(conversation)}"]`));

/** @param {string} conversation @returns {HTMLElement} */
function createRow(conversation) {
  const template = /** @type {HTMLTemplateElement} */ (find(document, "#conversation-row"));
  const row = find(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), ".conversation");
  row.dataset.conversation = conversation;
  find(row, "a").setAttribute("href", `/c/${conversation}/`);
  return row;
}

/** @param {HTMLElement} host @param {HTMLElement} row */
function moveToTop(host, row) {
  find(row, "time").setAttribute("datetime", new Date().toISOString());
  if (host.firstElementChild !== row) host.prepend(row);
  formatTimes(host);
}

/** @param {HTMLElement} host @param {HTMLElement} row */
function markCurrent(host, row) {
  for (const other of host.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
  find(row, "a").setAttribute("aria-current", "page");
}

/** @param {HTMLElement} row @param {string} title @param {boolean} isCurrent */
function setTitle(row, title, isCurrent) {
  setText(find(row, ".conversation-title"), title);
  if (!isCurrent) return;
  setText(find(document, ".pane-title"), title);
  document.title = `${title} · ${translate("brand")}`;
}
