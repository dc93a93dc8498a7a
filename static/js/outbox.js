import { newIdentifier } from "./identifier.js";

/**
 * @import { Connection } from "./socket.js"
 * @typedef {Record<string, unknown> & { type: string }} Wish
 * @typedef {{
 *   post: (wish: Wish) => string, settle: (clientId: string | null | undefined, conversation?: string) => Wish | undefined,
 *   resend: () => void,
 * }} Outbox
 */

/** @param {Wish} wish @returns {boolean} whether it makes a conversation of its own */
const isFirst = (wish) => wish.type === "open_turn" && !wish.conversation;

/**
 * Wishes that the server has not answered yet; they are sent again after a lost connection, and their client_id
 * makes a second arrival harmless.
 *
 * What is asked before the first prompt has made its conversation is held back, as each would make one of its own.
 *
 * @param {() => Pick<Connection, "send">} connection
 * @returns {Outbox}
 */
export function openOutbox(connection) {
  /** @type {Map<string, Wish>} */
  const waiting = new Map();

  /** @param {Wish} wish */
  const send = (wish) => {
    const isHeld = isFirst(wish) && wish !== [...waiting.values()].find(isFirst);
    if (!isHeld) connection().send(wish);
  };

  /** @param {string} conversation that they go into; none when the first was refused: then the next is the first */
  const release = (conversation) => {
    const held = [...waiting.values()].filter(isFirst);
    for (const wish of conversation ? held : held.slice(0, 1)) {
      wish.conversation = conversation || null;
      send(wish);
    }
  };

  return {
    post(wish) {
      const id = newIdentifier();
      const sent = { ...wish, client_id: id };
      waiting.set(id, sent);
      send(sent);
      return id;
    },
    settle(clientId, conversation = "") {
      const wish = waiting.get(clientId ?? "");
      waiting.delete(clientId ?? "");
      if (wish && isFirst(wish)) release(conversation);
      return wish;
    },
    resend() {
      waiting.forEach(send);
    },
  };
}
