/**
 * @import { FeedbackMessage, ServerMessage } from "./events.js"
 * @typedef {Extract<ServerMessage, { type: "opened" }>} Opened
 */

/**
 * Exchange opened turns and feedback between the tabs of this browser, so that each tab of a conversation shows them.
 *
 * @param {(message: Opened | FeedbackMessage) => void} onMessage
 * @returns {(message: Opened | FeedbackMessage) => void} sends a message to the other tabs
 */
export function openTabChannel(onMessage) {
  const channel = new BroadcastChannel("turns");
  channel.addEventListener("message", (event) => onMessage(event.data));
  return (message) => channel.postMessage(message);
}
