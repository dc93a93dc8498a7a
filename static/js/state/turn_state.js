import { finishCandidate, restartCandidate, startCandidate } from "./turn_types.js";

/**
 * @import { TurnEvent } from "../connection/events.js"
 * @import { CandidateState, TurnState } from "./turn_types.js"
 */

/**
 * @param {TurnState} state
 * @param {string} id
 * @param {(candidate: CandidateState) => Partial<CandidateState>} change
 * @returns {TurnState}
 */
function changeCandidate(state, id, change) {
  const candidates = state.candidates.map((each) => (each.id === id ? { ...each, ...change(each) } : each));
  return { ...state, candidates };
}

/** @type {{ [K in TurnEvent["type"]]: (state: TurnState, event: Extract<TurnEvent, { type: K }>) => TurnState }} */
const reducers = {
  turn_opened: (state, event) => ({
    ...state,
    turn: event.turn,
    conversation: event.conversation,
    prompt: event.prompt,
    attempt: event.attempt ?? 1,
    status: "running",
    error: "",
    // The same attempt opened again was recovered after a crash: the shown answer stays.
    answer: (event.attempt ?? 1) === state.attempt ? state.answer : null,
    supports: (event.attempt ?? 1) === state.attempt ? state.supports : [],
    placement: (event.attempt ?? 1) === state.attempt ? state.placement : null,
  }),
  turn_queued: (state, event) => ({ ...state, waitingFor: event.position }),
  route_chosen: (state, event) => ({
    ...state,
    waitingFor: 0,
    strategy: event.strategy,
    routeReasons: event.reasons,
    topic: event.topic ?? "",
    quality: event.quality ?? null,
    expectedMicros: event.expected_micros ?? null,
    expectedMs: event.expected_ms ?? null,
    requested: event.requested ?? "",
    change: event.change ?? "",
    candidates: event.panel.map(
      (member) => state.candidates.find(({ id }) => id === member.candidate) ?? startCandidate(member),
    ),
  }),
  candidate_queued: (state, event) =>
    changeCandidate(state, event.candidate, () => ({
      status: "waiting",
      waitingFor: event.position,
    })),
  candidate_started: (state, event) =>
    changeCandidate(state, event.candidate, (candidate) => restartCandidate(candidate, event.attempt)),
  candidate_delta: (state, event) =>
    changeCandidate(state, event.candidate, (each) =>
      event.ttft_ms === undefined
        ? { text: each.text + event.text }
        : { text: event.text, ttftMs: event.ttft_ms },
    ),
  more: (state, event) => {
    const candidate = state.candidates[event.seat];
    if (!candidate) return state;
    return changeCandidate(state, candidate.id, ({ text }) => ({ text: text + event.text }));
  },
  candidate_finished: (state, event) =>
    changeCandidate(state, event.candidate, (candidate) => finishCandidate(candidate, event)),
  leader_changed: (state, event) => ({ ...state, leader: event.candidate }),
  ranking_made: (state, event) => ({
    ...state,
    ranking: {
      standings: event.standings,
      agreeing: event.agreeing,
      compared: event.compared,
      confidence: event.confidence ?? null,
      provisional: event.provisional ?? false,
    },
  }),
  claims_mapped: (state, event) => ({ ...state, claims: event.claims }),
  answer_started: (state, event) => ({
    ...state,
    answer: {
      kind: event.kind,
      model: event.model ?? "",
      candidate: "",
      text: state.answer?.text ?? "",
      isFinished: false,
    },
  }),
  answer_delta: (state, event) =>
    state.answer
      ? {
          ...state,
          answer: { ...state.answer, text: event.first ? event.text : state.answer.text + event.text },
        }
      : state,
  answer_finished: (state, event) => ({
    ...state,
    change: event.change ?? "",
    answer: {
      kind: event.kind,
      model: state.answer?.model ?? "",
      candidate: event.candidate ?? "",
      text: event.kind === "fused" ? (state.answer?.text ?? "") : (event.text ?? ""),
      isFinished: true,
    },
  }),
  supports_found: (state, event) => ({ ...state, supports: event.supports }),
  turn_closed: (state, event) => ({
    ...state,
    status: event.status,
    error: event.error ?? "",
    waitingFor: 0,
    durationMs: event.duration_ms ?? 0,
    costMicros: event.cost_micros ?? 0,
    title: event.title ?? "",
  }),
  placement_made: (state, event) => ({
    ...state,
    placement: { ad: event.ad ?? null, reason: event.reason ?? "" },
  }),
};

/**
 * Return the state of a turn after one more event; live frames and stored turns use this one reducer.
 *
 * @param {TurnState} state
 * @param {TurnEvent} event
 * @returns {TurnState}
 */
export function reduce(state, event) {
  const reducer = /** @type {((state: TurnState, event: TurnEvent) => TurnState) | undefined} */ (
    reducers[event.type]
  );
  return reducer ? reducer(state, event) : state;
}
