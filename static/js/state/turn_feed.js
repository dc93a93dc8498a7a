import { reduce } from "./turn_state.js";
import { emptyTurn } from "./turn_types.js";

/**
 * @import { TurnEvent } from "../connection/events.js"
 * @import { TurnState } from "./turn_types.js"
 * @typedef {{
 *   read: (turn: string) => TurnState | undefined, seqOf: (turn: string) => number,
 *   start: (turn: string, prompt: string) => void,
 *   restore: (turn: string, prompt: string, seq: number, events: TurnEvent[]) => void,
 *   applyFrame: (frame: { turn: string, seq: number, events: TurnEvent[], whole?: boolean }) => "applied" | "known" | "gap",
 *   running: () => string[], drop: (turn: string) => void,
 * }} Feed
 */

const GAPS_ALLOWED = 6;

/**
 * The states of all turns on the page and how far each has been read; refuses a frame that would leave a hole.
 *
 * @returns {Feed}
 */
export function openFeed() {
  /** @type {Map<string, { state: TurnState, seq: number, gaps: number }>} */
  const turns = new Map();
  /** @type {Set<string>} */
  const dropped = new Set();

  return {
    read: (turn) => turns.get(turn)?.state,
    seqOf: (turn) => turns.get(turn)?.seq ?? 0,
    start(turn, prompt) {
      if (!turns.has(turn)) turns.set(turn, { state: emptyTurn(turn, prompt), seq: 0, gaps: 0 });
    },
    restore(turn, prompt, seq, events) {
      turns.set(turn, { state: events.reduce(reduce, emptyTurn(turn, prompt)), seq, gaps: 0 });
    },
    applyFrame({ turn, seq, events, whole = false }) {
      if (dropped.has(turn)) return "known";
      const known = turns.get(turn) ?? { state: emptyTurn(turn), seq: 0, gaps: 0 };
      const after = seq - events.length;
      if (seq <= known.seq) return "known";
      // A log read from its start says everything again, whatever its numbers are.
      const isStart = whole || (known.seq === 0 && events[0]?.type === "turn_opened");
      if (after > known.seq && !isStart) {
        const gaps = known.gaps + 1;
        if (gaps > GAPS_ALLOWED) return "known";
        // A second hole in the same place: the log was lost and begun anew, with other numbers.
        turns.set(turn, { ...known, gaps, seq: gaps > 1 ? 0 : known.seq });
        return "gap";
      }
      const base = isStart ? emptyTurn(turn, known.state.prompt) : known.state;
      const state = events.slice(isStart ? 0 : known.seq - after).reduce(reduce, base);
      turns.set(turn, { state, seq, gaps: 0 });
      return "applied";
    },
    // A turn that is no longer on the page, whatever is still told of it.
    drop(turn) {
      dropped.add(turn);
      turns.delete(turn);
    },
    running: () => [...turns].filter(([, { state }]) => state.status === "running").map(([turn]) => turn),
  };
}
