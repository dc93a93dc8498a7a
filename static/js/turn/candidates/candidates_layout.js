import { setAttribute } from "../../lib/dom.js";
import { translate } from "../../lib/messages.js";
import { paneWidth } from "../../lib/pane_width.js";
import { bindTabs } from "./candidate_tabs.js";

/**
 * @import { CandidateLine } from "./candidate_line.js"
 * @import { CandidateView } from "./candidate_view.js"
 * @typedef {{ model: string, line: CandidateLine, view: CandidateView }} Item
 * @typedef {{ host: HTMLElement, list: HTMLElement, columns: HTMLElement, toggle: HTMLElement }} Parts
 */

/** The width of the pane above which candidates stand side by side; the style sheets know it too. */
const NARROW_PX = 620;

/**
 * Which candidates are open, and how they stand: side by side, or on a narrow page one at a time with the lines as tabs.
 *
 * @param {Parts} parts
 * @param {() => Map<string, Item>} items in the order on screen
 */
export function openLayout(parts, items) {
  /** @type {Set<string>} */
  const open = new Set();
  const ids = () => [...items().keys()].filter((id) => open.has(id));
  const isNarrow = () => items().size > 1 && paneWidth() <= NARROW_PX;
  const hasTabs = () => parts.host.dataset.layout === "tabs";

  const mayClose = () => hasTabs() || open.size === items().size;

  const draw = () => {
    const isTabs = open.size > 0 && isNarrow();
    if (isTabs) for (const id of ids().slice(1)) open.delete(id);
    drawLayout(parts, items(), open, isTabs);
    const next = mayClose() ? "show_less" : isNarrow() ? "show_all" : "side_by_side";
    parts.toggle.lastElementChild?.replaceChildren(translate(next));
    if (isTabs) reveal(ids()[0] ?? "");
  };
  /** @param {string[]} wanted */
  const openOnly = (wanted) => {
    open.clear();
    for (const id of wanted) open.add(id);
    draw();
  };
  const reveal = bindTabs(parts.list, parts.columns, {
    ids: () => [...items().keys()],
    selected: () => ids()[0] ?? "",
    select: (id) => openOnly([id]),
  });
  // The layout follows the width of the pane, also when the sidebar folds.
  new ResizeObserver(() => open.size > 0 && hasTabs() !== isNarrow() && draw()).observe(parts.host);

  return {
    ids,
    draw,
    openOnly,
    /** @param {string} id opens it beside the open ones where there is room */
    open: (id) => openOnly(isNarrow() ? [id] : [...ids(), id]),
    /** @param {string} id */
    press: (id) =>
      openOnly(isNarrow() ? [id] : open.has(id) ? ids().filter((each) => each !== id) : [...ids(), id]),
    /** @param {string} winner the one that a narrow page opens */
    toggleAll(winner) {
      openOnly(mayClose() ? [] : isNarrow() ? [winner] : [...items().keys()]);
    },
  };
}

/**
 * @param {Parts} parts
 * @param {Map<string, Item>} items
 * @param {Set<string>} open
 * @param {boolean} isTabs
 */
function drawLayout({ host, list, columns }, items, open, isTabs) {
  host.dataset.layout = isTabs ? "tabs" : "lines";
  host.dataset.open = String(open.size);
  setAttribute(list, "role", isTabs ? "tablist" : undefined);
  columns.hidden = open.size === 0;
  for (const [id, { line, view }] of items) {
    line.setOpen(open.has(id), isTabs);
    view.setOpen(isTabs || open.has(id), isTabs, open.has(id));
  }
}
