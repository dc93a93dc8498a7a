/**
 * @import { LazyTurn } from "./lazy_turn.js"
 */

/** How far outside the window turns are built, in window heights. */
const MARGIN = "150% 0px";
/** So many turns stay built; of more, those that left the window first are released. */
export const MOST_BUILT = 30;
/** Building goes on in the next frame after so long. */
const FRAME_MS = 6;

/**
 * Name the turns to release: those that are outside the window, the ones that left it first first.
 *
 * @template Turn
 * @param {Iterable<Turn>} built the turns in the order in which they were last near
 * @param {(turn: Turn) => boolean} isNear
 * @param {number} [most]
 * @returns {Turn[]}
 */
export function listReleased(built, isNear, most = MOST_BUILT) {
  const all = [...built];
  return all.filter((turn) => !isNear(turn)).slice(0, Math.max(0, all.length - most));
}

/**
 * Build turns that come near the window, some in each frame, and release turns far away from it.
 *
 * @returns {{ watch: (turn: LazyTurn) => void, build: (turn: LazyTurn) => void }}
 */
export function openNearTurns() {
  /** @type {Set<LazyTurn>} */
  const built = new Set();
  /** @param {LazyTurn} turn */
  const build = (turn) => {
    built.delete(turn);
    built.add(turn);
    if (!turn.isBuilt()) keepPlace(turn.host, turn.build);
  };
  const near = watchTurns((turns) => {
    const end = performance.now() + FRAME_MS;
    releaseFar(built, turns);
    for (const turn of nearestFirst(turns)) {
      if (performance.now() > end) return false;
      build(turn);
    }
    return true;
  });
  return {
    build,
    watch(turn) {
      const before = near.watch(turn);
      if (before) built.delete(before);
    },
  };
}

/**
 * @param {Set<LazyTurn>} built
 * @param {Set<LazyTurn>} near
 */
function releaseFar(built, near) {
  const far = listReleased(built, (turn) => near.has(turn));
  // All heights are read before anything changes, so that the page is laid out once.
  const heights = far.map(({ host }) => host.offsetHeight);
  for (const [index, turn] of far.entries()) {
    turn.release(heights[index] ?? 0);
    // One that the reader is busy with stays.
    if (!turn.isBuilt()) built.delete(turn);
  }
}

/**
 * Know which turns are near the window, and work in an animation frame after that has changed.
 *
 * @param {(near: Set<LazyTurn>) => boolean} work returns whether it is finished; else it is called in the next frame too
 * @returns {{ watch: (turn: LazyTurn) => LazyTurn | undefined }} returns the turn that had the same element before
 */
function watchTurns(work) {
  /** @type {WeakMap<Element, LazyTurn>} */
  const watched = new WeakMap();
  /** @type {Set<LazyTurn>} */
  const near = new Set();
  let isScheduled = false;

  const schedule = () => {
    if (!isScheduled) requestAnimationFrame(run);
    isScheduled = true;
  };
  const run = () => {
    isScheduled = false;
    if (!work(near)) schedule();
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const turn = watched.get(target);
        if (turn && isIntersecting) near.add(turn);
        else if (turn) near.delete(turn);
      }
      schedule();
    },
    { rootMargin: MARGIN },
  );
  return {
    watch(turn) {
      const before = watched.get(turn.host);
      if (before) near.delete(before);
      watched.set(turn.host, turn);
      // Observing it anew reports whether it is near now.
      observer.unobserve(turn.host);
      observer.observe(turn.host);
      return before;
    },
  };
}

/** @param {Set<LazyTurn>} turns @returns {LazyTurn[]} those to build, the ones in the window before those around it */
function nearestFirst(turns) {
  const waiting = [...turns].filter((turn) => !turn.isBuilt());
  if (waiting.length < 2) return waiting;
  const distance = new Map(waiting.map((turn) => [turn, distanceOf(turn.host)]));
  return waiting.sort((one, other) => (distance.get(one) ?? 0) - (distance.get(other) ?? 0));
}

/** @param {HTMLElement} host @returns {number} pixels between a turn and the window */
function distanceOf(host) {
  const { top, bottom } = host.getBoundingClientRect();
  return Math.max(0, top - innerHeight, -bottom);
}

const HAS_SCROLL_ANCHORS = globalThis.CSS?.supports("overflow-anchor", "auto") ?? false;

/**
 * Change the height of a turn without moving what the reader sees, where the browser does not see to that.
 *
 * @param {HTMLElement} host
 * @param {() => void} change
 */
function keepPlace(host, change) {
  if (HAS_SCROLL_ANCHORS) return change();
  const { bottom } = host.getBoundingClientRect();
  change();
  if (bottom <= 0) scrollBy(0, host.getBoundingClientRect().bottom - bottom);
}
