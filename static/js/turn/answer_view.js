import { copyButton } from "../lib/clipboard.js";
import { iconButton } from "../lib/dom.js";
import { translate, translateCode } from "../lib/messages.js";
import { answerText } from "../state/turn_selectors.js";
import { answerActions, answerBody } from "./answer_body.js";
import { readAloud } from "./read_aloud.js";
import { supportsView } from "./supports_view.js";

/**
 * @import { AnswerBody } from "./answer_body.js"
 * @import { TurnState } from "../state/turn_types.js"
 * @typedef {{ host: HTMLElement, patch: (state: TurnState) => void, bottom: () => number }} AnswerView
 */

/**
 * The answer of a turn: the leading candidate while models write, then the final answer.
 *
 * @param {{
 *   regenerate: () => void, copied: () => void, share: () => void,
 *   show: (candidate: string, text?: string) => void,
 * }} actions
 * @returns {AnswerView}
 */
export function answerView({ regenerate, copied, share, show }) {
  let text = "";
  const copy = copyButton(() => text, copied);
  const reader = readAloud();
  const sharing = iconButton(translate("share"), "share", share);
  const row = answerActions(
    copy,
    reader.button,
    sharing,
    iconButton(translate("regenerate"), "retry", regenerate),
  );
  const body = answerBody(row.host);
  const supports = supportsView(body.text, show);
  body.host.append(supports.card);
  const showText = openAnswerText(body);

  return {
    host: body.host,
    bottom: body.bottom,
    patch(state) {
      const kind = state.answer?.kind ?? "";
      const isRunning = state.status === "running";
      text = showText(state);
      supports.patch(state);
      body.host.setAttribute("aria-busy", String(isRunning));
      body.showNote(noteOf(state), kind);
      body.showFailure("failure", state.status === "failed" ? state.error : null);
      row.show(text, kind === "help");
      row.host.hidden = isRunning;
      sharing.hidden = !text;
      reader.show(text);
    },
  };
}

/**
 * Show the text of an answer, which changes its source when another candidate leads or the answer is fused.
 *
 * @param {AnswerBody} body
 * @returns {(state: TurnState) => string} shows and returns the text of a state
 */
function openAnswerText({ text: host, show, clear }) {
  let shownKey = "none";

  /** @param {string} key */
  const changeSource = (key) => {
    // The new text starts short: the height is kept, so that the content below does not jump.
    if (shownKey !== "none") host.style.minHeight = `${host.offsetHeight}px`;
    clear();
    shownKey = key;
    host.classList.remove("arriving");
    requestAnimationFrame(() => host.classList.add("arriving"));
  };

  return (state) => {
    const { key, text, isOpen } = answerText(state);
    if (key !== shownKey) changeSource(key);
    show(text, isOpen);
    if (!isOpen) host.style.minHeight = "";
    return text;
  };
}

/** @param {TurnState} state */
function noteOf(state) {
  const { answer } = state;
  const { source } = answerText(state);
  if (answer && !answer.isFinished) return translate("fusing");
  if (answer) {
    const written = state.candidates.filter((each) => each.status === "done").length;
    const hasWords = translateCode("kind", answer.kind) !== "";
    const notes = [
      hasWords ? translate(`kind.${answer.kind}`, { name: source?.name ?? "", n: written }) : "",
      isEscalated(state) ? translate("escalated") : "",
      state.status === "stopped" ? translate("turn_stopped") : "",
    ];
    return notes.filter(Boolean).join(" · ");
  }
  if (state.status === "stopped") return translate("turn_stopped");
  if (state.status === "failed") return "";
  if (state.waitingFor) return translate("queued", { n: state.waitingFor });
  if (!source?.text) return translate("asking");
  return isEscalated(state) ? translate("escalated") : translate("leading", { name: source.name });
}

/** @param {TurnState} state */
const isEscalated = (state) => state.routeReasons.includes("escalated");
