import { find } from "../lib/dom.js";
import { fetchPage } from "../lib/fetch_page.js";
import { formatTimes } from "../lib/relative_time.js";

const MAX_PAGES = 20;

/**
 * Load further pages of the conversation list: the next one when the end of the list comes into view.
 *
 * @returns {() => Promise<void>} loads all remaining pages
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
    const page = more && (await fetchPage(/** @type {HTMLAnchorElement} */ (find(more, "a")).href));
    if (!page) return false;
    more.replaceWith(...page.querySelectorAll("li"));
    formatTimes(rows);
    watchEnd();
    return true;
  }

  const watchEnd = () => {
    const more = rows.querySelector(".more-conversations");
    observer.disconnect();
    if (more) observer.observe(more);
  };

  watchEnd();
  return async () => {
    for (let page = 0; page < MAX_PAGES && (await loadNext()); page += 1);
  };
}
