import { element } from "../../lib/dom.js";
import { focusOn } from "../../lib/focus.js";
import { translate } from "../../lib/messages.js";
import { findPassage } from "../../markdown/passages.js";
import { streamText } from "../../markdown/streamed_text.js";

/**
 * @import { CandidateState } from "../../state/turn_types.js"
 */

const CUT_PX = 360;
const MORE_CLASS = "button quiet small unfold";

/**
 * The text of a candidate, rendered only while it is open; a long one is cut until the reader asks for all of it.
 */
export function candidateText() {
  const host = element("div", { class: "prose candidate-text" });
  const more = element("button", { type: "button", class: MORE_CLASS, hidden: true }, translate("show_all"));
  const stream = streamText(host);
  let isShown = false;
  /** @type {{ text: string, isGrowing: boolean } | null} */
  let latest = null;

  /** @param {boolean} isCut */
  const cut = (isCut) => {
    host.classList.toggle("cut", isCut);
    more.hidden = !isCut;
  };
  const render = () => isShown && latest && stream.show(latest.text, latest.isGrowing);
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
      render();
      // A text that still grows is not cut: what the reader looks at would vanish.
      cut(isOpen && latest?.isGrowing === false && host.scrollHeight > CUT_PX);
    },
    /** @param {CandidateState} candidate @param {boolean} isAnswer */
    patch({ text, status }, isAnswer) {
      const isGrowing = status === "streaming" || status === "waiting";
      host.hidden = isAnswer || !text;
      host.classList.toggle("streaming", status === "streaming");
      latest = isAnswer ? { text: "", isGrowing: false } : { text, isGrowing };
      render();
    },
  };
}
