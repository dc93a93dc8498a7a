import { find } from "./dom.js";

/**
 * Show a dialog with a form and wait until it is submitted or closed.
 *
 * @param {string} id
 * @returns {Promise<FormData | null>} the form's fields, or null when the reader closed the dialog
 */
export function openDialog(id) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById(id));
  const form = /** @type {HTMLFormElement} */ (find(dialog, "form"));
  return new Promise((resolve) => {
    /** @type {FormData | null} */
    let fields = null;
    const controller = new AbortController();
    const { signal } = controller;
    form.addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        fields = new FormData(form);
        form.reset();
        dialog.close();
      },
      { signal },
    );
    dialog.addEventListener(
      "click",
      (event) => {
        const isBackdrop = event.target === dialog;
        if (isBackdrop || (event.target instanceof Element && event.target.closest("[data-close]")))
          dialog.close();
      },
      { signal },
    );
    dialog.addEventListener(
      "close",
      () => {
        controller.abort();
        resolve(fields);
      },
      { signal },
    );
    dialog.showModal();
  });
}
