import { tellHeight } from "./dock.js";
import { find } from "./element.js";

/**
 * @typedef {{ before: () => void, after: () => void, follow: () => void }} Tail
 */

const NEAR = 48;
const FAR = 240;

/**
 * Keeps the reader's place: the page follows a growing answer only while the reader is at its end.
 *
 * @param {() => number} tailBottom where the answer that grows ends, from the top of the window
 * @param {() => boolean} isGrowing
 * @returns {Tail}
 */
export function watchTail(tailBottom, isGrowing) {
  const pill = find(document, ".to-tail");
  const dock = find(document, ".dock");
  tellHeight(dock);
  const root = document.documentElement;
  let isFollowing = true;
  let ownScroll = -1;
  let wasGrowing = false;

  const visibleBottom = () => dock.getBoundingClientRect().top - 12;
  const isAtTail = () => tailBottom() <= visibleBottom() + NEAR;
  const left = () => root.scrollHeight - root.scrollTop - root.clientHeight;

  /** @param {number} over */
  const scrollOn = (over) => {
    if (over > 0) scrollBy(0, over);
    ownScroll = Math.round(root.scrollTop);
  };
  const toTail = () => scrollOn(tailBottom() - visibleBottom());
  const showPill = () => {
    pill.hidden = isGrowing() ? isFollowing || isAtTail() : left() < FAR;
  };

  addEventListener(
    "scroll",
    () => {
      if (Math.abs(Math.round(root.scrollTop) - ownScroll) > 1) {
        ownScroll = -1;
        isFollowing = isAtTail();
      }
      showPill();
    },
    { passive: true },
  );
  pill.addEventListener("click", () => {
    isFollowing = true;
    if (isGrowing()) toTail();
    else scrollOn(left());
    showPill();
  });

  return {
    before() {
      wasGrowing = isGrowing() || wasGrowing;
    },
    after() {
      // The end of the answer stays in view; what comes below it later moves nobody.
      if (isFollowing && wasGrowing) toTail();
      wasGrowing = isGrowing();
      showPill();
    },
    follow() {
      isFollowing = true;
    },
  };
}
