import { find } from "./dom.js";

/**
 * Show a dialog with a form and wait for what the reader decides.
 *
 * @param {string} id
 * @returns {Promise<FormData | null>} the form's fields, or null when the reader went back
 */
export function openDialog(id) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(id));
  const form = /** @type {HTMLFormElement} */ (find(dialog, "form"));
  return new Promise((resolve) => {
    /** @type {FormData | null} */
    let answers = null;
    const controller = new AbortController();
    const { signal } = controller;
    form.addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        answers = new FormData(form);
        dialog.close();
      },
      { signal },
    );
    dialog.addEventListener(
      "click",
      (event) => {
        const isVeil = event.target === dialog;
        if (isVeil || (event.target instanceof Element && event.target.closest("[data-close]")))
          dialog.close();
      },
      { signal },
    );
    dialog.addEventListener(
      "close",
      () => {
        controller.abort();
        resolve(answers);
      },
      { signal },
    );
    dialog.showModal();
  });
}
