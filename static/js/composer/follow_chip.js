import { find, setText } from "../lib/dom.js";
import { setHidden } from "../lib/focus.js";
import { translate } from "../lib/messages.js";

/**
 * @import { Followed } from "../state/followed.js"
 * @typedef {{ show: (followed: Followed | null) => void }} FollowChip
 */

const TITLE_LENGTH = 30;

/**
 * The line above the prompt's field that says what the next prompt follows, when that is not the answer at the end.
 *
 * @param {(followed: Followed) => void} cancel lets the next prompt follow the answer at the end again
 * @returns {FollowChip}
 */
export function openFollowChip(cancel) {
  const host = find(document, ".follow-chip");
  /** @type {Followed | null} */
  let shown = null;
  find(host, "button").addEventListener("click", () => {
    if (shown) cancel(shown);
  });
  return {
    show(followed) {
      shown = followed;
      setHidden(host, !followed);
      if (followed) setText(find(host, ".follow-text"), describe(followed));
    },
  };
}

/** @param {Followed} followed */
function describe({ kind, name }) {
  if (kind === "candidate") return translate("follow_candidate", { name });
  if (kind === "version") return translate("follow_version");
  const characters = [...name.replace(/\s+/g, " ").trim()];
  const isLong = characters.length > TITLE_LENGTH;
  const cut = characters
    .slice(0, TITLE_LENGTH)
    .join("")
    .replace(/[\s.,…]+$/, "");
  const title = isLong ? `${cut}…` : characters.join("");
  return translate("follow_turn", { title });
}
