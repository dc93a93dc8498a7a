/**
 * Pure reads of a turn's state that several views share.
 *
 * @import { TurnState, CandidateState } from "./turn_types.js"
 */

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
 * Return the text shown as the answer, and a key that changes when its source changes.
 *
 * @param {TurnState} state
 * @returns {{ key: string, text: string, isOpen: boolean, source: CandidateState | undefined }}
 */
export function answerText(state) {
  const { answer } = state;
  const own = answer?.text ?? "";
  const source = candidateOf(state, answer?.candidate || (own ? "" : state.leader));
  const isOpen = state.status === "running" && !answer?.isFinished;
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

/** @param {TurnState} state @param {string} id @returns {number} 1 for the best, 0 when not ranked */
export const rankOf = (state, id) =>
  (state.ranking?.standings.findIndex((standing) => standing.candidate === id) ?? -1) + 1;

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

/**
 * @param {CandidateState} candidate
 * @returns {number | null} tokens per second after the first token; null when too few were written to measure
 */
export function tokensPerSecond(candidate) {
  const writingMs = candidate.durationMs - (candidate.ttftMs ?? 0);
  if (candidate.outputTokens < 2 || writingMs < 50) return null;
  return ((candidate.outputTokens - 1) / writingMs) * 1000;
}
