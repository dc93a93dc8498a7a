import { element, iconButton, setText } from "../lib/dom.js";
import { word } from "../lib/words.js";

/**
 * Steps through the versions of a turn that was regenerated or edited.
 *
 * @param {(turn: string) => void} choose
 * @returns {{
 *   host: HTMLElement, patch: (turns: string[], current: string) => void, focus: (isOlder: boolean) => void,
 * }}
 */
export function versionsView(choose) {
  /** @type {string[]} */
  let known = [];
  let place = 0;
  /** @param {number} step */
  const go = (step) => {
    const turn = known[place + step];
    if (turn) choose(turn);
  };
  const older = iconButton(word("version_older"), "left", () => go(-1));
  const newer = iconButton(word("version_newer"), "right", () => go(1));
  const count = element("span", { class: "number" });
  const host = element("div", { class: "versions", hidden: true }, older, count, newer);
  return {
    host,
    // The step that was taken, to take it again; at the end the way back.
    focus(isOlder) {
      const [wanted, other] = isOlder ? [older, newer] : [newer, older];
      (wanted.disabled ? other : wanted).focus();
    },
    patch(turns, current) {
      known = turns;
      place = Math.max(0, turns.indexOf(current));
      host.hidden = turns.length < 2;
      setText(count, `${place + 1} / ${turns.length}`);
      older.disabled = place === 0;
      newer.disabled = place === turns.length - 1;
    },
  };
}
