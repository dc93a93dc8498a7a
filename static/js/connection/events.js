/**
 * The events of the WebSocket as the page reads them (docs/events.md); the server leaves out empty fields.
 *
 * @typedef {{ candidate: string, model: string, name: string, vendor: string, stands_in_for?: string }} PanelMember
 * @typedef {{ candidate: string, score: number, group: number, reasons: string[] }} Standing
 * @typedef {{ kind: string, text: string, candidates: string[], against: string[], other_text: string }} Claim
 * @typedef {{ text: string, candidates: string[], words: string[] }} Support
 * @typedef {{
 *   offer: string, label: string, advertiser: string, title: string, body: string, display_domain: string,
 *   why: string[], click_url: string, impression_url: string, hide_url: string, report_url: string,
 *   is_ai_written?: boolean,
 * }} Ad
 * @typedef {(
 *   | { type: "turn_opened", conversation: string, turn: string, prompt: string, attempt?: number }
 *   | { type: "turn_queued", position: number }
 *   | { type: "route_chosen", strategy: string, panel: PanelMember[], reasons: string[], topic?: string,
 *       quality?: number, expected_micros?: number, expected_ms?: number, requested?: string, change?: string }
 *   | { type: "candidate_queued", candidate: string, position: number }
 *   | { type: "candidate_started", candidate: string, attempt?: number }
 *   | { type: "candidate_delta", candidate: string, text: string, ttft_ms?: number }
 *   | { type: "more", seat: number, text: string }
 *   | { type: "candidate_finished", candidate: string, status: string, finish_reason?: string, error?: string,
 *       ttft_ms?: number, duration_ms?: number, input_tokens?: number, output_tokens?: number,
 *       cost_micros?: number }
 *   | { type: "leader_changed", candidate: string }
 *   | { type: "ranking_made", standings: Standing[], agreeing: number, compared: number, confidence?: number,
 *       provisional?: boolean }
 *   | { type: "claims_mapped", claims: Claim[] }
 *   | { type: "answer_started", kind: string, model?: string }
 *   | { type: "answer_delta", text: string, first?: boolean }
 *   | { type: "answer_finished", kind: string, candidate?: string, text?: string, cost_micros?: number,
 *       change?: string }
 *   | { type: "supports_found", supports: Support[] }
 *   | { type: "turn_closed", status: string, error?: string, duration_ms?: number, cost_micros?: number,
 *       title?: string }
 *   | { type: "placement_made", ad?: Ad | null, reason?: string }
 * )} TurnEvent
 *
 * @typedef {(
 *   | { type: "opened", client_id?: string | null, turn: string, conversation: string, number: number,
 *       parent?: string | null, replaces?: string | null, prompt?: string }
 *   | { type: "frame", turn: string, seq: number, events: TurnEvent[], whole?: boolean }
 *   | { type: "refused", client_id?: string | null, code: string, message?: string }
 *   | FeedbackMessage
 *   | { type: "pong" }
 * )} ServerMessage
 *
 * @typedef {(
 *   | { type: "voted", candidate: string }
 *   | { type: "rated", turn: string, verdict: string }
 *   | { type: "followed", turn: string, candidate: string }
 *   | { type: "signalled", candidate: string, kind: string }
 * )} FeedbackMessage
 */

export {};
