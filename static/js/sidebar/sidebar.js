import { find } from "../lib/dom.js";

// The same query as in css/conversation/sidebar.css: a phone held sideways is wide, but has no room for a column.
const isNarrow = () => matchMedia("(max-width: 800px), (max-height: 540px)").matches;

/** What Escape closes before the drawer. */
const OPEN_ABOVE = "dialog[open], [popover]:popover-open";

/**
 * Open and close the sidebar: a column beside the conversation, or a drawer over it on a narrow screen.
 *
 * @returns {() => void} toggles it
 */
export function openSidebar() {
  const shell = find(document, ".shell");
  const sidebar = find(document, "#sidebar");
  const button = find(document, "[aria-controls=sidebar]");

  const update = () => {
    const isOpen = isNarrow() ? shell.classList.contains("drawer-open") : !shell.classList.contains("folded");
    button.setAttribute("aria-expanded", String(isOpen));
    sidebar.inert = !isOpen;
  };
  const toggle = () => {
    const hadFocus = sidebar.contains(document.activeElement);
    shell.classList.toggle(isNarrow() ? "drawer-open" : "folded");
    update();
    // An element in a closed sidebar cannot keep focus.
    if (hadFocus) button.focus();
  };

  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-toggle-sidebar]")) toggle();
  });
  addEventListener("keydown", (event) => {
    const isDrawer = shell.classList.contains("drawer-open") && !document.querySelector(OPEN_ABOVE);
    if (event.key !== "Escape" || event.defaultPrevented || !isDrawer) return;
    // Escape closes the drawer and then does not stop the answer too.
    event.preventDefault();
    toggle();
  });
  addEventListener("resize", update);
  update();
  return toggle;
}
