import { element, find, setAttribute } from "../lib/dom.js";
import { translate } from "../lib/messages.js";

/** @typedef {{ label: string, run: () => void }} Command */

const MAX_RESULTS = 50;

/**
 * The dialog that finds conversations and commands by name.
 *
 * @param {Command[]} commands
 * @param {() => Promise<void>} loadConversations loads those that are not in the sidebar yet
 * @returns {() => void} opens the dialog
 */
export function openPalette(commands, loadConversations) {
  const dialog = /** @type {HTMLDialogElement} */ (find(document, "#palette"));
  const field = /** @type {HTMLInputElement} */ (find(dialog, "input"));
  const options = openOptionList(field, find(dialog, ".palette-rows"), (command) => {
    dialog.close();
    command?.run();
  });
  const show = () => options.show(findCommands([...commands, ...listConversations()], field.value));

  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    if (options.handleKey(event)) event.preventDefault();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

  return () => {
    field.value = "";
    show();
    dialog.showModal();
    field.focus();
    loadConversations().then(() => dialog.open && show());
  };
}

/** @returns {Command[]} */
const listConversations = () =>
  [...document.querySelectorAll(".conversation-rows .conversation")].map((row) => ({
    label: row.querySelector(".conversation-title")?.textContent?.trim() ?? "",
    run: () => location.assign(row.querySelector("a")?.href ?? "/"),
  }));

/** @param {Command[]} commands @param {string} query */
const findCommands = (commands, query) =>
  commands.filter(({ label }) => normalize(label).includes(normalize(query))).slice(0, MAX_RESULTS);

/** @param {string} text */
const normalize = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");

/**
 * A listbox whose selected option is moved from a field, which keeps focus.
 *
 * @param {HTMLInputElement} field
 * @param {HTMLElement} list
 * @param {(command: Command | undefined) => void} run
 */
function openOptionList(field, list, run) {
  /** @type {Command[]} */
  let shown = [];
  let selected = 0;

  const markSelected = () => {
    for (const [index, row] of [...list.children].entries())
      setAttribute(row, "aria-selected", String(index === selected));
    const row = list.children[selected];
    setAttribute(field, "aria-activedescendant", row?.id || undefined);
    row?.scrollIntoView({ block: "nearest" });
  };

  return {
    /** @param {Command[]} commands */
    show(commands) {
      shown = commands;
      selected = 0;
      const rows = commands.map((command, index) => optionRow(command, index, run));
      list.replaceChildren(
        ...(rows.length ? rows : [element("li", { class: "hint" }, translate("nothing_found"))]),
      );
      markSelected();
    },
    /** @param {KeyboardEvent} event @returns {boolean} whether the key was used */
    handleKey(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Enter" && !event.isComposing) {
        run(shown[selected]);
        return true;
      }
      if (!step || !shown.length) return false;
      selected = (selected + step + shown.length) % shown.length;
      markSelected();
      return true;
    },
  };
}

/** @param {Command} command @param {number} index @param {(command: Command) => void} run */
function optionRow(command, index, run) {
  const row = element("li", { id: `palette-${index}`, role: "option", dir: "auto" }, command.label);
  row.addEventListener("click", () => run(command));
  return row;
}
