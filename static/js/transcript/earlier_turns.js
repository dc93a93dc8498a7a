import { announce } from "../lib/announcer.js";
import { find, setText } from "../lib/dom.js";
import { fetchPage } from "../lib/fetch_page.js";
import { focusOn } from "../lib/focus.js";
import { translate } from "../lib/messages.js";

/** @typedef {(page: ParentNode) => HTMLElement[]} PrependTurns */

/**
 * Load the turns before those on the page when the reader asks for them.
 *
 * @param {HTMLElement} host
 * @param {PrependTurns} prependTurns adds the turns of a page before all others and returns their articles
 */
export function watchEarlier(host, prependTurns) {
  let isLoading = false;

  /** @param {HTMLAnchorElement} link */
  const load = async (link) => {
    if (isLoading) return;
    isLoading = true;
    link.setAttribute("aria-busy", "true");
    const page = await fetchPage(link.href);
    isLoading = false;
    link.removeAttribute("aria-busy");
    if (page) {
      insertPage(host, page, prependTurns, document.activeElement === link);
    } else {
      setText(link, translate("earlier_failed"));
      announce(translate("earlier_failed"));
    }
  };

  host.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest(".earlier-turns a") : null;
    if (!(link instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    load(link);
  });
}

/**
 * Insert earlier turns without moving what the reader sees.
 *
 * @param {HTMLElement} host
 * @param {Document} page
 * @param {PrependTurns} prependTurns
 * @param {boolean} hadFocus whether the link to this page had focus
 */
function insertPage(host, page, prependTurns, hadFocus) {
  const link = find(host, ".earlier-turns");
  const firstTurn = host.querySelector(".turn");
  const top = firstTurn?.getBoundingClientRect().top ?? 0;
  const nextLink = page.querySelector(".earlier-turns");
  const added = prependTurns(page);
  if (nextLink) link.replaceWith(nextLink);
  else link.remove();
  scrollBy({ top: (firstTurn?.getBoundingClientRect().top ?? 0) - top, behavior: "instant" });
  announce(translate("earlier_loaded", { n: added.length }));
  const nearest = added.at(-1);
  // Keyboard focus continues upwards from the link.
  if (hadFocus && nearest) focusOn(nearest);
}
