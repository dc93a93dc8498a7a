import { element, setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
import { candidatesOf } from "../state/turn_selectors.js";
import { passageButton } from "./passage_button.js";

/**
 * @import { Claim } from "../connection/events.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {(candidate: string, text?: string) => void} Show
 * @typedef {{ host: HTMLElement, patch: (state: TurnState) => void }} ClaimsView
 */

/**
 * The claims on which candidates differ or agree; pressing a side highlights its passage.
 *
 * @param {Show} show
 * @returns {ClaimsView}
 */
export function claimsView(show) {
  const summary = element("summary");
  const list = element("ul", { class: "claims-list" });
  const host = element("details", { class: "claims", hidden: true }, summary, list);
  /** @type {readonly Claim[]} */
  let shown = [];

  return {
    host,
    patch(state) {
      host.hidden = state.claims.length === 0 || state.candidates.length < 2;
      if (state.claims === shown) return;
      shown = state.claims;
      const contested = shown.filter((claim) => claim.kind === "contested");
      const shared = shown.filter((claim) => claim.kind === "shared");
      const counts = [
        contested.length > 0 ? translate("claims_contested", { n: contested.length }) : "",
        shared.length > 0 ? translate("claims_shared", { n: shared.length }) : "",
      ];
      setText(summary, counts.filter(Boolean).join(" · "));
      list.replaceChildren(
        ...contested.map((claim) =>
          element(
            "li",
            { class: "claim contested" },
            sideOf(state, claim.candidates, claim.text, show),
            sideOf(state, claim.against, claim.other_text, show),
          ),
        ),
        ...shared.map((claim) =>
          element("li", { class: "claim" }, sideOf(state, claim.candidates, claim.text, show)),
        ),
      );
    },
  };
}

/**
 * @param {TurnState} state
 * @param {readonly string[]} ids of the candidates that state the text
 * @param {string} text
 * @param {Show} show
 */
function sideOf(state, ids, text, show) {
  const candidates = candidatesOf(state, ids);
  return passageButton(candidates, text, () => candidates[0] && show(candidates[0].id, text));
}
