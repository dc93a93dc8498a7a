/** A failure on the device with a code of the list device_failure in templates/aggregator/messages/_device.html. */
export class DeviceError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * Start a timer that aborts its signal unless it is reset in time.
 *
 * @param {number} timeoutMs
 * @param {string} code of the failure
 * @returns {{ signal: AbortSignal, reset: () => void, expired: Promise<never>, end: () => void }} `expired` rejects
 *     with the failure
 */
export function openIdleTimeout(timeoutMs, code) {
  const controller = new AbortController();
  const { signal } = controller;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const end = () => clearTimeout(timer);
  const reset = () => {
    end();
    timer = setTimeout(() => controller.abort(new DeviceError(code)), timeoutMs);
  };
  /** @type {Promise<never>} */
  const expired = new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  reset();
  return { signal, reset, expired, end };
}

/**
 * Wait for a promise that may never settle.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {number} timeoutMs
 * @param {string} code of the failure
 * @returns {Promise<T>}
 */
export function withTimeout(promise, timeoutMs, code) {
  const timeout = openIdleTimeout(timeoutMs, code);
  return Promise.race([promise, timeout.expired]).finally(timeout.end);
}

/** @type {[RegExp, string][]} messages of browsers and llama.cpp, first match first */
const ERROR_PATTERNS = [
  [/out of memory|alloc|enlarge memory|memory access|RangeError/i, "memory"],
  [/quota|no space/i, "storage"],
  [/NoModificationAllowed|InvalidState/i, "busy"],
  [/HTTP 404/, "gone"],
  [/HTTP \d|fetch|network/i, "network"],
  [/context size|exceed/i, "too_long"],
];

/**
 * Map a thrown value to a failure code by its message, since the library's errors have no codes.
 *
 * @param {unknown} thrown
 * @param {string} fallback
 * @returns {string}
 */
export function errorCodeOf(thrown, fallback) {
  if (thrown instanceof DeviceError) return thrown.code;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return ERROR_PATTERNS.find(([pattern]) => pattern.test(message))?.[1] ?? fallback;
}
