/**
 * @import { ServerMessage } from "./events.js"
 * @typedef {Extract<ServerMessage, { type: "opened" }>} Opened
 */

/**
 * Exchange opened turns between the tabs of this browser, so that each tab of a conversation shows them.
 *
 * @param {(message: Opened) => void} onMessage
 * @returns {(message: Opened) => void} sends a message to the other tabs
 */
export function openTabChannel(onMessage) {
  const channel = new BroadcastChannel("turns");
  channel.addEventListener("message", (event) => onMessage(event.data));
  return (message) => channel.postMessage(message);
}
