import { copyText } from "./clipboard.js";
import { find } from "./dom.js";

/**
 * The buttons that copy a link, and where the browser can, hand it to another app.
 *
 * @param {HTMLElement} parent
 * @param {() => { url: string, title: string }} link
 */
export function openLinkButtons(parent, link) {
  const copy = /** @type {HTMLButtonElement} */ (find(parent, "[data-copy-link]"));
  const native = find(parent, "[data-share-native]");
  // The button shows a check mark alone for a moment, and keeps its name meanwhile.
  copy.setAttribute("aria-label", copy.textContent?.trim() ?? "");
  const copyLink = () => copyText(link().url, copy);
  copy.addEventListener("click", copyLink);
  native.hidden = !("share" in navigator);
  native.addEventListener("click", () =>
    navigator.share(link()).catch((/** @type {DOMException} */ error) => {
      // Closing the list of apps is no failure; after any other error the link is copied instead.
      if (error.name !== "AbortError") return copyLink();
    }),
  );
}
