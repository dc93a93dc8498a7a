/**
 * @import { Connection } from "./socket.js"
 * @typedef {Record<string, unknown> & { type: string }} ClientCommand
 * @typedef {{
 *   post: (command: ClientCommand) => string,
 *   settle: (clientId: string | null | undefined, conversation?: string) => ClientCommand | undefined,
 *   resend: () => void,
 * }} SendQueue
 */

/** @param {ClientCommand} command @returns {boolean} whether the command creates a conversation */
const createsConversation = (command) => command.type === "open_turn" && !command.conversation;

/**
 * Commands that the server has not answered yet. They are sent again after a lost connection; their client_id makes a
 * second arrival harmless.
 *
 * Prompts asked while the first one creates the conversation are held back, as each would create its own.
 *
 * @param {() => Pick<Connection, "send">} connection
 * @returns {SendQueue}
 */
export function openSendQueue(connection) {
  /** @type {Map<string, ClientCommand>} */
  const unanswered = new Map();

  /** @param {ClientCommand} command */
  const send = (command) => {
    const isHeld =
      createsConversation(command) && command !== [...unanswered.values()].find(createsConversation);
    if (!isHeld) connection().send(command);
  };

  /** @param {string} conversation of the held prompts; "" when the first was refused: the next one creates it */
  const release = (conversation) => {
    const held = [...unanswered.values()].filter(createsConversation);
    for (const command of conversation ? held : held.slice(0, 1)) {
      command.conversation = conversation || null;
      send(command);
    }
  };

  return {
    post(command) {
      const id = newUuid();
      const queued = { ...command, client_id: id };
      unanswered.set(id, queued);
      send(queued);
      return id;
    },
    settle(clientId, conversation = "") {
      const command = unanswered.get(clientId ?? "");
      unanswered.delete(clientId ?? "");
      if (command && createsConversation(command)) release(conversation);
      return command;
    },
    resend() {
      unanswered.forEach(send);
    },
  };
}

/**
 * Make a random UUID; crypto.randomUUID exists only on https, which a home server may not have.
 *
 * @returns {string}
 */
function newUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
