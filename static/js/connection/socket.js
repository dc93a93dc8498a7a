/**
 * One connection that comes back by itself.
 *
 * @import { ServerMessage } from "./events.js"
 * @typedef {{ send: (message: Record<string, unknown>) => boolean, isOpen: () => boolean }} Connection
 * @typedef {{
 *   onOpen: () => void, onMessage: (message: ServerMessage) => void, onLost: (failures: number) => void,
 * }} Listener
 */

const FIRST_WAIT_MS = 400;
const MAX_WAIT_MS = 20_000;
const PING_MS = 20_000;
const IDLE_TIMEOUT_MS = 45_000;

/**
 * How long to wait before another try: doubling, with a random half so that a server that comes back is not met by
 * everybody at once.
 *
 * @param {number} failures
 * @param {number} chance 0 to 1
 */
export function waitBefore(failures, chance) {
  const longest = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
  return longest * (0.5 + chance / 2);
}

/**
 * @param {string} url
 * @param {Listener} listener
 * @returns {Connection}
 */
export function connect(url, listener) {
  /** @type {WebSocket | undefined} */
  let socket;
  let failures = 0;
  let retry = 0;
  let heardAt = 0;

  const open = () => {
    clearTimeout(retry);
    const opening = new WebSocket(url);
    socket = opening;
    opening.addEventListener("open", () => {
      failures = 0;
      heardAt = Date.now();
      listener.onOpen();
    });
    opening.addEventListener("message", (event) => {
      heardAt = Date.now();
      const message = readMessage(event.data);
      if (message) listener.onMessage(message);
    });
    opening.addEventListener("close", () => {
      if (socket === opening) scheduleReconnect();
    });
  };

  const scheduleReconnect = () => {
    socket = undefined;
    retry = window.setTimeout(open, waitBefore(failures, Math.random()));
    failures += 1;
    listener.onLost(failures);
  };

  const isOpen = () => socket?.readyState === WebSocket.OPEN;
  const reconnectNow = () => {
    if (!socket && document.visibilityState === "visible") open();
  };

  const keepAlive = () => {
    if (!socket || !isOpen()) return;
    const isSilent = Date.now() - heardAt > IDLE_TIMEOUT_MS;
    if (!isSilent) {
      socket.send('{"type":"ping"}');
      return;
    }
    // A phone that changed networks keeps a socket that nobody is at the other end of.
    socket.close();
    scheduleReconnect();
  };

  setInterval(keepAlive, PING_MS);
  addEventListener("online", reconnectNow);
  document.addEventListener("visibilitychange", reconnectNow);
  open();

  return {
    isOpen,
    send(message) {
      if (!socket || !isOpen()) return false;
      socket.send(JSON.stringify(message));
      return true;
    },
  };
}

/**
 * @param {unknown} text
 * @returns {ServerMessage | undefined}
 */
function readMessage(text) {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
