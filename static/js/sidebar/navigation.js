import { saveDraft } from "../composer/draft.js";

/** @param {string} conversation */
const pathOf = (conversation) => (conversation ? `/c/${conversation}/` : "/");

/**
 * Which conversation the page shows, as its address says; another address of the history is loaded anew.
 *
 * @param {HTMLElement} shell
 * @returns {{ conversation: () => string, enter: (id: string, typed: string) => void }}
 */
export function openNavigation(shell) {
  let current = shell.dataset.conversation ?? "";
  addEventListener("popstate", () => {
    // A step to another place of this page is one too.
    if (location.pathname !== pathOf(current)) location.reload();
  });
  return {
    conversation: () => current,
    // The first turn has made it; what was typed meanwhile moves along.
    enter(id, typed) {
      saveDraft("", "");
      saveDraft(id, typed);
      current = id;
      shell.dataset.conversation = id;
      history.pushState(null, "", pathOf(id));
    },
  };
}
