import { element } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
import { sourceOf } from "../markdown/formulas.js";
import { blocksOf, findPassageIndex, insertAfterPassage } from "../markdown/passages.js";
import { candidatesOf } from "../state/turn_selectors.js";
import { namesOf, passageButton } from "./passage_button.js";

/**
 * @import { Support } from "../connection/events.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {(candidate: string, text?: string) => void} Show
 * @typedef {{ card: HTMLElement, patch: (state: TurnState) => void }} SupportsView
 */

const MARGIN_PX = 12;

/**
 * Mark each sentence of a fused answer with the number of candidates that support it; pressing a mark lists them.
 *
 * @param {HTMLElement} answer the rendered text
 * @param {Show} show
 * @returns {SupportsView}
 */
export function supportsView(answer, show) {
  const { card, open } = supportCard(show);
  return {
    card,
    patch(state) {
      const isMarked = answer.querySelector(".support-mark") !== null;
      if (isMarked || state.status === "running" || state.answer?.kind !== "fused") return;
      for (const support of state.supports) {
        const blocks = blocksOf(answer);
        const block = blocks[findPassageIndex(blocks.map(sourceOf), support.text)];
        if (block) insertAfterPassage(block, support.text, supportMark(state, support, open));
      }
    },
  };
}

/**
 * @param {TurnState} state
 * @param {Support} support
 * @param {(mark: HTMLElement, state: TurnState, support: Support) => void} open
 */
function supportMark(state, support, open) {
  const names = namesOf(candidatesOf(state, support.candidates));
  const n = support.candidates.length;
  const mark = element("button", { type: "button", class: "support-mark number", title: names }, String(n));
  mark.ariaLabel = translate("supported_by_names", { n, names });
  mark.addEventListener("click", () => open(mark, state, support));
  return mark;
}

/**
 * The popover that lists the candidates behind a sentence, each with its own words.
 *
 * @param {Show} show
 */
function supportCard(show) {
  const list = element("ul", { class: "supports" });
  const card = element("div", { class: "support-card", popover: "auto" });
  card.append(element("p", {}, translate("supported_by")), list);

  /** @param {HTMLElement} mark @param {TurnState} state @param {Support} support */
  const open = (mark, state, support) => {
    const rows = support.candidates.map((id, index) => {
      const text = support.words[index] ?? "";
      const button = passageButton(candidatesOf(state, [id]), text, () => {
        card.hidePopover();
        show(id, text);
      });
      return element("li", {}, button);
    });
    list.replaceChildren(...rows);
    card.showPopover();
    placeBeside(card, mark);
  };
  return { card, open };
}

/** @param {HTMLElement} card @param {HTMLElement} mark */
function placeBeside(card, mark) {
  const { left, bottom } = mark.getBoundingClientRect();
  const farthest = document.body.clientWidth - card.offsetWidth - MARGIN_PX;
  const isLow = bottom + card.offsetHeight + 16 > innerHeight;
  const above = Math.max(MARGIN_PX, bottom - card.offsetHeight - 28);
  card.style.left = `${Math.max(MARGIN_PX, Math.min(left - 2 * MARGIN_PX, farthest))}px`;
  card.style.top = `${isLow ? above : bottom + 6}px`;
}
