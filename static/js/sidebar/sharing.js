import { announce } from "../lib/announcer.js";
import { copyText } from "../lib/clipboard.js";
import { openDialog } from "../lib/dialogs.js";
import { find, setText } from "../lib/dom.js";
import { showError } from "../lib/error_notice.js";
import { postFor } from "../lib/post.js";
import { formatTimes } from "../lib/relative_time.js";
import { word } from "../lib/words.js";

/** @typedef {{ open: () => void, patch: () => void }} Sharing */

/**
 * The conversation's public link: made after a word of warning, copied again, withdrawn.
 *
 * @param {() => string} current the conversation
 * @returns {Sharing}
 */
export function openSharing(current) {
  const { dataset } = find(document, ".shell");
  const button = find(document, "[data-share]");
  const dialog = find(document, "#shared-dialog");
  const field = /** @type {HTMLInputElement} */ (find(dialog, "#share-link"));
  const copy = /** @type {HTMLButtonElement} */ (find(dialog, "[data-copy-link]"));
  const cut = find(dialog, ".share-left-out");
  const time = /** @type {HTMLTimeElement} */ (find(dialog, ".share-time"));

  const patch = () => {
    const isShared = Boolean(dataset.sharePath);
    button.hidden = !current();
    button.classList.toggle("shared", isShared);
    setText(find(button, "span"), word(isShared ? "shared" : "share"));
  };

  /** @param {string} action @param {FormData} answers */
  const send = async (action, answers) => {
    const answer = await postFor(`/c/${current()}/${action}/`, answers);
    const payload = await answer?.json().catch(() => undefined);
    if (!answer?.ok) showError(payload?.message ?? word("save_failed"));
    return answer?.ok ? payload : undefined;
  };

  const make = async () => {
    const answers = await openDialog("share-dialog");
    const made = answers && (await send("share", answers));
    if (!made) return;
    dataset.sharePath = made.path;
    dataset.sharedAt = made.shared_at;
    dataset.shareLeftOut = made.left_out;
    patch();
    await show();
  };

  const show = async () => {
    field.value = `${location.origin}${dataset.sharePath}`;
    time.dateTime = dataset.sharedAt ?? "";
    const n = Number(dataset.shareLeftOut);
    cut.hidden = !n;
    setText(cut, n ? word("share_left_out", { n }) : "");
    formatTimes(dialog);
    const answers = await openDialog("shared-dialog");
    if (!answers || !(await send("unshare", answers))) return;
    dataset.sharePath = "";
    announce(word("unshared"));
    patch();
  };

  const open = () => (dataset.sharePath ? show() : make());
  button.addEventListener("click", open);
  copy.addEventListener("click", () => copyText(field.value, copy));
  field.addEventListener("focus", () => field.select());
  patch();
  return { open, patch };
}
