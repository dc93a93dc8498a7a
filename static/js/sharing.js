import { announce } from "./announcer.js";
import { copyText } from "./clipboard.js";
import { openDialog } from "./dialogs.js";
import { find, setText } from "./element.js";
import { postFor } from "./post.js";
import { refuse } from "./refusal.js";
import { sayWhen } from "./when.js";
import { word } from "./words.js";

/** @typedef {{ open: () => void, patch: () => void }} Sharing */

/**
 * The conversation's public link: made after a word of warning, copied again, withdrawn.
 *
 * @param {() => string} current the conversation
 * @returns {Sharing}
 */
export function openSharing(current) {
  const { dataset } = find(document, ".house");
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

  /** @param {string} wish @param {FormData} answers */
  const send = async (wish, answers) => {
    const answer = await postFor(`/c/${current()}/${wish}/`, answers);
    const told = await answer?.json().catch(() => undefined);
    if (!answer?.ok) refuse(told?.message ?? word("save_failed"));
    return answer?.ok ? told : undefined;
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
    sayWhen(dialog);
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
