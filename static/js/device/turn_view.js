import { announce } from "../lib/announcer.js";
import { copyAction, copyButton } from "../lib/clipboard.js";
import { foldButton } from "../lib/collapsible_text.js";
import { element, setText, wordButton } from "../lib/dom.js";
import { seconds, speed, translate } from "../lib/messages.js";
import { answerBody } from "../turn/answer_body.js";

/**
 * @typedef {"running" | "done" | "stopped" | "cut" | "failed" | "help"} TurnEnd
 * @typedef {{ perSecond: number, firstWordMs: number }} Figures
 * @typedef {{
 *   host: HTMLElement, bottom: () => number, note: (text: string) => void, show: (text: string) => void,
 *   end: (how: TurnEnd, figures?: Figures, code?: string) => void,
 * }} DeviceTurn
 */

/**
 * One prompt and this device's answer; nothing of it is sent to the server.
 *
 * @param {string} prompt
 * @param {() => void} onRetry
 * @returns {DeviceTurn}
 */
export function deviceTurn(prompt, onRetry) {
  let text = "";
  const row = rowOf(() => text, onRetry);
  const body = answerBody();
  body.text.translate = false;
  body.failure.role = "alert";
  body.host.setAttribute("aria-busy", "true");
  body.showNote(translate("device_reading"), "");
  const host = element("article", { class: "turn newest", "data-status": "running" });
  host.append(promptOf(prompt), body.host, row.host);

  return {
    host,
    bottom: () => (row.host.hidden ? body.text : row.host).getBoundingClientRect().bottom,
    note: (words) => body.showNote(words, ""),
    show(next) {
      text = next;
      body.show(text, true);
      body.showNote("", "");
    },
    end(how, figures, code = "other") {
      body.show(text, false);
      body.host.setAttribute("aria-busy", "false");
      host.dataset.status = how === "help" || how === "cut" ? "done" : how;
      body.showNote(noteOf(how, text), how === "help" ? "help" : "");
      body.showFailure("device_failure", how === "failed" ? code : null);
      row.show(how, text, figures);
      announce(translate(how === "failed" || how === "stopped" ? `announced_${how}` : "announced_done"));
    },
  };
}

/**
 * The row below an answer: its actions, the label that a model wrote it, and the figures.
 *
 * @param {() => string} text
 * @param {() => void} onRetry
 */
function rowOf(text, onRetry) {
  const copy = copyAction(text);
  const retry = wordButton(translate("retry"), "retry", onRetry);
  const label = element("p", { class: "ai-label" }, translate("ai_label"));
  const measured = element("p", { class: "ai-label number device-figures" });
  const host = element("div", { class: "answer-actions", hidden: true }, copy, retry, label, measured);
  return {
    host,
    /** @param {TurnEnd} how @param {string} answer @param {Figures} [figures] */
    show(how, answer, figures) {
      host.hidden = false;
      copy.hidden = !answer;
      retry.hidden = how !== "failed";
      // The crisis help lines were written by people.
      label.hidden = !answer || how === "help";
      setText(measured, figures ? formatFigures(figures) : "");
    },
  };
}

/** @param {string} prompt */
function promptOf(prompt) {
  const text = element("p", { class: "prompt-text", dir: "auto", translate: "no" }, prompt);
  const folding = foldButton(text);
  folding.update();
  const actions = element(
    "div",
    { class: "prompt-actions" },
    copyButton(() => prompt),
  );
  return element("div", { class: "prompt" }, text, folding.button, actions);
}

/** @param {TurnEnd} how @param {string} text */
function noteOf(how, text) {
  if (how === "stopped") return translate("turn_stopped");
  if (how === "cut") return translate("device_cut");
  if (how === "help") return translate("kind.help");
  return how === "done" && !text ? translate("device_empty") : "";
}

/** @param {Figures} figures as measured on this device */
const formatFigures = ({ perSecond, firstWordMs }) =>
  [
    perSecond > 0 ? translate("device_speed", { speed: speed(perSecond) }) : "",
    firstWordMs > 0 ? translate("first_token", { time: seconds(firstWordMs) }) : "",
  ]
    .filter(Boolean)
    .join(" · ");
