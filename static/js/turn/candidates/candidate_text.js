import { element } from "../../lib/dom.js";
import { focusOn } from "../../lib/focus.js";
import { translate } from "../../lib/messages.js";
import { watchNear } from "../../lib/near_viewport.js";
import { findPassage } from "../../markdown/passages.js";
import { streamText } from "../../markdown/streamed_text.js";

/**
 * @import { CandidateState } from "../../state/turn_types.js"
 */

const CUT_PX = 360;
/** How often a growing text is rendered that the reader cannot see. */
const UNSEEN_MS = 700;
const MORE_CLASS = "button quiet small unfold";

/**
 * The text of a candidate, rendered only while it is open, and seldom while it grows outside the window; a long one is cut until
 * the reader asks for all of it.
 */
export function candidateText() {
  const host = element("div", { class: "prose candidate-text" });
  const more = element("button", { type: "button", class: MORE_CLASS, hidden: true }, translate("show_all"));
  const rendering = openRendering(host);
  let isShown = false;

  /** @param {boolean} isCut */
  const cut = (isCut) => {
    host.classList.toggle("cut", isCut);
    more.hidden = !isCut;
  };
  more.addEventListener("click", () => {
    cut(false);
    focusOn(host);
  });
  // A link of the part that is cut off may get focus.
  host.addEventListener("focusin", ({ target }) => target !== host && cut(false));

  return {
    host,
    more,
    /** @param {string} passage */
    findPassage(passage) {
      const found = findPassage(host, passage);
      if (found) cut(false);
      return found;
    },
    /** @param {boolean} isOpen */
    setOpen(isOpen) {
      if (isOpen === isShown) return;
      isShown = isOpen;
      rendering.setShown(isShown);
      // A text that still grows is not cut: what the reader looks at would vanish.
      cut(isOpen && rendering.isWhole() && host.scrollHeight > CUT_PX);
    },
    /** @param {CandidateState} candidate @param {boolean} isAnswer */
    patch({ text, status }, isAnswer) {
      const isGrowing = status === "streaming" || status === "waiting";
      host.hidden = isAnswer || !text;
      host.classList.toggle("streaming", status === "streaming");
      rendering.show(isAnswer ? { text: "", isGrowing: false } : { text, isGrowing });
    },
  };
}

/**
 * Render the newest text of a candidate when it is to be seen.
 *
 * @param {HTMLElement} host
 */
function openRendering(host) {
  const stream = streamText(host);
  let isShown = false;
  let isNear = false;
  let renderedAt = 0;
  /** @type {{ text: string, isGrowing: boolean } | null} */
  let latest = null;

  const render = () => {
    if (!isShown || !latest) return;
    renderedAt = performance.now();
    stream.show(latest.text, latest.isGrowing);
  };
  watchNear(host, (isNearNow) => {
    isNear = isNearNow;
    if (isNear) render();
  });

  return {
    isWhole: () => latest?.isGrowing === false,
    /** @param {boolean} isNowShown */
    setShown(isNowShown) {
      isShown = isNowShown;
      render();
    },
    /** @param {{ text: string, isGrowing: boolean }} next */
    show(next) {
      latest = next;
      const isSkipped = next.isGrowing && !isNear && performance.now() < renderedAt + UNSEEN_MS;
      if (!isSkipped) render();
    },
  };
}
