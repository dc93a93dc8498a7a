/**
 * What a turn's state says: pure questions that several parts of the page ask.
 *
 * @import { TurnState, CandidateState } from "./turn_types.js"
 */

/**
 * @param {TurnState} state
 * @param {string} id
 * @returns {CandidateState | undefined}
 */
export const candidateOf = (state, id) => state.candidates.find((each) => each.id === id);

/**
 * The text that stands in the answer's place, and a key that changes when it becomes another text.
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

/**
 * @param {TurnState} state
 * @param {string} id
 * @returns {number} 1 for the best, 0 when not ranked
 */
export const rankOf = (state, id) =>
  (state.ranking?.standings.findIndex((standing) => standing.candidate === id) ?? -1) + 1;

/**
 * Candidates that say the same, the winner's group first; empty when there was nothing to compare.
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
 * @returns {number | null} tokens a second after the first one; null when too little was written to tell
 */
export function tokensPerSecond(candidate) {
  const writingMs = candidate.durationMs - (candidate.ttftMs ?? 0);
  if (candidate.outputTokens < 2 || writingMs < 50) return null;
  return ((candidate.outputTokens - 1) / writingMs) * 1000;
}
