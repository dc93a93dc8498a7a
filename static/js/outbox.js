import { newIdentifier } from "./identifier.js";

/**
 * @import { Connection } from "./socket.js"
 * @typedef {Record<string, unknown> & { type: string }} Wish
 * @typedef {{
 *   post: (wish: Wish) => string, settle: (clientId: string | null | undefined) => Wish | undefined, resend: () => void,
 * }} Outbox
 */

/**
 * Wishes that the server has not answered yet; they are sent again after a lost connection, and their client_id
 * makes a second arrival harmless.
 *
 * @param {() => Connection} connection
 * @returns {Outbox}
 */
export function openOutbox(connection) {
  /** @type {Map<string, Wish>} */
  const waiting = new Map();
  return {
    post(wish) {
      const id = newIdentifier();
      const sent = { ...wish, client_id: id };
      waiting.set(id, sent);
      connection().send(sent);
      return id;
    },
    settle(clientId) {
      const wish = waiting.get(clientId ?? "");
      waiting.delete(clientId ?? "");
      return wish;
    },
    resend() {
      for (const wish of waiting.values()) connection().send(wish);
    },
  };
}
