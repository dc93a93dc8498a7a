import { announce } from "../lib/announcer.js";
import { find, setText } from "../lib/dom.js";
import { fetchPage } from "../lib/fetch_page.js";
import { focusOn } from "../lib/focus.js";
import { translate } from "../lib/messages.js";
import { watchNear } from "../lib/near_viewport.js";

/** @typedef {(page: ParentNode) => HTMLElement[]} PrependTurns */

/** So many turns are on the page soon after it opened: models read no more of a conversation. */
const LEAST_TURNS = 60;

/**
 * Load the turns before those on the page: when the reader scrolls near their link or follows it.
 *
 * @param {HTMLElement} host
 * @param {PrependTurns} prependTurns adds the turns of a page before all others and returns their articles
 * @returns {() => Promise<boolean>} loads the next ones and returns whether there were any
 */
export function watchEarlier(host, prependTurns) {
  /** @type {Promise<boolean> | undefined} */
  let loading;

  const link = () => host.querySelector(".earlier-turns a");
  const load = async (isAnnounced = false) => {
    const from = link();
    if (!(from instanceof HTMLAnchorElement)) return false;
    from.setAttribute("aria-busy", "true");
    const page = await fetchPage(from.href);
    from.removeAttribute("aria-busy");
    if (!page) {
      setText(from, translate("earlier_failed"));
      announce(translate("earlier_failed"));
      return false;
    }
    const added = insertPage(host, page, prependTurns, document.activeElement === from);
    if (isAnnounced) announce(translate("earlier_loaded", { n: added }));
    watchLink();
    return true;
  };
  /** @param {boolean} [isAnnounced] */
  const loadOnce = (isAnnounced) => {
    loading ??= load(isAnnounced).finally(() => {
      loading = undefined;
    });
    return loading;
  };
  const watchLink = () => {
    const next = link();
    if (next) watchNear(next, (isNear) => isNear && next === link() && loadOnce());
  };

  host.addEventListener("click", (event) => {
    const clicked = event.target instanceof Element && event.target.closest(".earlier-turns a");
    if (!clicked) return;
    event.preventDefault();
    loadOnce(true);
  });
  watchLink();
  loadWhenIdle(host, loadOnce);
  return loadOnce;
}

/** @param {HTMLElement} host @param {() => Promise<boolean>} load */
async function loadWhenIdle(host, load) {
  await idle();
  while (host.querySelectorAll(".turn").length < LEAST_TURNS) if (!(await load())) return;
}

/** Wait until the page has nothing to do; Safari does not tell. */
const idle = () =>
  new Promise((resolve) => {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(resolve, { timeout: 2000 });
    else setTimeout(resolve, 500);
  });

/**
 * Insert earlier turns without moving what the reader sees.
 *
 * @param {HTMLElement} host
 * @param {Document} page
 * @param {PrependTurns} prependTurns
 * @param {boolean} hadFocus whether the link to this page had focus
 * @returns {number} how many turns were added
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
  const nearest = added.at(-1);
  // Keyboard focus continues upwards from the link.
  if (hadFocus && nearest) focusOn(nearest);
  return added.length;
}
