/**
 * @import { Connection } from "./socket.js"
 * @typedef {Record<string, unknown> & { type: string }} ClientCommand
 * @typedef {{ conversation: string, turn: string }} OpenedTurn
 * @typedef {{
 *   post: (command: ClientCommand) => string,
 *   settle: (clientId: string | null | undefined, opened?: OpenedTurn) => ClientCommand | undefined,
 *   resend: () => void,
 * }} SendQueue
 * @typedef {{ command: ClientCommand, waitsFor: string }} QueuedCommand
 */

/**
 * Commands that the server has not answered yet. They are sent again after a lost connection; their client_id makes a
 * second arrival harmless.
 *
 * Each opens a turn. A prompt that is asked before the last one is answered follows that turn, so it waits for its id.
 *
 * @param {() => Pick<Connection, "send">} connection
 * @returns {SendQueue}
 */
export function openSendQueue(connection) {
  /** @type {Map<string, QueuedCommand>} */
  const unanswered = new Map();

  /** @param {QueuedCommand} queued */
  const send = ({ command, waitsFor }) => {
    if (!waitsFor) connection().send(command);
  };

  /** @param {QueuedCommand} answered @param {string} id @param {OpenedTurn} [opened] */
  const release = (answered, id, opened) => {
    for (const queued of unanswered.values()) {
      if (queued.waitsFor !== id) continue;
      // After a refusal it follows what it would have followed without the refused one.
      if (opened) Object.assign(queued.command, { conversation: opened.conversation, parent: opened.turn });
      queued.waitsFor = answered.waitsFor;
      send(queued);
    }
  };

  return {
    post(command) {
      const id = newUuid();
      const last = [...unanswered.keys()].at(-1) ?? "";
      const queued = {
        command: { ...command, client_id: id },
        waitsFor: command.type === "open_turn" ? last : "",
      };
      unanswered.set(id, queued);
      send(queued);
      return id;
    },
    settle(clientId, opened) {
      const answered = unanswered.get(clientId ?? "");
      unanswered.delete(clientId ?? "");
      if (answered) release(answered, clientId ?? "", opened);
      return answered?.command;
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
