import { element } from "../lib/dom.js";
import { translate, translateCode, won } from "../lib/messages.js";

/**
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ host: HTMLElement, patch: (state: TurnState) => void }} RouteView
 */

/**
 * The disclosure that explains why these models were asked.
 *
 * @returns {RouteView}
 */
export function routeView() {
  const reasons = element("ul", { class: "reasons" });
  const summary = element("summary", {}, translate("why_models"));
  const host = element("details", { class: "route-why", hidden: true }, summary, reasons);
  /** @type {readonly string[]} */
  let shown = [];

  return {
    host,
    patch(state) {
      if (state.routeReasons === shown) return;
      shown = state.routeReasons;
      const words = [...planOf(state), ...shown.map((code) => translateCode("route", code))].filter(Boolean);
      host.hidden = words.length === 0;
      reasons.replaceChildren(...words.map((each) => element("li", {}, each)));
    },
  };
}

/** @param {TurnState} state */
function planOf({ topic, quality, expectedMicros }) {
  const name = translateCode("topic", topic);
  return [
    name ? translate("route_topic", { topic: name }) : "",
    quality === null || expectedMicros === null
      ? ""
      : translate("route_plan", { quality: Math.round(quality * 100), cost: won(expectedMicros) }),
  ];
}
