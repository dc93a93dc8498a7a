import { find } from "../lib/dom.js";
import { trackDockHeight } from "./dock_height.js";

/**
 * @typedef {{ before: () => void, after: () => void, follow: () => void }} ScrollFollow
 */

const NEAR = 48;
const FAR = 240;

/**
 * Keeps the reader's place: the page follows a growing answer only while the reader is at its end.
 *
 * @param {() => number} answerBottom where the answer that grows ends, from the top of the window
 * @param {() => boolean} isGrowing
 * @returns {ScrollFollow}
 */
export function openScrollFollow(answerBottom, isGrowing) {
  const pill = find(document, ".scroll-to-bottom");
  const dock = find(document, ".dock");
  trackDockHeight(dock);
  const root = document.documentElement;
  let isFollowing = true;
  let ownScroll = -1;
  let wasGrowing = false;

  const visibleBottom = () => dock.getBoundingClientRect().top - 12;
  const isAtBottom = () => answerBottom() <= visibleBottom() + NEAR;
  const left = () => root.scrollHeight - root.scrollTop - root.clientHeight;

  /** @param {number} over */
  const scrollDown = (over) => {
    if (over > 0) scrollBy(0, over);
    ownScroll = Math.round(root.scrollTop);
  };
  const scrollToBottom = () => scrollDown(answerBottom() - visibleBottom());
  const showPill = () => {
    pill.hidden = isGrowing() ? isFollowing || isAtBottom() : left() < FAR;
  };

  addEventListener(
    "scroll",
    () => {
      if (Math.abs(Math.round(root.scrollTop) - ownScroll) > 1) {
        ownScroll = -1;
        isFollowing = isAtBottom();
      }
      showPill();
    },
    { passive: true },
  );
  pill.addEventListener("click", () => {
    isFollowing = true;
    if (isGrowing()) scrollToBottom();
    else scrollDown(left());
    showPill();
  });

  return {
    before() {
      wasGrowing = isGrowing() || wasGrowing;
    },
    after() {
      // The end of the answer stays in view; what comes below it later moves nobody.
      if (isFollowing && wasGrowing) scrollToBottom();
      wasGrowing = isGrowing();
      showPill();
    },
    follow() {
      isFollowing = true;
    },
  };
}
