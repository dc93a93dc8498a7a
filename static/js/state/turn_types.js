/**
 * @import { PanelMember, Standing, Ad, Claim, Support } from "../connection/events.js"
 * @typedef {"waiting" | "streaming" | "done" | "failed" | "stopped"} CandidateStatus
 * @typedef {{
 *   id: string, model: string, name: string, vendor: string, status: CandidateStatus, attempt: number, waitingFor: number,
 *   text: string,
 *   finishReason: string, error: string, ttftMs: number | null, durationMs: number, inputTokens: number,
 *   outputTokens: number, costMicros: number, standsInFor: string,
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
 *   answer: AnswerState | null, durationMs: number, costMicros: number, title: string,
 *   placement: { ad: Ad | null, reason: string } | null,
 * }} TurnState
 */

/**
 * @param {string} turn
 * @param {string} [prompt]
 * @returns {TurnState}
 */
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
    answer: null,
    durationMs: 0,
    costMicros: 0,
    title: "",
    placement: null,
  };
}

/**
 * @param {PanelMember} member
 * @returns {CandidateState}
 */
export const waitingCandidate = (member) => ({
  id: member.candidate,
  model: member.model,
  name: member.name,
  vendor: member.vendor,
  status: "waiting",
  attempt: 1,
  waitingFor: 0,
  text: "",
  finishReason: "",
  error: "",
  ttftMs: null,
  durationMs: 0,
  inputTokens: 0,
  outputTokens: 0,
  costMicros: 0,
  standsInFor: member.stands_in_for ?? "",
});
