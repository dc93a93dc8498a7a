import { find } from "./element.js";

/**
 * @typedef {{ before: () => void, after: () => void, follow: () => void }} Tail
 */

const NEAR = 48;
const FAR = 240;

/**
 * Keeps the reader's place: the page follows growing text only while the reader is at its end.
 *
 * @param {() => number} tailBottom where the text that grows ends, from the top of the window
 * @returns {Tail}
 */
export function watchTail(tailBottom) {
  const pill = find(document, ".to-tail");
  const dock = find(document, ".dock");
  const root = document.documentElement;
  let isFollowing = true;
  let ownScroll = -1;

  const visibleBottom = () => dock.getBoundingClientRect().top - 12;
  const isAtTail = () => tailBottom() <= visibleBottom() + NEAR;
  const left = () => root.scrollHeight - root.scrollTop - root.clientHeight;

  const toTail = () => {
    const over = tailBottom() - visibleBottom();
    if (over > 0) scrollBy(0, over);
    ownScroll = Math.round(root.scrollTop);
  };
  const showPill = () => {
    pill.hidden = isFollowing || isAtTail() || left() < FAR;
  };

  addEventListener(
    "scroll",
    () => {
      if (Math.abs(Math.round(root.scrollTop) - ownScroll) <= 1) return;
      ownScroll = -1;
      isFollowing = isAtTail();
      showPill();
    },
    { passive: true },
  );
  pill.addEventListener("click", () => {
    isFollowing = true;
    toTail();
    showPill();
  });

  return {
    before() {
      if (!isFollowing) isFollowing = isAtTail() && left() < NEAR;
    },
    after() {
      if (isFollowing) toTail();
      showPill();
    },
    follow() {
      isFollowing = true;
    },
  };
}
