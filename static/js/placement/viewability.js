const VISIBLE_SHARE = 0.5;
const SEEN_MS = 1000;

/**
 * Report that an ad was seen: half of it, for a second, in a page that is in front and not behind the composer that
 * stands over its end. Reported once.
 *
 * @param {HTMLElement} card
 * @param {string} url
 */
export function watchViewability(card, url) {
  let timer = 0;
  let isInView = false;
  const hidden = document.querySelector(".dock")?.clientHeight ?? 0;

  const check = () => {
    clearTimeout(timer);
    if (isInView && document.visibilityState === "visible") timer = window.setTimeout(report, SEEN_MS);
  };
  const observer = new IntersectionObserver(
    (entries) => {
      isInView = (entries.at(-1)?.intersectionRatio ?? 0) >= VISIBLE_SHARE;
      check();
    },
    { threshold: [0, VISIBLE_SHARE], rootMargin: `0px 0px -${hidden}px` },
  );

  async function report() {
    stop();
    const sent = await fetch(url, { method: "POST", keepalive: true }).catch(() => undefined);
    // A connection that failed counts nothing on the other side; what was counted is not counted twice.
    if (!sent) addEventListener("online", start, { once: true });
  }
  function start() {
    document.addEventListener("visibilitychange", check);
    observer.observe(card);
  }
  function stop() {
    clearTimeout(timer);
    observer.disconnect();
    document.removeEventListener("visibilitychange", check);
  }
  start();
}
