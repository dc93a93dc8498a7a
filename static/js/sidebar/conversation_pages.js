import { find } from "../lib/dom.js";
import { formatTimes } from "../lib/relative_time.js";

const MAX_PAGES = 20;

/**
 * The sidebar's later pages: the next one when its end comes into view, all of them for a search.
 *
 * @returns {() => Promise<void>} loads what is left
 */
export function watchConversations() {
  const rows = find(document, ".conversation-rows");
  const observer = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) loadNext();
  });
  /** @type {Promise<boolean> | null} */
  let loading = null;

  const loadNext = () => {
    loading ??= load().finally(() => {
      loading = null;
    });
    return loading;
  };

  async function load() {
    const more = rows.querySelector(".more-conversations");
    if (!more) return false;
    const page = await fetch(find(more, "a").getAttribute("href") ?? "").catch(() => undefined);
    if (!page?.ok) return false;
    const next = new DOMParser().parseFromString(await page.text(), "text/html");
    more.replaceWith(...next.querySelectorAll("li"));
    formatTimes(rows);
    watch();
    return true;
  }

  const watch = () => {
    const more = rows.querySelector(".more-conversations");
    observer.disconnect();
    if (more) observer.observe(more);
  };

  watch();
  return async () => {
    for (let page = 0; page < MAX_PAGES && (await loadNext()); page += 1);
  };
}
