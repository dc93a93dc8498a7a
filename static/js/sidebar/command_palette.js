import { element, find, setAttribute } from "../lib/dom.js";
import { word } from "../lib/words.js";

/** @typedef {{ label: string, run: () => void }} Command */

/**
 * Ctrl K: conversations and things to do, by name.
 *
 * @param {Command[]} commands
 * @param {() => Promise<void>} loadConversations that the page does not hold yet
 * @returns {() => void}
 */
export function openPalette(commands, loadConversations) {
  const dialog = /** @type {HTMLDialogElement} */ (find(document, "#palette"));
  const field = /** @type {HTMLInputElement} */ (find(dialog, "input"));
  const list = find(dialog, ".palette-rows");
  /** @type {Command[]} */
  let found = [];
  let chosen = 0;

  const conversations = () =>
    [...document.querySelectorAll(".conversation-rows .conversation")].map((row) => ({
      label: row.querySelector(".conversation-title")?.textContent?.trim() ?? "",
      run: () => location.assign(row.querySelector("a")?.href ?? "/"),
    }));

  const mark = () => {
    [...list.children].forEach((row, place) => {
      setAttribute(row, "aria-selected", String(place === chosen));
    });
    const row = list.children[chosen];
    setAttribute(field, "aria-activedescendant", row?.id || undefined);
    row?.scrollIntoView({ block: "nearest" });
  };

  const show = () => {
    const wanted = fold(field.value);
    found = [...commands, ...conversations()]
      .filter(({ label }) => fold(label).includes(wanted))
      .slice(0, 50);
    chosen = 0;
    const rows = found.map(({ label }, place) => {
      const row = element("li", { id: `palette-${place}`, role: "option", dir: "auto" }, label);
      row.addEventListener("click", () => choose(place));
      return row;
    });
    list.replaceChildren(...(rows.length ? rows : [element("li", { class: "hint" }, word("nothing_found"))]));
    mark();
  };

  /** @param {number} place */
  const choose = (place) => {
    dialog.close();
    found[place]?.run();
  };

  field.addEventListener("input", show);
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      chosen = (chosen + step + found.length) % found.length;
      mark();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      choose(chosen);
    }
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

/** @param {string} text */
const fold = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, "");
