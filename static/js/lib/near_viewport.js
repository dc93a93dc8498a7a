/** How far outside the window an element still counts as near, in window heights. */
const MARGIN = "100% 0px";

/** @type {WeakMap<Element, (isNear: boolean) => void>} */
const listeners = new WeakMap();
/** @type {IntersectionObserver | undefined} */
let observer;

/**
 * Report whenever an element comes near the window or leaves it; it does not count as near before the first report.
 *
 * @param {Element} target
 * @param {(isNear: boolean) => void} onChange
 */
export function watchNear(target, onChange) {
  listeners.set(target, onChange);
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target: each, isIntersecting } of entries) listeners.get(each)?.(isIntersecting);
    },
    { rootMargin: MARGIN },
  );
  observer.observe(target);
}
