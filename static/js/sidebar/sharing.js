import { announce } from "../lib/announcer.js";
import { openDialog } from "../lib/dialogs.js";
import { find, setText } from "../lib/dom.js";
import { showError } from "../lib/error_notice.js";
import { translate } from "../lib/messages.js";
import { postForm } from "../lib/post.js";
import { formatTimes } from "../lib/relative_time.js";
import { openLinkButtons } from "../lib/share_link.js";

/** @typedef {{ open: () => void, patch: () => void }} Sharing */

/**
 * Share the conversation by a public link, and show or revoke the link.
 *
 * @param {() => string} conversation
 * @param {() => string} leaf the turn whose branch is shared
 * @returns {Sharing}
 */
export function openSharing(conversation, leaf) {
  const { dataset } = find(document, ".shell");
  const button = find(document, "[data-share]");
  const showLink = openLinkDialog();

  const patch = () => {
    const isShared = Boolean(dataset.sharePath);
    button.hidden = !conversation();
    button.classList.toggle("shared", isShared);
    setText(find(button, "span"), translate(isShared ? "shared" : "share"));
  };

  const create = async () => {
    const fields = await openDialog("share-dialog");
    fields?.set("at", leaf());
    const share = fields && (await send(`/c/${conversation()}/share/`, fields));
    if (!share) return;
    dataset.sharePath = share.path;
    dataset.sharedAt = share.shared_at;
    dataset.shareLeftOut = share.left_out;
    patch();
    await show();
  };

  const show = async () => {
    const fields = await showLink(dataset);
    if (!fields || !(await send(`/c/${conversation()}/unshare/`, fields))) return;
    dataset.sharePath = "";
    announce(translate("unshared"));
    patch();
  };

  const open = () => (dataset.sharePath ? show() : create());
  button.addEventListener("click", open);
  patch();
  return { open, patch };
}

/**
 * @param {string} url
 * @param {FormData} fields
 * @returns {Promise<Record<string, string> | undefined>} the server's answer; undefined after a refusal, which is shown
 */
async function send(url, fields) {
  const response = await postForm(url, fields);
  const payload = await response?.json().catch(() => undefined);
  if (!response?.ok) showError(payload?.message ?? translate("save_failed"));
  return response?.ok ? payload : undefined;
}

/**
 * The dialog with the link of a shared conversation.
 *
 * @returns {(share: DOMStringMap) => Promise<FormData | null>} shows it; null unless the reader revokes the link
 */
function openLinkDialog() {
  const dialog = find(document, "#shared-dialog");
  const field = /** @type {HTMLInputElement} */ (find(dialog, "#share-link"));
  const time = /** @type {HTMLTimeElement} */ (find(dialog, ".share-time"));
  const leftOut = find(dialog, ".share-left-out");
  openLinkButtons(dialog, () => ({
    url: field.value,
    title: find(document, ".pane-title").textContent ?? "",
  }));
  field.addEventListener("focus", () => field.select());

  return ({ sharePath, sharedAt = "", shareLeftOut }) => {
    const n = Number(shareLeftOut);
    field.value = `${location.origin}${sharePath}`;
    time.dateTime = sharedAt;
    leftOut.hidden = !n;
    setText(leftOut, n ? translate("share_left_out", { n }) : "");
    formatTimes(dialog);
    return openDialog("shared-dialog");
  };
}
