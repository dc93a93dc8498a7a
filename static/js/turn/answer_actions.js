import { copyWordButton } from "../lib/clipboard.js";
import { element, wordButton } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
import { answerText, isCut } from "../state/turn_selectors.js";
import { readAloud } from "./read_aloud.js";

/**
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{
 *   regenerate: () => void, copied: () => void, share: () => void, followFrom: () => void,
 *   continueWriting: () => void,
 * }} AnswerActions
 */

/**
 * What a reader can do with an answer, in words.
 *
 * @param {AnswerActions} actions
 * @returns {{ host: HTMLElement, patch: (state: TurnState, feedback: TurnFeedback) => void }}
 */
export function answerActions({ regenerate, copied, share, followFrom, continueWriting }) {
  let text = "";
  const copy = copyWordButton(() => text, copied);
  const reader = readAloud();
  const sharing = wordButton(translate("share"), "share", share);
  const again = wordButton(translate("act_again"), "retry", regenerate, {
    ariaLabel: translate("regenerate"),
  });
  // The style sheet shows the first on turns before the last one, and the second on the last one only.
  const follow = wordButton(translate("act_follow"), "branch", followFrom);
  follow.classList.add("follow-from");
  const writeOn = wordButton(translate("act_write_on"), "edit", continueWriting);
  writeOn.classList.add("write-on");
  const host = element(
    "div",
    { class: "answer-actions", hidden: true },
    writeOn,
    copy,
    again,
    follow,
    sharing,
    reader.button,
  );

  return {
    host,
    patch(state, { continued }) {
      text = answerText(state, continued).text;
      host.hidden = state.status === "running";
      copy.hidden = sharing.hidden = follow.hidden = !text;
      writeOn.hidden = !isCut(state, continued);
      // After a failure, asking again is the one thing to do.
      again.classList.toggle("quiet", state.status !== "failed");
      reader.show(host.hidden ? "" : text);
    },
  };
}
