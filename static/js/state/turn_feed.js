import { reduce } from "./turn_state.js";
import { emptyTurn } from "./turn_types.js";

/**
 * @import { TurnEvent } from "../connection/events.js"
 * @import { TurnState } from "./turn_types.js"
 * @typedef {{
 *   read: (turn: string) => TurnState | undefined, seqOf: (turn: string) => number,
 *   start: (turn: string, prompt: string) => void,
 *   restore: (turn: string, prompt: string, seq: number, events: TurnEvent[]) => void,
 *   applyFrame: (frame: Frame) => "applied" | "known" | "gap",
 *   running: () => string[],
 * }} Feed
 * @typedef {{ state: TurnState, seq: number, gaps: number }} KnownTurn
 * @typedef {{ turn: string, seq: number, events: TurnEvent[], whole?: boolean }} Frame
 */

const MAX_GAPS = 6;

/**
 * Keep the state of every turn that the page has shown and the sequence number up to which it was read.
 *
 * @returns {Feed}
 */
export function openFeed() {
  /** @type {Map<string, KnownTurn>} */
  const turns = new Map();

  return {
    read: (turn) => turns.get(turn)?.state,
    seqOf: (turn) => turns.get(turn)?.seq ?? 0,
    start(turn, prompt) {
      if (!turns.has(turn)) turns.set(turn, { state: emptyTurn(turn, prompt), seq: 0, gaps: 0 });
    },
    // What the page has read of a running turn may be ahead of the server's rows.
    restore(turn, prompt, seq, events) {
      if (seq > (turns.get(turn)?.seq ?? -1))
        turns.set(turn, { state: events.reduce(reduce, emptyTurn(turn, prompt)), seq, gaps: 0 });
    },
    applyFrame(frame) {
      const known = turns.get(frame.turn) ?? { state: emptyTurn(frame.turn), seq: 0, gaps: 0 };
      const { outcome, next } = placeFrame(known, frame);
      if (outcome !== "known") turns.set(frame.turn, next);
      return outcome;
    },
    running: () => [...turns].filter(([, { state }]) => state.status === "running").map(([turn]) => turn),
  };
}

/**
 * Apply the events of a frame that are new, or refuse the frame when events before it are missing.
 *
 * @param {KnownTurn} known
 * @param {Frame} frame
 * @returns {{ outcome: "applied" | "known" | "gap", next: KnownTurn }}
 */
function placeFrame(known, { turn, seq, events, whole = false }) {
  if (seq <= known.seq) return { outcome: "known", next: known };
  const after = seq - events.length;
  // A log read from its start repeats every event, whatever its sequence numbers are.
  const isStart = whole || (known.seq === 0 && events[0]?.type === "turn_opened");
  if (after > known.seq && !isStart) {
    const gaps = known.gaps + 1;
    if (gaps > MAX_GAPS) return { outcome: "known", next: known };
    // A second gap at the same place: the log was lost and restarted with other numbers.
    return { outcome: "gap", next: { ...known, gaps, seq: gaps > 1 ? 0 : known.seq } };
  }
  const base = isStart ? emptyTurn(turn, known.state.prompt) : known.state;
  const state = events.slice(isStart ? 0 : known.seq - after).reduce(reduce, base);
  return { outcome: "applied", next: { state, seq, gaps: 0 } };
}
