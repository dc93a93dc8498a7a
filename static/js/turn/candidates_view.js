import { element, setText } from "../lib/dom.js";
import { hueOf } from "../lib/hue.js";
import { word } from "../lib/words.js";
import { findPassage, highlightPassage } from "../markdown/passages.js";
import { addModel } from "./add_model.js";
import { candidateView } from "./candidate_view.js";

/**
 * @import { CandidateView } from "./candidate_view.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ host: HTMLElement, patch: (state: TurnState, voted: string, continued: string) => void, show: (id: string, text?: string) => void }}
 *   CandidatesView
 */

/**
 * All candidates of a turn: columns where there is room, else one at a time with a tab for each.
 *
 * @param {{
 *   retry: (candidate: string) => void, vote: (candidate: string) => void, add: (model: string) => void,
 *   signal: (candidate: string, kind: "copy" | "continue") => void,
 * }} actions
 * @returns {CandidatesView}
 */
export function candidatesView(actions) {
  const summary = element("summary");
  const tabs = element("div", { class: "candidate-tabs" });
  const columns = element("div", { class: "candidate-columns" });
  const unfold = element("button", { type: "button", class: "button quiet small unfold", hidden: true });
  const more = addModel((model) => {
    // The control goes while models answer.
    summary.focus({ preventScroll: true });
    actions.add(model);
  });
  const foot = element("div", { class: "candidates-foot" }, more.host, unfold);
  const host = element("details", { class: "candidates", hidden: true }, summary, tabs, columns, foot);
  /** @type {Map<string, CandidateView>} */
  const views = new Map();
  /** @type {Map<string, HTMLButtonElement>} */
  const buttons = new Map();
  let isCut = false;

  /** @param {string} id @param {string} [text] a passage to point at */
  const show = (id, text = "") => {
    host.open = true;
    const candidate = views.get(id)?.host;
    const passage = candidate && text ? findPassage(candidate, text) : null;
    if (passage) {
      fold(true);
      highlightPassage(passage);
      return;
    }
    candidate?.scrollIntoView({ behavior: "smooth", block: "nearest", inline: "start" });
    candidate?.focus({ preventScroll: true });
  };

  /** Long answers are cut to one height, so that what comes below them stays near. */
  const fold = (isUnfolded = host.classList.contains("unfolded")) => {
    const all = [...views.values()];
    host.classList.toggle("unfolded", isUnfolded);
    // All heights are read before anything is written: the page is laid out once.
    const over = all.map((view) => view.isOver());
    for (const [place, view] of all.entries()) view.setCut(over[place] ?? false);
    setText(unfold, word(isUnfolded ? "show_less" : "show_all"));
    unfold.hidden = !isUnfolded && !over.some(Boolean);
    isCut = over.every(Boolean);
  };
  unfold.addEventListener("click", () => fold(!host.classList.contains("unfolded")));
  host.addEventListener("toggle", () => fold());
  columns.addEventListener("focusin", (event) => {
    const isInText = event.target instanceof Element && event.target.closest(".candidate-text.cut");
    if (isInText) fold(true);
  });

  const tabObserver = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const id = target instanceof HTMLElement ? (target.dataset.candidate ?? "") : "";
        buttons.get(id)?.setAttribute("aria-current", String(isIntersecting));
      }
    },
    { root: columns, threshold: 0.6 },
  );

  /** @param {TurnState} state */
  const addViews = (state) => {
    for (const candidate of state.candidates) {
      if (views.has(candidate.id)) continue;
      const view = candidateView(candidate, actions);
      const dot = element("i", { class: "dot", "data-hue": hueOf(candidate.model) });
      const button = element("button", { type: "button", class: "candidate-tab" }, dot, candidate.name);
      button.addEventListener("click", () => show(candidate.id));
      views.set(candidate.id, view);
      buttons.set(candidate.id, button);
      columns.append(view.host);
      tabs.append(button);
      tabObserver.observe(view.host);
    }
  };

  return {
    host,
    show,
    patch(state, voted, continued) {
      addViews(state);
      host.hidden = state.candidates.length === 0;
      tabs.hidden = state.candidates.length < 2;
      host.dataset.count = String(state.candidates.length);
      more.patch(state);
      setText(summary, word("candidates", { n: state.candidates.length }));
      for (const candidate of state.candidates) {
        views.get(candidate.id)?.patch(state, candidate, voted, continued);
        const button = buttons.get(candidate.id);
        if (button) button.dataset.status = candidate.status;
      }
      // What is cut stays cut while it grows.
      if (state.status !== "running" || !isCut) fold();
    },
  };
}
