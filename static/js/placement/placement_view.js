import { openDialog } from "../lib/dialogs.js";
import { element } from "../lib/dom.js";
import { focusOn, keepFocus } from "../lib/focus.js";
import { word } from "../lib/words.js";
import { isHidden, saveHiddenAd } from "./hidden_ads.js";
import { watchViewability } from "./viewability.js";

/**
 * @import { Ad } from "../connection/events.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ host: HTMLElement, patch: (state: TurnState) => void }} PlacementView
 */

/**
 * The one ad below an answer: labelled first, told apart from the answer, easy to be rid of.
 *
 * @returns {PlacementView}
 */
export function placementView() {
  const host = element("aside", { class: "placement", "aria-label": word("sponsored"), hidden: true });
  let offer = "";
  return {
    host,
    patch(state) {
      const made = state.placement?.ad ?? null;
      if (made?.offer === offer) return;
      offer = made?.offer ?? "";
      const ad = made && !isHidden(offer) ? made : null;
      host.hidden = !ad;
      host.replaceChildren(...(ad ? cardOf(ad, host) : []));
      if (ad) watchViewability(host, ad.impression_url);
    },
  };
}

/**
 * @param {Ad} ad
 * @param {HTMLElement} host
 */
function cardOf(ad, host) {
  const head = element(
    "p",
    { class: "placement-head" },
    element("strong", { class: "placement-label" }, word("sponsored")),
    element("span", { class: "placement-advertiser", dir: "auto" }, ad.advertiser),
    ...(ad.is_ai_written ? [element("span", { class: "placement-ai" }, word("ai_written"))] : []),
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
  const why = element("details", { class: "placement-why" }, element("summary", {}, word("why_ad")));
  why.append(
    element("ul", { class: "reasons" }, ...ad.why.map((reason) => element("li", { dir: "auto" }, reason))),
    element("p", {}, word("why_ad_note")),
  );
  const hide = element("button", { type: "button", class: "button quiet small" }, word("hide_ad"));
  const report = element("button", { type: "button", class: "button quiet small" }, word("report_ad"));
  const actions = element("div", { class: "placement-actions" }, why, hide, report);
  hide.addEventListener("click", () =>
    postFeedback(host, ad.offer, ad.hide_url, new FormData(), "ad_hidden"),
  );
  report.addEventListener("click", async () => {
    const answers = await openDialog("report-dialog");
    if (answers) await postFeedback(host, ad.offer, ad.report_url, answers, "ad_reported");
  });
  return [head, link, actions];
}

/**
 * @param {HTMLElement} host
 * @param {string} offer
 * @param {string} url
 * @param {FormData} answers
 * @param {string} said
 */
async function postFeedback(host, offer, url, answers, said) {
  const sent = await fetch(url, { method: "POST", body: answers }).catch(() => undefined);
  const note = element("p", { class: "placement-note", role: "status" }, word(sent?.ok ? said : "ad_failed"));
  host.querySelector(".placement-note")?.remove();
  if (!sent?.ok) {
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
 * A click goes through our own counter or nowhere; a stored address of another kind is not followed.
 *
 * @param {string} url
 */
const ownPath = (url) => (url.startsWith("/") || url.startsWith(`${location.origin}/`) ? url : undefined);
