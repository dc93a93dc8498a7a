import { announce } from "../lib/announcer.js";
import { icon, iconButton } from "../lib/dom.js";
import { word } from "../lib/words.js";
import { splitUtterances } from "./speech_text.js";

/** @typedef {{ button: HTMLButtonElement, show: (text: string) => void }} Reader */

const voices = "speechSynthesis" in globalThis ? globalThis.speechSynthesis : undefined;
/** @type {(() => void) | null} what ends the one that is read now */
let stopReading = null;

/**
 * A button that reads a text out by the browser's own voices, and stops at the second press; without a voice it is
 * not there.
 *
 * @returns {Reader}
 */
export function readAloud() {
  let text = "";
  let isReading = false;
  const button = iconButton(word("read_aloud"), "aloud", () => (isReading ? stopReading?.() : start()));
  const showButton = () => {
    button.hidden = !text || !voices?.getVoices().length;
  };
  voices?.addEventListener("voiceschanged", showButton);

  /** @param {boolean} next */
  const setReading = (next) => {
    isReading = next;
    button.replaceChildren(icon(next ? "stop" : "aloud"));
    button.title = word(next ? "read_stop" : "read_aloud");
    button.setAttribute("aria-label", button.title);
  };

  const start = () => {
    stopReading?.();
    stopReading = read(
      text,
      () => button.isConnected,
      () => setReading(false),
    );
    setReading(true);
  };

  return {
    button,
    show(next) {
      // Another text has taken the place of the one that is read.
      if (isReading && next !== text) stopReading?.();
      text = next;
      showButton();
    },
  };
}

/**
 * @param {string} text
 * @param {() => boolean} isWanted
 * @param {() => void} ended
 * @returns {() => void} stops it
 */
function read(text, isWanted, ended) {
  const names = { code: word("spoken_code"), formula: word("spoken_formula"), lang: pageLanguage() };
  const parts = splitUtterances(text, names);
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    stopReading = null;
    voices?.cancel();
    ended();
  };
  /** @param {number} place */
  const say = (place) => {
    const part = parts[place];
    if (isOver) return;
    if (!part || !isWanted()) {
      end();
      return;
    }
    const utterance = new SpeechSynthesisUtterance(part.text);
    utterance.lang = part.lang === "ko" ? "ko-KR" : "en-US";
    utterance.voice = voices?.getVoices().find((each) => each.lang.startsWith(part.lang)) ?? null;
    utterance.addEventListener("end", () => say(place + 1));
    utterance.addEventListener("error", () => {
      if (!isOver) announce(word("read_failed"));
      end();
    });
    voices?.speak(utterance);
  };
  voices?.cancel();
  say(0);
  return end;
}

const pageLanguage = () => (document.documentElement.lang.startsWith("en") ? "en" : "ko");

// A voice would go on in the next page.
globalThis.addEventListener?.("pagehide", () => stopReading?.());
