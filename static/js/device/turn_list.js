import { element, find, setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
import { openScrollFollow } from "../transcript/scroll_follow.js";

/**
 * @import { ScrollFollow } from "../transcript/scroll_follow.js"
 * @import { DeviceTurn } from "./turn_view.js"
 * @typedef {{ view: DeviceTurn, prompt: string, answer: string }} AnsweredTurn
 * @typedef {{
 *   views: DeviceTurn[], answered: AnsweredTurn[], scrollFollow: ScrollFollow,
 *   append: (view: DeviceTurn, dropped: number) => void, remove: (view: DeviceTurn) => void,
 *   showContextLimit: (dropped: number, current: DeviceTurn) => void, hideContextLimit: () => void, clear: () => void,
 * }} DeviceTurnList
 */

/**
 * The turns on the page, and the line above which the model has dropped them from its context.
 *
 * @param {() => boolean} isAnswering
 * @returns {DeviceTurnList}
 */
export function openTurnList(isAnswering) {
  const host = find(document, ".device-turns");
  const divider = element("p", { class: "device-forgotten", role: "status" });
  /** @type {DeviceTurn[]} */
  const views = [];
  /** @type {AnsweredTurn[]} */
  const answered = [];
  const scrollFollow = openScrollFollow({
    answerBottom: () => views.at(-1)?.bottom() ?? 0,
    isGrowing: isAnswering,
  });

  /** @param {number} dropped how many answered turns left the context @param {DeviceTurn} current */
  const showContextLimit = (dropped, current) => {
    if (dropped) (answered[dropped]?.view ?? current).host.before(divider);
    setText(divider, translate("device_forgotten"));
  };

  return {
    views,
    answered,
    scrollFollow,
    showContextLimit,
    hideContextLimit: () => divider.remove(),
    append(view, dropped) {
      for (const other of views) other.host.classList.remove("newest");
      views.push(view);
      host.append(view.host);
      showContextLimit(dropped, view);
      scrollFollow.follow();
      view.host.scrollIntoView({ block: "start" });
    },
    remove(view) {
      view.host.remove();
      views.splice(views.indexOf(view), 1);
    },
    clear() {
      views.length = answered.length = 0;
      host.replaceChildren();
    },
  };
}
