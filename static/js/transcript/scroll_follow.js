import { find } from "../lib/dom.js";
import { setHidden } from "../lib/focus.js";

/**
 * @typedef {{ before: () => void, after: () => void, follow: () => void }} ScrollFollow
 */

const NEAR_PX = 48;
const FAR_PX = 240;
const MARGIN_PX = 12;
/** How long the end of an answer is followed after it was written: the ad is chosen after it and stands there too. */
const SETTLE_MS = 1500;

/**
 * Scroll along with a growing answer while the reader is at its end, and offer a button to return there.
 *
 * @param {{ answerBottom: () => number, isGrowing: () => boolean, prepareEnd?: () => void }} transcript `answerBottom` is
 *     where the growing answer ends, in pixels from the top of the window; `prepareEnd` is called before the reader jumps
 *     to the end of the page
 * @returns {ScrollFollow} `before` and `after` enclose each change of the answer; `follow` starts following again
 */
export function openScrollFollow({ answerBottom, isGrowing, prepareEnd }) {
  const button = find(document, ".scroll-to-bottom");
  const dock = find(document, ".dock");
  trackDockHeight(dock);
  let isFollowing = true;
  let wasGrowing = false;
  let settledAt = 0;

  const hiddenPx = () => answerBottom() - dock.getBoundingClientRect().top + MARGIN_PX;
  const isAtBottom = () => hiddenPx() <= NEAR_PX;
  const showButton = () => {
    setHidden(button, isAtBottom() || (isGrowing() ? isFollowing : remainingPx() < FAR_PX));
  };
  const scrollDown = openScroller((isByReader) => {
    if (isByReader) isFollowing = isAtBottom();
    showButton();
  });

  button.addEventListener("click", () => {
    isFollowing = true;
    prepareEnd?.();
    scrollDown(isGrowing() ? hiddenPx() : remainingPx());
    showButton();
  });

  return {
    before() {
      wasGrowing = isGrowing() || wasGrowing;
      if (wasGrowing) settledAt = performance.now() + SETTLE_MS;
    },
    after() {
      // Only the end of the answer and its ad are followed; content that appears later does not scroll the page.
      if (isFollowing && performance.now() < settledAt) scrollDown(hiddenPx());
      wasGrowing = isGrowing();
      showButton();
    },
    follow() {
      isFollowing = true;
    },
  };
}

function remainingPx() {
  const { scrollHeight, scrollTop, clientHeight } = document.documentElement;
  return scrollHeight - scrollTop - clientHeight;
}

/**
 * Scroll the page, and report for each scroll event whether the reader caused it.
 *
 * @param {(isByReader: boolean) => void} onScroll
 * @returns {(px: number) => void} scrolls down; a distance that is not positive leaves the page where it is
 */
function openScroller(onScroll) {
  const position = () => Math.round(document.documentElement.scrollTop);
  let ownPosition = -1;
  const onEvent = () => {
    const isByReader = Math.abs(position() - ownPosition) > 1;
    if (isByReader) ownPosition = -1;
    onScroll(isByReader);
  };
  addEventListener("scroll", onEvent, { passive: true });
  return (px) => {
    if (px > 0) scrollBy(0, px);
    ownPosition = position();
  };
}

/**
 * Give the style sheets the height of the composer, so that focused elements scroll to above it.
 *
 * @param {HTMLElement} dock
 */
function trackDockHeight(dock) {
  const update = () => document.documentElement.style.setProperty("--dock", `${dock.offsetHeight}px`);
  new ResizeObserver(update).observe(dock);
  update();
}
