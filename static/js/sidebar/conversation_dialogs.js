import { announce } from "../lib/announcer.js";
import { openDialog } from "../lib/dialogs.js";
import { find, setText } from "../lib/dom.js";
import { clearError, showError } from "../lib/error_notice.js";
import { translate } from "../lib/messages.js";
import { postForm } from "../lib/post.js";

/**
 * Ask for a new title and store it.
 *
 * @param {string} conversation
 * @param {string} title
 * @returns {Promise<string>} the new title; "" when the reader cancelled or the server refused
 */
export async function renameConversation(conversation, title) {
  const field = /** @type {HTMLInputElement} */ (find(document, "#title"));
  field.value = title;
  const fields = await openDialog("rename-dialog");
  const isRenamed = fields !== null && (await change(`/c/${conversation}/rename/`, fields, "renamed"));
  return isRenamed ? String(fields.get("title")) : "";
}

/**
 * Delete a conversation after a confirmation.
 *
 * @param {string} conversation
 * @param {string} title
 * @returns {Promise<boolean>} false when the reader cancelled or the server refused
 */
export async function deleteConversation(conversation, title) {
  setText(find(document, ".delete-name"), title);
  const fields = await openDialog("delete-dialog");
  return fields !== null && (await change(`/c/${conversation}/delete/`, fields, "deleted"));
}

/**
 * @param {string} url
 * @param {FormData} fields
 * @param {string} done the key of what is announced on success
 */
async function change(url, fields, done) {
  const response = await postForm(url, fields);
  if (!response?.ok) {
    showError(translate("save_failed"));
    return false;
  }
  clearError(translate("save_failed"));
  announce(translate(done));
  return true;
}
