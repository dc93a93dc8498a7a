const VISIBLE_SHARE = 0.5;
const VISIBLE_MS = 1000;

/**
 * Report once that an ad was viewable: half of it for one second, in a visible page and not behind the composer (the
 * MRC's rule for display ads; ads/ counts by the same rule).
 *
 * @param {HTMLElement} card
 * @param {string} url
 */
export function watchViewability(card, url) {
  let timer = 0;
  let isInView = false;
  const dock = document.querySelector(".dock");

  const check = () => {
    clearTimeout(timer);
    if (isInView && document.visibilityState === "visible") timer = window.setTimeout(report, VISIBLE_MS);
  };
  /** @type {IntersectionObserver | undefined} */
  let observer;
  // The composer grows with its text; an ad that it covers is not in view.
  const resized = new ResizeObserver(observe);

  function observe() {
    observer?.disconnect();
    observer = new IntersectionObserver(
      (entries) => {
        isInView = (entries.at(-1)?.intersectionRatio ?? 0) >= VISIBLE_SHARE;
        check();
      },
      { threshold: [0, VISIBLE_SHARE], rootMargin: `0px 0px -${dock?.clientHeight ?? 0}px` },
    );
    observer.observe(card);
  }

  async function report() {
    stop();
    const response = await fetch(url, { method: "POST", keepalive: true }).catch(() => undefined);
    // A failed request was not counted; the server counts a repeated report once.
    if (!response) addEventListener("online", start, { once: true });
  }
  function start() {
    document.addEventListener("visibilitychange", check);
    observe();
    if (dock) resized.observe(dock);
  }
  function stop() {
    clearTimeout(timer);
    observer?.disconnect();
    resized.disconnect();
    document.removeEventListener("visibilitychange", check);
  }
  start();
}
