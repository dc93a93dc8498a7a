import { openDialog } from "../lib/dialogs.js";
import { element } from "../lib/dom.js";
import { focusOn, keepFocus } from "../lib/focus.js";
import { translate } from "../lib/messages.js";
import { isHidden, saveHiddenAd } from "./hidden_ads.js";
import { watchViewability } from "./viewability.js";

/**
 * @import { Ad } from "../connection/events.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ host: HTMLElement, patch: (state: TurnState) => void }} PlacementView
 */

/**
 * The one ad below an answer, labelled and styled unlike the answer. templates/ads/parts/_ad_preview.html has the same
 * elements for the portal, which works without scripts.
 *
 * @returns {PlacementView}
 */
export function placementView() {
  const host = element("aside", { class: "placement", "aria-label": translate("sponsored"), hidden: true });
  let offer = "";
  return {
    host,
    patch(state) {
      const served = state.placement?.ad ?? null;
      if (served?.offer === offer) return;
      offer = served?.offer ?? "";
      const ad = served && !isHidden(offer) ? served : null;
      host.hidden = !ad;
      host.replaceChildren(...(ad ? cardOf(ad, host) : []));
      if (ad) watchViewability(host, ad.impression_url);
    },
  };
}

/** @param {Ad} ad @param {HTMLElement} host */
function cardOf(ad, host) {
  const head = element(
    "p",
    { class: "placement-head" },
    element("strong", { class: "placement-label" }, translate("sponsored")),
    element("span", { class: "placement-advertiser", dir: "auto" }, ad.advertiser),
    ...(ad.is_ai_written ? [element("span", { class: "placement-ai" }, translate("ai_written"))] : []),
  );
  const link = element(
    "a",
    {
      class: "placement-link",
      href: ownPath(ad.click_url),
      target: "_blank",
      rel: "sponsored noopener nofollow",
    },
    element("span", { class: "placement-title", dir: "auto" }, ad.title),
    element("span", { class: "placement-body", dir: "auto" }, ad.body),
    element("span", { class: "placement-domain", dir: "ltr" }, ad.display_domain),
  );
  const why = element("details", { class: "placement-why" }, element("summary", {}, translate("why_ad")));
  why.append(
    element("ul", { class: "reasons" }, ...ad.why.map((reason) => element("li", { dir: "auto" }, reason))),
    element("p", {}, translate("why_ad_note")),
  );
  const hide = element("button", { type: "button", class: "button quiet small" }, translate("hide_ad"));
  const report = element("button", { type: "button", class: "button quiet small" }, translate("report_ad"));
  const actions = element("div", { class: "placement-actions" }, why, hide, report);
  hide.addEventListener("click", () =>
    postFeedback(host, ad.offer, ad.hide_url, new FormData(), "ad_hidden"),
  );
  report.addEventListener("click", async () => {
    const fields = await openDialog("report-dialog");
    if (fields) await postFeedback(host, ad.offer, ad.report_url, fields, "ad_reported");
  });
  return [head, link, actions];
}

/**
 * @param {HTMLElement} host
 * @param {string} offer
 * @param {string} url
 * @param {FormData} fields
 * @param {string} done the key of the note after success
 */
async function postFeedback(host, offer, url, fields, done) {
  const response = await fetch(url, { method: "POST", body: fields }).catch(() => undefined);
  const note = element(
    "p",
    { class: "placement-note", role: "status" },
    translate(response?.ok ? done : "ad_failed"),
  );
  host.querySelector(".placement-note")?.remove();
  if (!response?.ok) {
    host.append(note);
    return;
  }
  saveHiddenAd(offer);
  keepFocus(
    host,
    () => host.replaceChildren(note),
    () => focusOn(note),
  );
}

/**
 * Return the address of a click only when it is our own click counter; another stored address gets no link.
 *
 * @param {string} url
 */
const ownPath = (url) => (url.startsWith("/") || url.startsWith(`${location.origin}/`) ? url : undefined);
