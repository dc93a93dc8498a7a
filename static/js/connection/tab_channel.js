/**
 * @import { ServerMessage } from "./events.js"
 * @typedef {Extract<ServerMessage, { type: "opened" }>} Opened
 */

/**
 * Other tabs of this browser hear of a turn that this one opened, so that all of them show it.
 *
 * @param {(message: Opened) => void} hear
 * @returns {(message: Opened) => void} tells the others
 */
export function openTabChannel(hear) {
  const channel = new BroadcastChannel("turns");
  channel.addEventListener("message", (event) => hear(event.data));
  return (message) => channel.postMessage(message);
}
