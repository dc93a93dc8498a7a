import { announce } from "../lib/announcer.js";
import { copyButton } from "../lib/clipboard.js";
import { foldButton } from "../lib/collapsible_text.js";
import { element, iconButton, setText } from "../lib/dom.js";
import { seconds, speed, translate } from "../lib/messages.js";
import { answerActions, answerBody } from "../turn/answer_body.js";

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
  const retry = iconButton(translate("retry"), "retry", onRetry);
  const row = answerActions(
    copyButton(() => text),
    retry,
  );
  const measured = element("p", { class: "ai-label number device-figures" });
  row.host.append(measured);
  const body = answerBody(row.host);
  body.text.translate = false;
  body.failure.role = "alert";
  body.host.setAttribute("aria-busy", "true");
  body.showNote(translate("device_reading"), "");
  const host = element("article", { class: "turn newest", "data-status": "running" });
  host.append(promptOf(prompt), body.host);

  return {
    host,
    bottom: body.bottom,
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
      row.show(text, how === "help");
      retry.hidden = how !== "failed";
      setText(measured, figures ? formatFigures(figures) : "");
      announce(translate(how === "failed" || how === "stopped" ? `announced_${how}` : "announced_done"));
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
