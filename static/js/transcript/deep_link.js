import { focusOn } from "../lib/focus.js";

/**
 * @import { TurnList } from "./turn_list.js"
 */

const TURN = /^#turn-([0-9a-f-]{36})$/;

/**
 * Scroll to the turn that the address names (`#turn-ID`), and load the turns before those on the page until it is there.
 *
 * @param {TurnList} list
 * @param {() => Promise<boolean>} loadEarlier returns whether there were more turns
 */
export function openDeepLinks(list, loadEarlier) {
  const show = async () => {
    const turn = TURN.exec(location.hash)?.[1];
    if (!turn) return;
    while (list.indexOf(turn) < 0) if (!(await loadEarlier())) return;
    const index = list.indexOf(turn);
    const listed = list.turns[index];
    if (!listed) return;
    // The end of the turn before it is seen behind the page's head.
    for (const each of list.turns.slice(Math.max(0, index - 1), index + 1)) list.build(each);
    focusOn(listed.view.host);
    listed.view.host.scrollIntoView({ block: "start", behavior: "instant" });
  };
  addEventListener("hashchange", show);
  show();
}
