import { element, setText, wordButton } from "../../lib/dom.js";
import { translate } from "../../lib/messages.js";
import { highlightPassage } from "../../markdown/passages.js";
import { answerText, finalRankOf } from "../../state/turn_selectors.js";
import { addModel } from "./add_model.js";
import { candidateLine } from "./candidate_line.js";
import { candidateView } from "./candidate_view.js";
import { openLayout } from "./candidates_layout.js";

/**
 * @import { CandidateActions } from "./candidate_view.js"
 * @import { Item } from "./candidates_layout.js"
 * @import { TurnFeedback } from "../../transcript/feedback.js"
 * @import { CandidateState, TurnState } from "../../state/turn_types.js"
 * @typedef {CandidateActions & { add: (model: string) => void }} CandidatesActions
 * @typedef {{
 *   host: HTMLElement, patch: (state: TurnState, feedback: TurnFeedback) => void,
 *   show: (id: string, text?: string) => void, openModels: () => string[], reopen: (models: string[]) => void,
 * }} CandidatesView
 */

/**
 * The candidates of a turn, one line each; whole answers open on demand.
 *
 * @param {CandidatesActions} actions
 * @param {(text: string) => void} showInAnswer highlights a passage of the answer
 * @returns {CandidatesView}
 */
export function candidatesView(actions, showInAnswer) {
  const { host, title, adder, items, layout, add } = createParts(actions);
  let answerId = "";
  /** @type {TurnState["ranking"] | undefined} */
  let sorted;

  return {
    host,
    openModels: () => layout.ids().map((id) => items.all.get(id)?.model ?? ""),
    reopen(models) {
      items.awaited = new Set(models);
      for (const [id, { model }] of items.all) if (items.awaited.delete(model)) layout.open(id);
    },
    show(id, text = "") {
      if (id === answerId) return showInAnswer(text);
      layout.open(id);
      const view = items.all.get(id)?.view;
      const passage = text ? view?.findPassage(text) : null;
      if (passage) highlightPassage(passage);
      else view?.host.scrollIntoView({ behavior: "smooth", block: "nearest", inline: "nearest" });
    },
    patch(state, feedback) {
      const count = state.candidates.length;
      answerId = answerText(state, feedback.continued).source?.id ?? "";
      host.hidden = count === 0;
      host.dataset.count = String(count);
      adder.patch(state);
      setText(title, translate("candidates", { n: count }));
      for (const candidate of state.candidates) {
        const { line, view } = items.all.get(candidate.id) ?? add(candidate);
        line.patch(state, candidate, candidate.id === answerId);
        view.patch(state, candidate, feedback, candidate.id === answerId);
      }
      items.winner = winnerOf(state);
      // Lines do not move under the reader's hand.
      if (state.ranking === sorted || layout.ids().length > 0 || host.contains(document.activeElement))
        return;
      sorted = state.ranking;
      items.all = sortByRank(state, items.all);
    },
  };
}

/** @param {CandidatesActions} actions */
function createParts(actions) {
  const title = element("h2", { class: "candidates-title" });
  const toggle = wordButton(translate("side_by_side"), "columns", () => layout.toggleAll(items.winner));
  const head = element("div", { class: "candidates-head" }, title, toggle);
  const list = element("ol", { class: "candidate-lines" });
  const columns = element("div", { class: "candidate-columns", hidden: true });
  const adder = addModel((model) => {
    // The control is hidden while models answer, so focus moves to what stays.
    list.querySelector("button")?.focus({ preventScroll: true });
    actions.add(model);
  });
  const host = element("section", { class: "candidates", hidden: true }, head, list, columns, adder.host);
  // Models of `awaited` open when they appear.
  const items = {
    all: /** @type {Map<string, Item>} */ (new Map()),
    awaited: /** @type {Set<string>} */ (new Set()),
    winner: "",
  };
  const layout = openLayout({ host, list, columns, toggle }, () => items.all);

  /** @param {CandidateState} candidate @returns {Item} */
  const add = (candidate) => {
    const line = candidateLine(candidate, {
      press: () => layout.press(candidate.id),
      retry: () => actions.retry(candidate.id),
      finish: () => actions.finish(candidate.id),
    });
    const item = { model: candidate.model, line, view: candidateView(candidate, actions) };
    items.all.set(candidate.id, item);
    list.append(line.host);
    columns.append(item.view.host);
    if (items.awaited.delete(candidate.model)) layout.open(candidate.id);
    else layout.draw();
    return item;
  };
  return { host, title, adder, items, layout, add };
}

/** @param {TurnState} state @returns {string} the best candidate as far as it is known */
function winnerOf(state) {
  const best = state.candidates.find(({ id }) => finalRankOf(state, id) === 1);
  return best?.id || state.leader || (state.candidates[0]?.id ?? "");
}

/**
 * Put lines and columns in the order of the final ranking; candidates without a rank come last.
 *
 * @param {TurnState} state
 * @param {Map<string, Item>} items
 * @returns {Map<string, Item>} in the new order
 */
function sortByRank(state, items) {
  const place = (/** @type {string} */ id) => finalRankOf(state, id) || items.size + 1;
  const sorted = [...items].sort(([one], [other]) => place(one) - place(other));
  for (const [, { line, view }] of sorted) {
    line.host.parentElement?.append(line.host);
    view.host.parentElement?.append(view.host);
  }
  return new Map(sorted);
}
