import { emptyTurn } from "./turn_shapes.js";
import { reduce } from "./turn_state.js";

/**
 * @import { TurnEvent } from "./events.js"
 * @import { TurnState } from "./turn_shapes.js"
 * @typedef {{
 *   read: (turn: string) => TurnState | undefined, seqOf: (turn: string) => number,
 *   start: (turn: string, prompt: string) => void,
 *   restore: (turn: string, prompt: string, seq: number, events: TurnEvent[]) => void,
 *   take: (frame: { turn: string, seq: number, after_seq?: number, events: TurnEvent[] }) => "applied" | "known" | "gap",
 *   running: () => string[],
 * }} Feed
 */

/**
 * The states of all turns on the page and how far each has been read; refuses a frame that would leave a hole.
 *
 * @returns {Feed}
 */
export function openFeed() {
  /** @type {Map<string, { state: TurnState, seq: number }>} */
  const turns = new Map();

  return {
    read: (turn) => turns.get(turn)?.state,
    seqOf: (turn) => turns.get(turn)?.seq ?? 0,
    start(turn, prompt) {
      if (!turns.has(turn)) turns.set(turn, { state: emptyTurn(turn, prompt), seq: 0 });
    },
    restore(turn, prompt, seq, events) {
      turns.set(turn, { state: events.reduce(reduce, emptyTurn(turn, prompt)), seq });
    },
    take({ turn, seq, after_seq: given, events }) {
      const known = turns.get(turn) ?? { state: emptyTurn(turn), seq: 0 };
      const after = given ?? seq - events.length;
      if (seq <= known.seq) return "known";
      if (after > known.seq) return "gap";
      // An overlap can be cut off only where no deltas were joined: then places and events are equal in number.
      const isWhole = seq - after === events.length;
      if (after < known.seq && !isWhole) return "gap";
      const state = events.slice(known.seq - after).reduce(reduce, known.state);
      turns.set(turn, { state, seq });
      return "applied";
    },
    running: () => [...turns].filter(([, { state }]) => state.status === "running").map(([turn]) => turn),
  };
}
