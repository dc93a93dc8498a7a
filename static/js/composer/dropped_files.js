import { clearError, showError } from "../lib/error_notice.js";
import { translate } from "../lib/messages.js";

/**
 * Answer a dropped or pasted file in words; without this, a browser leaves the page to open it.
 *
 * Text that is dropped beside the field goes into it.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLTextAreaElement} field
 */
export function openDroppedFiles(form, field) {
  const refuse = () => showError(translate("file_unread"));
  const mark = (/** @type {boolean} */ isOver) => form.classList.toggle("drop-target", isOver);

  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event.dataTransfer)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    // Without a related target the pointer has left the window.
    if (!event.relatedTarget) mark(false);
  });
  document.addEventListener("drop", (event) => {
    mark(false);
    if (!holdsFiles(event.dataTransfer)) return;
    event.preventDefault();
    refuse();
    field.focus();
  });
  takeDroppedText(form, field);
  field.addEventListener("paste", ({ clipboardData }) => {
    // Spreadsheets and word processors put a picture beside the text: then the text is what is meant.
    if (clipboardData?.files.length && !clipboardData.getData("text/plain")) refuse();
  });
  field.addEventListener("input", () => clearError(translate("file_unread")));
}

/** @param {DataTransfer | null} transfer */
const holdsFiles = (transfer) => transfer?.types.includes("Files") ?? false;

/** @param {HTMLFormElement} form @param {HTMLTextAreaElement} field */
function takeDroppedText(form, field) {
  /** @param {DragEvent} event */
  const isForForm = ({ target, dataTransfer }) =>
    target !== field && !holdsFiles(dataTransfer) && dataTransfer?.types.includes("text/plain");

  form.addEventListener("dragover", (event) => {
    if (isForForm(event)) event.preventDefault();
  });
  form.addEventListener("drop", (event) => {
    if (!isForForm(event)) return;
    event.preventDefault();
    const text = event.dataTransfer?.getData("text/plain") ?? "";
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input"));
    field.focus();
  });
}
