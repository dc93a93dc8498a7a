import { element } from "../lib/dom.js";
import { seconds, translate, translateCode, won } from "../lib/messages.js";

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
  let shown = "";

  return {
    host,
    patch(state) {
      const { routeReasons } = state;
      const reasonWords = routeReasons.map((code) => translateCode("route", code));
      const words = [...planOf(state), ...reasonWords, costOf(state)].filter(Boolean);
      if (words.join() === shown) return;
      shown = words.join();
      host.hidden = routeReasons.length === 0;
      reasons.replaceChildren(...words.map((each) => element("li", {}, each)));
    },
  };
}

/** @param {TurnState} state */
function planOf({ topic, quality, expectedMicros, expectedMs }) {
  const name = translateCode("topic", topic);
  return [
    name ? translate("route_topic", { topic: name }) : "",
    quality === null || expectedMicros === null
      ? ""
      : translate("route_plan", { quality: Math.round(quality * 100), cost: won(expectedMicros) }),
    expectedMs ? translate("route_time", { time: seconds(expectedMs) }) : "",
  ];
}

/** @param {TurnState} state */
const costOf = ({ status, costMicros }) =>
  status === "running" || costMicros === 0 ? "" : translate("route_cost", { cost: won(costMicros) });
