import { saveDraft } from "../composer/draft.js";
import { updateReturnLinks } from "./account_menu.js";

/** @param {string} conversation */
const pathOf = (conversation) => (conversation ? `/c/${conversation}/` : "/");

/**
 * Keep the address in step with the conversation on the page; another address of the history is loaded from the server.
 *
 * @param {HTMLElement} shell
 * @returns {{
 *   conversation: () => string, enter: (id: string, typed: string) => void, showAddress: (at: string) => void,
 * }}
 */
export function openNavigation(shell) {
  let current = shell.dataset.conversation ?? "";
  addEventListener("popstate", () => {
    // A jump to a fragment of this page fires the event too.
    if (location.pathname !== pathOf(current)) location.reload();
  });
  return {
    conversation: () => current,
    // The first turn has created the conversation; text typed since becomes its draft.
    enter(id, typed) {
      saveDraft("", "");
      saveDraft(id, typed);
      current = id;
      shell.dataset.conversation = id;
      history.pushState(null, "", pathOf(id));
      updateReturnLinks();
    },
    // The turn whose branch is on screen, "" for the newest: a reload shows it again.
    showAddress(at) {
      history.replaceState(null, "", pathOf(current) + (at && `?at=${at}`));
      updateReturnLinks();
    },
  };
}
