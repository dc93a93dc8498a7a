import { element, iconButton, setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";

/**
 * Buttons that step through the versions of a turn that was regenerated or edited.
 *
 * @param {(turn: string) => void} choose
 * @returns {{
 *   host: HTMLElement, patch: (turns: string[], current: string) => void, focus: (isOlder: boolean) => void,
 * }}
 */
export function versionsView(choose) {
  /** @type {string[]} */
  let versions = [];
  let index = 0;
  /** @param {number} step */
  const go = (step) => {
    const turn = versions[index + step];
    if (turn) choose(turn);
  };
  const older = iconButton(translate("version_older"), "left", () => go(-1));
  const newer = iconButton(translate("version_newer"), "right", () => go(1));
  const count = element("span", { class: "number" });
  const host = element("div", { class: "versions", hidden: true }, older, count, newer);
  return {
    host,
    // The same step again, or at the end the step back.
    focus(isOlder) {
      const [same, back] = isOlder ? [older, newer] : [newer, older];
      (same.disabled ? back : same).focus();
    },
    patch(turns, current) {
      versions = turns;
      index = Math.max(0, turns.indexOf(current));
      host.hidden = turns.length < 2;
      setText(count, `${index + 1} / ${turns.length}`);
      older.disabled = index === 0;
      newer.disabled = index === turns.length - 1;
    },
  };
}
