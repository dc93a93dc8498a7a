import { copyAction } from "../lib/clipboard.js";
import { openDialog } from "../lib/dialogs.js";
import { element, wordButton } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
import { answerText, chosenOf, isAnswering, isCut } from "../state/turn_selectors.js";
import { readAloud } from "./read_aloud.js";

/**
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {(verdict: "good" | "bad" | "", more?: { reason: string, comment: string }) => void} Rate
 * @typedef {{
 *   copied: () => void, rate: Rate, regenerate: () => void, followFrom: () => void,
 *   showOriginal: () => void, continueWriting: () => void, share: () => void,
 * }} AnswerActions
 */

/**
 * What a reader can do with an answer, in words.
 *
 * @param {AnswerActions} actions
 * @returns {{ host: HTMLElement, patch: (state: TurnState, feedback: TurnFeedback) => void }}
 */
export function answerActions(actions) {
  let text = "";
  const copy = copyAction(() => text, actions.copied);
  const rating = ratingButtons(actions.rate);
  const again = wordButton(translate("act_again"), "retry", actions.regenerate, {
    ariaLabel: translate("regenerate"),
  });
  const next = nextButtons(actions);
  const sharing = wordButton(translate("share"), "share", actions.share);
  const reader = readAloud();
  const buttons = [next.writeOn, copy, ...rating.buttons, again, ...next.buttons, sharing, reader.button];
  const host = element("div", { class: "answer-actions", hidden: true }, ...buttons);

  return {
    host,
    patch(state, feedback) {
      text = answerText(state, feedback.continued).text;
      host.hidden = isAnswering(state);
      copy.hidden = sharing.hidden = !text;
      rating.patch(text, feedback);
      next.patch(state, feedback, text);
      // After a failure, asking again is the one thing to do.
      again.classList.toggle("quiet", state.status !== "failed");
      reader.show(host.hidden ? "" : text);
    },
  };
}

/**
 * The buttons that tell how the conversation goes on from an answer.
 *
 * @param {AnswerActions} actions
 */
function nextButtons({ followFrom, continueWriting, showOriginal }) {
  // The style sheet shows the first on turns before the last one, and the second on the last one only.
  const follow = wordButton(translate("act_follow"), "branch", followFrom);
  follow.classList.add("follow-from");
  const writeOn = wordButton(translate("act_write_on"), "edit", continueWriting);
  writeOn.classList.add("write-on");
  const original = wordButton(translate("act_original"), "left", showOriginal);
  return {
    buttons: [follow, original],
    writeOn,
    /** @param {TurnState} state @param {TurnFeedback} feedback @param {string} text */
    patch(state, { continued }, text) {
      follow.hidden = !text;
      writeOn.hidden = !isCut(state, continued);
      original.hidden = !chosenOf(state, continued);
    },
  };
}

/**
 * The buttons that tell what the reader thinks of an answer; a second press takes it back.
 *
 * @param {Rate} rate
 */
function ratingButtons(rate) {
  let rated = "";
  const good = wordButton(translate("act_good"), "vote", () => rate(rated === "good" ? "" : "good"));
  const bad = wordButton(translate("act_bad"), "dislike", async () => {
    if (rated === "bad") return rate("");
    const fields = await openDialog("feedback-dialog");
    const field = (/** @type {string} */ name) => String(fields?.get(name) ?? "");
    if (fields) rate("bad", { reason: field("reason"), comment: field("comment").trim() });
  });
  return {
    buttons: [good, bad],
    /** @param {string} text @param {TurnFeedback} feedback */
    patch(text, feedback) {
      rated = feedback.rated;
      good.hidden = bad.hidden = !text;
      good.ariaPressed = String(rated === "good");
      bad.ariaPressed = String(rated === "bad");
    },
  };
}
