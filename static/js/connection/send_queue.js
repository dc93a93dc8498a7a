import { newIdentifier } from "../lib/uuid.js";

/**
 * @import { Connection } from "./socket.js"
 * @typedef {Record<string, unknown> & { type: string }} ClientCommand
 * @typedef {{
 *   post: (command: ClientCommand) => string, settle: (clientId: string | null | undefined, conversation?: string) => ClientCommand | undefined,
 *   resend: () => void,
 * }} SendQueue
 */

/** @param {ClientCommand} command @returns {boolean} whether it makes a conversation of its own */
const isFirst = (command) => command.type === "open_turn" && !command.conversation;

/**
 * Wishes that the server has not answered yet; they are sent again after a lost connection, and their client_id
 * makes a second arrival harmless.
 *
 * What is asked before the first prompt has made its conversation is held back, as each would make one of its own.
 *
 * @param {() => Pick<Connection, "send">} connection
 * @returns {SendQueue}
 */
export function openSendQueue(connection) {
  /** @type {Map<string, ClientCommand>} */
  const waiting = new Map();

  /** @param {ClientCommand} command */
  const send = (command) => {
    const isHeld = isFirst(command) && command !== [...waiting.values()].find(isFirst);
    if (!isHeld) connection().send(command);
  };

  /** @param {string} conversation that they go into; none when the first was refused: then the next is the first */
  const release = (conversation) => {
    const held = [...waiting.values()].filter(isFirst);
    for (const command of conversation ? held : held.slice(0, 1)) {
      command.conversation = conversation || null;
      send(command);
    }
  };

  return {
    post(command) {
      const id = newIdentifier();
      const sent = { ...command, client_id: id };
      waiting.set(id, sent);
      send(sent);
      return id;
    },
    settle(clientId, conversation = "") {
      const command = waiting.get(clientId ?? "");
      waiting.delete(clientId ?? "");
      if (command && isFirst(command)) release(conversation);
      return command;
    },
    resend() {
      waiting.forEach(send);
    },
  };
}
