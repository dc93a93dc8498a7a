import { announce } from "../lib/announcer.js";
import { copyText } from "../lib/clipboard.js";
import { foldButton } from "../lib/collapsible_text.js";
import { element, iconButton, setText } from "../lib/dom.js";
import { codeWord, seconds, speed, word } from "../lib/words.js";
import { streamText } from "../markdown/streamed_text.js";

/**
 * @typedef {"running" | "done" | "stopped" | "cut" | "failed" | "help"} TurnEnd
 * @typedef {{ perSecond: number, firstWordMs: number }} Figures
 * @typedef {{
 *   host: HTMLElement, bottom: () => number, note: (said: string) => void, show: (text: string) => void,
 *   end: (how: TurnEnd, figures?: Figures, code?: string) => void,
 * }} DeviceTurn
 */

/**
 * One prompt and the answer that this device gives. Nothing of it is told to the server.
 *
 * @param {string} prompt
 * @param {() => void} onRetry
 * @returns {DeviceTurn}
 */
export function deviceTurn(prompt, onRetry) {
  let text = "";
  const note = element("p", { class: "answer-note" }, word("device_reading"));
  const body = element("div", { class: "answer-text prose", translate: "no" });
  const failure = element("p", { class: "notice danger", role: "alert", hidden: true });
  const copy = iconButton(word("copy"), "copy", () => copyText(text, copy));
  const retry = iconButton(word("retry"), "retry", onRetry);
  const label = element("p", { class: "ai-label" }, word("ai_label"));
  const measured = element("p", { class: "ai-label number device-figures" });
  const actions = element("div", { class: "answer-actions", hidden: true }, copy, retry, label, measured);
  const said = element("p", { class: "prompt-text", dir: "auto", translate: "no" }, prompt);
  const folding = foldButton(said);
  folding.fit();
  const copyPrompt = iconButton(word("copy"), "copy", () => copyText(prompt, copyPrompt));
  const promptActions = element("div", { class: "prompt-actions" }, copyPrompt);
  const answer = element("section", { class: "answer", "aria-busy": "true" }, note, body, failure, actions);
  const host = element(
    "article",
    { class: "turn fresh", "data-status": "running" },
    element("div", { class: "prompt" }, said, folding.button, promptActions),
    answer,
  );
  const stream = streamText(body);

  /** @param {TurnEnd} how */
  const noteOf = (how) => {
    if (how === "stopped") return word("turn_stopped");
    if (how === "cut") return word("device_cut");
    if (how === "help") return word("kind.help");
    return how === "done" && !text ? word("device_empty") : "";
  };

  return {
    host,
    bottom: () => (actions.hidden ? body : actions).getBoundingClientRect().bottom,
    note: (words) => setText(note, words),
    show(next) {
      text = next;
      stream.show(text, true);
      body.classList.add("streaming");
      setText(note, "");
    },
    end(how, figures, code = "other") {
      stream.show(text, false);
      body.classList.remove("streaming");
      answer.setAttribute("aria-busy", "false");
      host.dataset.status = how === "help" || how === "cut" ? "done" : how;
      setText(note, noteOf(how));
      note.dataset.kind = how === "help" ? "help" : "";
      failure.hidden = how !== "failed";
      if (how === "failed") setText(failure, codeWord("device_failure", code, "other"));
      actions.hidden = false;
      copy.hidden = !text;
      retry.hidden = how !== "failed";
      // The help lines were written by people.
      label.hidden = !text || how === "help";
      setText(measured, figures ? formatFigures(figures) : "");
      announce(word(how === "failed" ? "said_failed" : how === "stopped" ? "said_stopped" : "said_done"));
    },
  };
}

/** @param {Figures} figures as they were measured on this device */
const formatFigures = ({ perSecond, firstWordMs }) =>
  [
    perSecond > 0 ? word("device_speed", { speed: speed(perSecond) }) : "",
    firstWordMs > 0 ? word("first_token", { time: seconds(firstWordMs) }) : "",
  ]
    .filter(Boolean)
    .join(" · ");
