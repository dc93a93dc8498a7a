/**
 * A WebSocket that reconnects by itself.
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
 * Exponential backoff with jitter, so that the clients of a restarted server do not reconnect at once.
 *
 * @param {number} failures
 * @param {number} random 0 to 1
 * @returns {number} milliseconds
 */
export function backoffMs(failures, random) {
  const longest = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** failures);
  return longest * (0.5 + random / 2);
}

/** @param {string} url @param {Listener} listener @returns {Connection} */
export function connect(url, listener) {
  /** @type {WebSocket | undefined} */
  let socket;
  let failures = 0;
  let retryTimer = 0;

  const open = () => {
    clearTimeout(retryTimer);
    const opened = openSocket(url, {
      onOpen() {
        failures = 0;
        listener.onOpen();
      },
      onMessage: listener.onMessage,
      onClose: () => socket === opened && scheduleReconnect(),
    });
    socket = opened;
  };
  const scheduleReconnect = () => {
    socket = undefined;
    retryTimer = window.setTimeout(open, backoffMs(failures, Math.random()));
    failures += 1;
    listener.onLost(failures);
  };

  watchReturn(() => socket ?? open());
  open();

  const isOpen = () => socket?.readyState === WebSocket.OPEN;
  return {
    isOpen,
    send(message) {
      if (!isOpen()) return false;
      socket?.send(JSON.stringify(message));
      return true;
    },
  };
}

/**
 * Call back when the device is online again or the page becomes visible.
 *
 * @param {() => void} reconnect
 */
function watchReturn(reconnect) {
  const onReturn = () => document.visibilityState === "visible" && reconnect();
  addEventListener("online", onReturn);
  document.addEventListener("visibilitychange", onReturn);
}

/**
 * Open one socket and ping it; a socket that stays silent is closed, since a phone that changed networks keeps a socket
 * without a peer.
 *
 * @param {string} url
 * @param {{ onOpen: () => void, onMessage: (message: ServerMessage) => void, onClose: () => void }} listener
 * @returns {WebSocket}
 */
function openSocket(url, { onOpen, onMessage, onClose }) {
  const socket = new WebSocket(url);
  let heardAt = Date.now();
  const keepAlive = () => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (Date.now() - heardAt <= IDLE_TIMEOUT_MS) {
      socket.send('{"type":"ping"}');
      return;
    }
    socket.close();
    close();
  };
  const pingTimer = setInterval(keepAlive, PING_MS);
  const close = () => {
    clearInterval(pingTimer);
    onClose();
  };
  socket.addEventListener("open", () => {
    heardAt = Date.now();
    onOpen();
  });
  socket.addEventListener("message", (event) => {
    heardAt = Date.now();
    const message = readMessage(event.data);
    if (message) onMessage(message);
  });
  socket.addEventListener("close", close);
  return socket;
}

/** @param {unknown} text @returns {ServerMessage | undefined} */
function readMessage(text) {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
