import { announce } from "../lib/announcer.js";
import { openDialog } from "../lib/dialogs.js";
import { find, setText } from "../lib/dom.js";
import { clearError, showError } from "../lib/error_notice.js";
import { post } from "../lib/post.js";
import { formatTimes } from "../lib/relative_time.js";
import { word } from "../lib/words.js";

/** @typedef {{ put: (conversation: string, title: string) => void, toggle: () => void }} Sidebar */

const MAX_NAME_LENGTH = 120;
const isNarrow = () => matchMedia("(max-width: 800px)").matches;

/**
 * The list of conversations: rename, delete, more of them at the end, a sheet on a phone.
 *
 * @param {() => string} current
 * @returns {Sidebar}
 */
export function openSidebar(current) {
  const shell = find(document, ".shell");
  const rows = find(document, ".conversation-rows");
  const blank = /** @type {HTMLTemplateElement} */ (find(document, "#conversation-row"));
  const title = find(document, ".pane-title");
  /** @type {Set<string>} named by the reader, whatever the server called them before */
  const renamed = new Set();

  /** @param {string} id */
  const rowOf = (id) =>
    /** @type {HTMLElement | null} */ (rows.querySelector(`[data-conversation="${CSS.escape(id)}"]`));
  /** @param {HTMLElement} row */
  const titleOf = (row) => find(row, ".conversation-title");

  /** @param {string} name */
  const showTitle = (name) => {
    setText(title, name);
    document.title = `${name} · ${word("brand")}`;
  };

  const showOpen = () => {
    const isOpen = isNarrow() ? shell.classList.contains("sheet") : !shell.classList.contains("folded");
    find(document, "[aria-controls=sidebar]").setAttribute("aria-expanded", String(isOpen));
    find(document, "#sidebar").inert = !isOpen;
  };
  const toggle = () => {
    const hadFocus = find(document, "#sidebar").contains(document.activeElement);
    shell.classList.toggle(isNarrow() ? "sheet" : "folded");
    showOpen();
    // What is closed can hold no focus.
    if (hadFocus) find(document, "[aria-controls=sidebar]").focus();
  };
  /** @param {boolean} isDone @param {string} said */
  const reportOutcome = (isDone, said) => {
    if (!isDone) return showError(word("save_failed"));
    clearError(word("save_failed"));
    announce(word(said));
  };

  /** @param {HTMLElement} row */
  const rename = async (row) => {
    const field = /** @type {HTMLInputElement} */ (find(document, "#title"));
    field.value = titleOf(row).textContent?.trim() ?? "";
    const answers = await openDialog("rename-dialog");
    if (!answers) return;
    const isSaved = await post(`/c/${row.dataset.conversation}/rename/`, answers);
    reportOutcome(isSaved, "renamed");
    if (!isSaved) return;
    const name = String(answers.get("title"));
    renamed.add(row.dataset.conversation ?? "");
    setText(titleOf(row), name);
    if (row.dataset.conversation === current()) showTitle(name);
  };

  /** @param {HTMLElement} row */
  const remove = async (row) => {
    setText(find(document, ".delete-name"), titleOf(row).textContent?.trim() ?? "");
    const answers = await openDialog("delete-dialog");
    if (!answers) return;
    const isGone = await post(`/c/${row.dataset.conversation}/delete/`, answers);
    reportOutcome(isGone, "deleted");
    if (!isGone) return;
    if (row.dataset.conversation === current()) location.assign("/");
    row.remove();
  };

  rows.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : rows;
    const row = /** @type {HTMLElement | null} */ (target.closest(".conversation"));
    if (row && target.closest("[data-rename]")) rename(row);
    if (row && target.closest("[data-delete]")) remove(row);
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-toggle-sidebar]")) toggle();
  });
  addEventListener("keydown", (event) => {
    const isSheet = shell.classList.contains("sheet") && !document.querySelector("dialog[open]");
    if (event.key !== "Escape" || event.defaultPrevented || !isSheet) return;
    // This press closes the sheet; it stops no answer.
    event.preventDefault();
    toggle();
  });
  addEventListener("resize", showOpen);
  formatTimes(rows);
  showOpen();

  return {
    toggle,
    put(conversation, text) {
      // Until the server names a new conversation, its first prompt does.
      const first = text.split("\n", 1)[0]?.slice(0, MAX_NAME_LENGTH) ?? "";
      const name = renamed.has(conversation) ? "" : first;
      const known = rowOf(conversation);
      const row = known ?? /** @type {HTMLElement} */ (blank.content.cloneNode(true)).firstElementChild;
      if (!(row instanceof HTMLElement)) return;
      row.dataset.conversation = conversation;
      const link = find(row, "a");
      link.setAttribute("href", `/c/${conversation}/`);
      if (conversation === current()) {
        for (const other of rows.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
        link.setAttribute("aria-current", "page");
        if (name) showTitle(name);
      }
      if (name) setText(titleOf(row), name);
      find(row, "time").setAttribute("datetime", new Date().toISOString());
      if (rows.firstElementChild !== row) rows.prepend(row);
      formatTimes(rows);
    },
  };
}
