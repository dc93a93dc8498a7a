/**
 * Pure reads of a turn's state that several views share.
 *
 * @import { TurnState, CandidateState } from "./turn_types.js"
 */

// The finish reasons of answers that a limit of length or time has cut.
const CUTS = ["length", "deadline"];

/**
 * Tell whether the answer of a turn is not settled yet. Other candidates may be written beside a settled answer.
 *
 * @param {TurnState} state
 */
export const isAnswering = (state) => state.status === "running" && !state.answer?.isFinished;

/**
 * Return the place of a turn in the queue, 1 if it is next, 0 if it does not wait: that of the first of its candidates
 * that gets a model, as long as none has begun.
 *
 * @param {TurnState} state
 */
export function placeOf(state) {
  if (!isAnswering(state) || state.answer) return 0;
  const open = state.candidates.filter(({ status }) => status === "waiting" || status === "streaming");
  const isBegun = state.candidates.some(({ text }) => text);
  return state.waitingFor || (isBegun || !open.length ? 0 : Math.min(...open.map((each) => each.waitingFor)));
}

/** @param {TurnState} state @param {string} id @returns {CandidateState | undefined} */
export const candidateOf = (state, id) => state.candidates.find((each) => each.id === id);

/**
 * @param {TurnState} state
 * @param {readonly string[]} ids
 * @returns {CandidateState[]} those that the turn has
 */
export const candidatesOf = (state, ids) =>
  ids.map((id) => candidateOf(state, id)).filter((each) => each !== undefined);

/**
 * Return the text shown as the answer, and a key that changes when its source changes. A candidate that the reader
 * continued with stands as the answer, since the next prompt follows it.
 *
 * @param {TurnState} state
 * @param {string} [continued] the candidate that the reader continued with
 * @returns {{ key: string, text: string, isOpen: boolean, source: CandidateState | undefined }}
 */
export function answerText(state, continued = "") {
  const { answer } = state;
  const chosen = chosenOf(state, continued);
  const own = chosen && answer?.kind !== "help" ? "" : (answer?.text ?? "");
  const source = chosen ?? candidateOf(state, answer?.candidate || (own ? "" : state.leader));
  const isOpen = isAnswering(state) && !chosen;
  if (own && source) return { key: `help ${source.id}`, text: `${own}\n\n${source.text}`, isOpen, source };
  if (own) return { key: "own", text: own, isOpen, source: undefined };
  return source
    ? {
        key: source.id,
        text: source.text,
        isOpen: isOpen || source.status === "streaming",
        source,
      }
    : { key: "none", text: "", isOpen, source: undefined };
}

/**
 * Return the candidate that stands as the answer only because the reader continued with it.
 *
 * @param {TurnState} state
 * @param {string} continued
 * @returns {CandidateState | undefined}
 */
export function chosenOf(state, continued) {
  const chosen = candidateOf(state, continued);
  return chosen?.text && chosen.id !== state.answer?.candidate ? chosen : undefined;
}

/** @param {TurnState} state @param {string} id @returns {number} 1 for the best, 0 when not ranked */
export const rankOf = (state, id) =>
  (state.ranking?.standings.findIndex((standing) => standing.candidate === id) ?? -1) + 1;

/** @param {TurnState} state @param {string} id @returns {number} the rank, 0 while there is no final ranking */
export const finalRankOf = (state, id) => (state.ranking?.provisional ? 0 : rankOf(state, id));

/**
 * Group the candidates that give the same answer, the winner's group first; empty when nothing was compared.
 *
 * @param {TurnState} state
 * @returns {CandidateState[][]}
 */
export function groupsOf(state) {
  const { ranking } = state;
  if (!ranking || ranking.provisional || ranking.compared < 2) return [];
  /** @type {Map<number, CandidateState[]>} */
  const groups = new Map();
  for (const standing of ranking.standings) {
    const candidate = candidateOf(state, standing.candidate);
    if (candidate?.status !== "done") continue;
    groups.set(standing.group, [...(groups.get(standing.group) ?? []), candidate]);
  }
  return [...groups.values()];
}

// Answers that say nothing are no other answer.
const NO_ANSWERS = ["refusal", "empty", "failed"];

/**
 * Tell whether a candidate gives the same answer as another one of the winner's group.
 *
 * @param {TurnState} state
 * @param {string} id
 * @returns {"same" | "differs" | "not_compared" | ""} "" for a winner that stands alone, and when nothing was compared
 */
export function agreementOf(state, id) {
  const groups = groupsOf(state);
  const reasons = state.ranking?.standings.find((standing) => standing.candidate === id)?.reasons ?? [];
  if (groups.length === 0 || reasons.some((reason) => NO_ANSWERS.includes(reason))) return "";
  if (reasons.includes("not_compared")) return "not_compared";
  const index = groups.findIndex((group) => group.some((each) => each.id === id));
  if (index > 0) return "differs";
  return index === 0 && (groups[0]?.length ?? 0) > 1 ? "same" : "";
}

/**
 * Name the words about how many models agree with the answer.
 *
 * @param {TurnState} state
 * @returns {"agree_all" | "agree" | "agree_none" | "agree_alone" | "agree_unknown" | ""} "" for a single answer
 */
export function agreementWords({ ranking }) {
  if (!ranking || ranking.standings.length < 2) return "";
  const { agreeing, compared, standings } = ranking;
  if (compared < 2) return ranking.provisional ? "" : "agree_unknown";
  if (agreeing > 1) return agreeing === standings.length ? "agree_all" : "agree";
  const groups = new Set(standings.map(({ group }) => group));
  return groups.size === standings.length && compared === standings.length ? "agree_none" : "agree_alone";
}

/**
 * @param {CandidateState} candidate
 * @returns {number | null} characters per second after the first one; null when too few were written to measure
 */
export function charactersPerSecond(candidate) {
  const writingMs = candidate.durationMs - (candidate.ttftMs ?? 0);
  if (candidate.text.length < 2 || writingMs < 50) return null;
  return ((candidate.text.length - 1) / writingMs) * 1000;
}

/**
 * @param {TurnState} state
 * @param {string} continued the candidate that the reader went on with, or ""
 * @returns {boolean} whether the shown answer ends before its end: it was stopped, or a limit cut it
 */
export function isCut(state, continued) {
  const { text, source } = answerText(state, continued);
  if (!text || state.answer?.kind === "help" || isAnswering(state)) return false;
  if (source) return source.status === "stopped" || CUTS.includes(source.finishReason);
  return state.status === "stopped";
}

/**
 * Tell whether a turn that still runs may end with an answer that is complete already.
 *
 * @param {TurnState} state
 * @param {CandidateState} candidate
 */
export const mayFinish = (state, candidate) =>
  state.status === "running" && candidate.status === "done" && candidate.text !== "";
