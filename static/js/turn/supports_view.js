import { element } from "../lib/dom.js";
import { hueOf } from "../lib/hue.js";
import { word } from "../lib/words.js";
import { sourceOf } from "../markdown/formulas.js";
import { blocksOf, findPassageIndex, insertAfterPassage } from "../markdown/passages.js";
import { candidateOf } from "../state/turn_selectors.js";

/**
 * @import { Support } from "../connection/events.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ card: HTMLElement, patch: (state: TurnState) => void }} SupportsView
 */

/**
 * Behind each sentence of a fused answer, how many candidates say it too; pressing the number shows who, in their words.
 *
 * @param {HTMLElement} body that the answer is rendered into
 * @param {(candidate: string, text?: string) => void} show
 * @returns {SupportsView}
 */
export function supportsView(body, show) {
  const list = element("ul", { class: "supports" });
  const card = element("div", { class: "support-card", popover: "auto" });
  card.append(element("p", {}, word("supported_by")), list);

  /** @param {HTMLElement} mark @param {TurnState} state @param {Support} support */
  const open = (mark, state, support) => {
    const sides = support.candidates.map((id, place) => sideOf(state, id, support.words[place] ?? ""));
    list.replaceChildren(...sides.map((side) => element("li", {}, side)));
    card.showPopover();
    const { left, bottom } = mark.getBoundingClientRect();
    card.style.left = `${Math.max(12, Math.min(left - 24, document.body.clientWidth - card.offsetWidth - 12))}px`;
    const isLow = bottom + card.offsetHeight + 16 > innerHeight;
    card.style.top = `${isLow ? Math.max(12, bottom - card.offsetHeight - 28) : bottom + 6}px`;
  };

  /** @param {TurnState} state @param {string} id @param {string} words */
  const sideOf = (state, id, words) => {
    const candidate = candidateOf(state, id);
    const dot = element("i", { class: "dot", "data-hue": hueOf(candidate?.model ?? "") });
    const who = element("span", { class: "claim-who" }, dot, candidate?.name ?? "");
    const button = element("button", { type: "button", class: "claim-side" }, who, element("q", {}, words));
    button.addEventListener("click", () => {
      card.hidePopover();
      show(id, words);
    });
    return button;
  };

  /** @param {TurnState} state @param {Support} support */
  const mark = (state, support) => {
    const names = support.candidates.map((id) => candidateOf(state, id)?.name ?? "").join(", ");
    const button = element("button", {
      type: "button",
      class: "support-mark number",
      "aria-label": word("supported_by_names", { n: support.candidates.length, names }),
      title: names,
    });
    button.textContent = String(support.candidates.length);
    button.addEventListener("click", () => open(button, state, support));
    return button;
  };

  return {
    card,
    patch(state) {
      const isMarked = body.querySelector(".support-mark") !== null;
      if (isMarked || state.status === "running" || state.answer?.kind !== "fused") return;
      for (const support of state.supports) {
        const blocks = blocksOf(body);
        const block = blocks[findPassageIndex(blocks.map(sourceOf), support.text)];
        if (block) insertAfterPassage(block, support.text, mark(state, support));
      }
    },
  };
}
