/** Something on the device did not work; `code` is one that the page has words for. */
export class DeviceError extends Error {
  /** @param {string} code of device_failure in templates/aggregator/_words.html */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * Wait for something that may never come.
 *
 * @template T
 * @param {Promise<T>} coming
 * @param {number} timeoutMs
 * @param {string} code of the failure when the time is up
 * @returns {Promise<T>}
 */
export function withTimeout(coming, timeoutMs, code) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DeviceError(code)), timeoutMs);
  });
  return Promise.race([coming, late]).finally(() => clearTimeout(timer));
}

/** @type {[RegExp, string][]} what browsers and llama.cpp say, first match first */
const ERROR_PATTERNS = [
  [/out of memory|alloc|enlarge memory|memory access|RangeError/i, "memory"],
  [/quota|no space/i, "storage"],
  [/NoModificationAllowed|InvalidState/i, "busy"],
  [/HTTP 404/, "gone"],
  [/HTTP \d|fetch|network/i, "network"],
  [/context size|exceed/i, "too_long"],
];

/**
 * The code for whatever was thrown, by what it says of itself: a library's errors have no codes.
 *
 * @param {unknown} thrown
 * @param {string} otherwise
 * @returns {string}
 */
export function errorCodeOf(thrown, otherwise) {
  if (thrown instanceof DeviceError) return thrown.code;
  const said = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return ERROR_PATTERNS.find(([pattern]) => pattern.test(said))?.[1] ?? otherwise;
}
