import { find } from "../lib/dom.js";

/** @param {() => void} onOpen */
export function openAccountMenu(onOpen) {
  const popover = find(document, "#account-menu");
  popover.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") onOpen();
  });
  // On a narrow page the drawer stays open below the account menu: a link of this page must not leave both open.
  addEventListener("pagehide", () => popover.hidePopover());
}

/** Let the links to the sign-up and the login return to the address that the page has now. */
export function updateReturnLinks() {
  for (const link of document.querySelectorAll("a[data-returns]")) {
    if (!(link instanceof HTMLAnchorElement)) continue;
    const url = new URL(link.href);
    url.searchParams.set("next", location.pathname + location.search);
    link.href = url.href;
  }
}
