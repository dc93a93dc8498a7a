import { element, setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
import { findPassage, highlightPassage } from "../markdown/passages.js";
import { addModel } from "./add_model.js";
import { candidateView } from "./candidate_view.js";
import { modelDot } from "./passage_button.js";

/**
 * @import { CandidateActions, CandidateView } from "./candidate_view.js"
 * @import { TurnFeedback } from "../transcript/feedback.js"
 * @import { CandidateState, TurnState } from "../state/turn_types.js"
 * @typedef {{
 *   host: HTMLDetailsElement, patch: (state: TurnState, feedback: TurnFeedback) => void,
 *   show: (id: string, text?: string) => void,
 * }} CandidatesView
 */

/**
 * All candidates of a turn: in columns where there is room, else one at a time with a tab for each.
 *
 * @param {CandidateActions & { add: (model: string) => void }} actions
 * @returns {CandidatesView}
 */
export function candidatesView(actions) {
  const summary = element("summary");
  const columns = candidateColumns(actions);
  const tabs = candidateTabs(columns.host, (id) => show(id));
  const adder = addModel((model) => {
    // The control is hidden while models answer, so focus moves to what stays.
    summary.focus({ preventScroll: true });
    actions.add(model);
  });
  const host = element("details", { class: "candidates", hidden: true }, summary, tabs.host, columns.host);
  const folding = foldColumns(host, columns);
  host.append(element("div", { class: "candidates-foot" }, adder.host, folding.button));

  /** @param {string} id @param {string} [text] a passage to highlight */
  const show = (id, text = "") => {
    host.open = true;
    const candidate = columns.views.get(id)?.host;
    const passage = candidate && text ? findPassage(candidate, text) : null;
    if (passage) {
      folding.unfold();
      highlightPassage(passage);
    } else if (candidate) showColumn(candidate);
  };

  return {
    host,
    show,
    patch(state, feedback) {
      const count = state.candidates.length;
      host.hidden = count === 0;
      host.dataset.count = String(count);
      adder.patch(state);
      setText(summary, translate("candidates", { n: count }));
      columns.patch(state, feedback);
      tabs.patch(state, columns.views);
      folding.patch(state);
    },
  };
}

/** @param {CandidateActions} actions */
function candidateColumns(actions) {
  const host = element("div", { class: "candidate-columns" });
  /** @type {Map<string, CandidateView>} */
  const views = new Map();

  /** @param {CandidateState} candidate */
  const add = (candidate) => {
    const view = candidateView(candidate, actions);
    views.set(candidate.id, view);
    host.append(view.host);
    return view;
  };
  return {
    host,
    views,
    /** @param {TurnState} state @param {TurnFeedback} feedback */
    patch(state, feedback) {
      for (const candidate of state.candidates) {
        const view = views.get(candidate.id) ?? add(candidate);
        view.patch(state, candidate, feedback);
      }
    },
  };
}

/**
 * Fold long answers to one height, so that what follows them stays near, and offer a button that shows them whole.
 *
 * @param {HTMLDetailsElement} host
 * @param {ReturnType<typeof candidateColumns>} columns
 */
function foldColumns(host, columns) {
  const button = element("button", { type: "button", class: "button quiet small unfold", hidden: true });
  let areAllCut = false;

  const fold = (isUnfolded = host.classList.contains("unfolded")) => {
    const all = [...columns.views.values()];
    host.classList.toggle("unfolded", isUnfolded);
    // All heights are read before anything is written, so that the page is laid out once.
    const isCut = all.map((view) => view.isOverflowing());
    for (const [index, view] of all.entries()) view.setCut(isCut[index] ?? false);
    setText(button, translate(isUnfolded ? "show_less" : "show_all"));
    button.hidden = !isUnfolded && !isCut.some(Boolean);
    areAllCut = isCut.every(Boolean);
  };
  button.addEventListener("click", () => fold(!host.classList.contains("unfolded")));
  host.addEventListener("toggle", () => fold());
  columns.host.addEventListener("focusin", ({ target }) => {
    if (target instanceof Element && target.closest(".candidate-text.cut")) fold(true);
  });
  return {
    button,
    unfold: () => fold(true),
    /** @param {TurnState} state */
    patch({ status }) {
      // A text that is cut stays cut while it grows.
      if (status !== "running" || !areAllCut) fold();
    },
  };
}

/**
 * A tab for each candidate; the tab of the one in view is current.
 *
 * @param {HTMLElement} columns
 * @param {(id: string) => void} show
 */
function candidateTabs(columns, show) {
  const host = element("div", { class: "candidate-tabs" });
  /** @type {Map<string, HTMLButtonElement>} */
  const tabs = new Map();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const tab = target instanceof HTMLElement ? tabs.get(target.dataset.candidate ?? "") : undefined;
        tab?.setAttribute("aria-current", String(isIntersecting));
      }
    },
    { root: columns, threshold: 0.6 },
  );

  /** @param {CandidateState} candidate @param {HTMLElement} column */
  const add = (candidate, column) => {
    const tab = element("button", { type: "button", class: "candidate-tab" });
    tab.append(modelDot(candidate), candidate.name);
    tab.addEventListener("click", () => show(candidate.id));
    tabs.set(candidate.id, tab);
    host.append(tab);
    observer.observe(column);
    return tab;
  };

  return {
    host,
    /** @param {TurnState} state @param {Map<string, CandidateView>} views */
    patch({ candidates }, views) {
      host.hidden = candidates.length < 2;
      for (const candidate of candidates) {
        const column = views.get(candidate.id)?.host;
        const tab = tabs.get(candidate.id) ?? (column && add(candidate, column));
        if (tab) tab.dataset.status = candidate.status;
      }
    },
  };
}

/** @param {HTMLElement} column */
function showColumn(column) {
  column.scrollIntoView({ behavior: "smooth", block: "nearest", inline: "start" });
  column.focus({ preventScroll: true });
}
