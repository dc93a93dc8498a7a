import { waitingCandidate } from "./turn_types.js";

/**
 * @import { TurnEvent } from "../connection/events.js"
 * @import { CandidateState, CandidateStatus, TurnState } from "./turn_types.js"
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
const steps = {
  turn_opened: (state, event) => ({
    ...state,
    turn: event.turn,
    conversation: event.conversation,
    prompt: event.prompt,
    attempt: event.attempt ?? 1,
    status: "running",
    error: "",
    // The same attempt opened again was picked up after a crash: what is shown stays.
    answer: (event.attempt ?? 1) === state.attempt ? state.answer : null,
    supports: (event.attempt ?? 1) === state.attempt ? state.supports : [],
    placement: null,
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
    candidates: event.panel.map(
      (seat) => state.candidates.find((known) => known.id === seat.candidate) ?? waitingCandidate(seat),
    ),
  }),
  candidate_queued: (state, event) =>
    changeCandidate(state, event.candidate, () => ({
      status: "waiting",
      waitingFor: event.position,
    })),
  candidate_started: (state, event) =>
    changeCandidate(state, event.candidate, (each) => ({
      ...waitingCandidate({ candidate: each.id, model: each.model, name: each.name, vendor: each.vendor }),
      attempt: event.attempt ?? 1,
      status: "streaming",
      // Older text stays until the first piece of this attempt.
      text: each.text,
      ttftMs: each.ttftMs,
      standsInFor: each.standsInFor,
    })),
  candidate_delta: (state, event) =>
    changeCandidate(state, event.candidate, (each) =>
      event.ttft_ms === undefined
        ? { text: each.text + event.text }
        : { text: event.text, ttftMs: event.ttft_ms },
    ),
  more: (state, event) => {
    const seated = state.candidates[event.seat];
    return seated ? changeCandidate(state, seated.id, (each) => ({ text: each.text + event.text })) : state;
  },
  candidate_finished: (state, event) =>
    changeCandidate(state, event.candidate, (each) => ({
      status: /** @type {CandidateStatus} */ (event.status),
      waitingFor: 0,
      finishReason: event.finish_reason ?? "",
      error: event.error ?? "",
      ttftMs: event.ttft_ms ?? each.ttftMs,
      durationMs: event.duration_ms ?? 0,
      inputTokens: event.input_tokens ?? 0,
      outputTokens: event.output_tokens ?? 0,
      costMicros: event.cost_micros ?? 0,
    })),
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
 * The state of a turn after one more event; live frames and stored turns both go through here and nowhere else.
 *
 * @param {TurnState} state
 * @param {TurnEvent} event
 * @returns {TurnState}
 */
export function reduce(state, event) {
  const step = /** @type {((state: TurnState, event: TurnEvent) => TurnState) | undefined} */ (
    steps[event.type]
  );
  return step ? step(state, event) : state;
}
