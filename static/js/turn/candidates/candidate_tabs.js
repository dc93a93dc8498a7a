/**
 * @typedef {{ ids: () => string[], selected: () => string, select: (id: string) => void }} Tabs
 */

const STEPS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1 });

/**
 * Let the arrow keys and a swipe select the tabs of a narrow page.
 *
 * @param {HTMLElement} list of the tabs
 * @param {HTMLElement} panels side by side, of which one is in view
 * @param {Tabs} tabs
 * @returns {(id: string) => void} brings the panel of a tab into view
 */
export function bindTabs(list, panels, tabs) {
  const isTabs = () => list.role === "tablist";
  list.addEventListener("keydown", (event) => {
    const ids = tabs.ids();
    const step = STEPS[event.key] ?? 0;
    const next = ids[(ids.indexOf(tabs.selected()) + step + ids.length) % ids.length];
    if (!isTabs() || !step || !next) return;
    event.preventDefault();
    tabs.select(next);
    document.getElementById(`line-${next}`)?.focus({ preventScroll: true });
  });
  panels.addEventListener(
    "scroll",
    () => {
      const id = tabs.ids()[Math.round(panels.scrollLeft / Math.max(1, panels.clientWidth))];
      if (isTabs() && id && id !== tabs.selected()) tabs.select(id);
    },
    { passive: true },
  );
  return (id) => {
    const place = tabs.ids().indexOf(id) * panels.clientWidth;
    if (Math.round(Math.abs(panels.scrollLeft - place)) > panels.clientWidth / 2) panels.scrollLeft = place;
    const tab = document.getElementById(`line-${id}`)?.parentElement;
    if (tab) list.scrollLeft = tab.offsetLeft - list.offsetLeft - (list.clientWidth - tab.offsetWidth) / 2;
  };
}
