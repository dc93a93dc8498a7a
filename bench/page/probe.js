// Runs in each measured page before its own scripts: counts frames, long tasks and the time from a key to its paint.
(() => {
  const probe = { frames: [], longTasks: [], keys: [], readableAt: 0 };
  window.__probe = probe;

  /** The newest turn is readable when some of its answer is drawn inside the window. */
  const isReadable = () => {
    const answers = document.querySelectorAll(".turn:last-of-type .answer-text");
    const text = answers[answers.length - 1];
    if (!text?.firstElementChild) return false;
    const { top, bottom } = text.getBoundingClientRect();
    return top < innerHeight && bottom > 0;
  };
  const onFrame = () => {
    const now = performance.now();
    probe.frames.push(now);
    if (!probe.readableAt && location.protocol === "http:" && isReadable()) {
      probe.readableAt = -1;
      // The frame that shows it is painted before the next task.
      setTimeout(() => {
        probe.readableAt = performance.now();
      });
    }
    requestAnimationFrame(onFrame);
  };
  requestAnimationFrame(onFrame);

  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) probe.longTasks.push([startTime, duration]);
  }).observe({ type: "longtask", buffered: true });
  new PerformanceObserver((list) => {
    for (const { name, startTime, duration } of list.getEntries())
      if (name === "keydown") probe.keys.push([startTime, duration]);
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
})();
