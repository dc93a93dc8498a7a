import { announce } from "../lib/announcer.js";
import { find, setText } from "../lib/dom.js";
import { word } from "../lib/words.js";

/**
 * The turns before those that the page shows: fetched when they are asked for, put above without moving the reader.
 *
 * @param {HTMLElement} host
 * @param {(page: ParentNode) => HTMLElement[]} prependTurns puts a page's turns before all others and returns them
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
      show(page, find(host, ".earlier-turns"), document.activeElement === link);
    } else {
      setText(link, word("earlier_failed"));
      announce(word("earlier_failed"));
    }
  };

  /** @param {Document} page @param {HTMLElement} old the way to it @param {boolean} hasFocus */
  const show = (page, old, hasFocus) => {
    const seen = host.querySelector(".turn");
    const place = seen?.getBoundingClientRect().top ?? 0;
    const more = page.querySelector(".earlier-turns");
    const added = prependTurns(page);
    if (more) old.replaceWith(more);
    else old.remove();
    scrollBy({ top: (seen?.getBoundingClientRect().top ?? 0) - place, behavior: "instant" });
    announce(word("earlier_loaded", { n: added.length }));
    const nearest = added.at(-1);
    if (!hasFocus || !nearest) return;
    // Whoever came by the keyboard goes on from where they were, upwards.
    nearest.tabIndex = -1;
    nearest.focus({ preventScroll: true });
  };

  host.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest(".earlier-turns a") : null;
    if (!(link instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    load(link);
  });
}

/** @param {string} address */
async function fetchPage(address) {
  try {
    const answer = await fetch(address);
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : undefined;
  } catch {
    return undefined;
  }
}
