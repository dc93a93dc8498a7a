/**
 * @import { PanelMember, Standing, Ad, Claim, Support, TurnEvent } from "../connection/events.js"
 * @typedef {"waiting" | "streaming" | "done" | "failed" | "stopped"} CandidateStatus
 * @typedef {{
 *   id: string, model: string, name: string, vendor: string, status: CandidateStatus, attempt: number, waitingFor: number,
 *   text: string,
 *   finishReason: string, error: string, ttftMs: number | null, durationMs: number, inputTokens: number,
 *   outputTokens: number, costMicros: number, fallbackFor: string,
 * }} CandidateState
 * @typedef {{
 *   standings: readonly Standing[], agreeing: number, compared: number, confidence: number | null,
 *   provisional: boolean,
 * }} RankingState
 * @typedef {{ kind: string, model: string, candidate: string, text: string, isFinished: boolean }} AnswerState
 * @typedef {{
 *   turn: string, conversation: string, prompt: string, status: string, error: string, attempt: number, waitingFor: number,
 *   strategy: string, routeReasons: readonly string[], candidates: readonly CandidateState[], leader: string,
 *   ranking: RankingState | null, claims: readonly Claim[],
 *   supports: readonly Support[], topic: string, quality: number | null, expectedMicros: number | null,
 *   expectedMs: number | null,
 *   requested: string, change: string,
 *   answer: AnswerState | null, durationMs: number, costMicros: number, title: string,
 *   placement: { ad: Ad | null, reason: string } | null,
 * }} TurnState
 */

/** @param {string} turn @param {string} [prompt] @returns {TurnState} */
export function emptyTurn(turn, prompt = "") {
  return {
    turn,
    conversation: "",
    prompt,
    status: "running",
    error: "",
    attempt: 1,
    waitingFor: 0,
    strategy: "",
    routeReasons: [],
    candidates: [],
    leader: "",
    ranking: null,
    claims: [],
    supports: [],
    topic: "",
    quality: null,
    expectedMicros: null,
    expectedMs: null,
    requested: "",
    change: "",
    answer: null,
    durationMs: 0,
    costMicros: 0,
    title: "",
    placement: null,
  };
}

const NO_RESULT = {
  waitingFor: 0,
  finishReason: "",
  error: "",
  durationMs: 0,
  inputTokens: 0,
  outputTokens: 0,
  costMicros: 0,
};

/** @param {PanelMember} member @returns {CandidateState} a candidate that waits for its model */
export const startCandidate = ({ candidate, model, name, vendor, stands_in_for = "" }) => ({
  ...NO_RESULT,
  id: candidate,
  model,
  name,
  vendor,
  fallbackFor: stands_in_for,
  status: "waiting",
  attempt: 1,
  text: "",
  ttftMs: null,
});

/**
 * A new attempt; the text of the attempt before stays until the first piece of this one.
 *
 * @param {CandidateState} candidate
 * @param {number} [attempt]
 * @returns {CandidateState}
 */
export const restartCandidate = (candidate, attempt = 1) => ({
  ...candidate,
  ...NO_RESULT,
  attempt,
  status: "streaming",
});

/**
 * @param {CandidateState} candidate
 * @param {Extract<TurnEvent, { type: "candidate_finished" }>} event
 * @returns {CandidateState}
 */
export const finishCandidate = (candidate, event) => ({
  ...candidate,
  status: /** @type {CandidateStatus} */ (event.status),
  waitingFor: 0,
  finishReason: event.finish_reason ?? "",
  error: event.error ?? "",
  ttftMs: event.ttft_ms ?? candidate.ttftMs,
  durationMs: event.duration_ms ?? 0,
  inputTokens: event.input_tokens ?? 0,
  outputTokens: event.output_tokens ?? 0,
  costMicros: event.cost_micros ?? 0,
});
