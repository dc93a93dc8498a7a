import { announce } from "../lib/announcer.js";
import { element, icon, wordButton } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
import { splitUtterances } from "../markdown/speech_text.js";

/** @typedef {{ button: HTMLButtonElement, show: (text: string) => void }} Reader */

const voices = "speechSynthesis" in globalThis ? globalThis.speechSynthesis : undefined;
/** @type {Set<WeakRef<() => void>>} of the buttons on the page, which come and go with their turns */
const buttons = new Set();
voices?.addEventListener("voiceschanged", () => {
  for (const each of buttons)
    if (each.deref()) each.deref()?.();
    else buttons.delete(each);
});
/** @type {(() => void) | null} stops the text that is being read */
let stopReading = null;

/**
 * A button that reads a text with the browser's speech synthesis and stops at the second press; it is hidden while
 * there is no voice.
 *
 * @returns {Reader}
 */
export function readAloud() {
  let text = "";
  let isReading = false;
  const button = wordButton(translate("read_aloud"), "aloud", () => (isReading ? stopReading?.() : start()));
  const showButton = () => {
    button.hidden = !text || !voices?.getVoices().length;
  };
  buttons.add(new WeakRef(showButton));

  /** @param {boolean} next */
  const setReading = (next) => {
    isReading = next;
    button.classList.toggle("speaking", next);
    const words = element("span", {}, translate(next ? "read_stop" : "read_aloud"));
    button.replaceChildren(icon(next ? "stop" : "aloud"), words);
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
      // The text that is being read was replaced.
      if (isReading && next !== text) stopReading?.();
      text = next;
      showButton();
    },
  };
}

/**
 * @param {string} text
 * @param {() => boolean} isWanted asked before each part
 * @param {() => void} onEnd
 * @returns {() => void} stops the reading
 */
function read(text, isWanted, onEnd) {
  const names = {
    code: translate("spoken_code"),
    formula: translate("spoken_formula"),
    lang: pageLanguage(),
  };
  const parts = splitUtterances(text, names);
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    stopReading = null;
    voices?.cancel();
    onEnd();
  };
  /** @param {number} index */
  const speak = (index) => {
    const part = parts[index];
    if (isOver) return;
    if (!part || !isWanted()) {
      end();
      return;
    }
    const utterance = new SpeechSynthesisUtterance(part.text);
    utterance.lang = part.lang === "ko" ? "ko-KR" : "en-US";
    utterance.voice = voices?.getVoices().find((each) => each.lang.startsWith(part.lang)) ?? null;
    utterance.addEventListener("end", () => speak(index + 1));
    utterance.addEventListener("error", () => {
      if (!isOver) announce(translate("read_failed"));
      end();
    });
    voices?.speak(utterance);
  };
  voices?.cancel();
  speak(0);
  return end;
}

const pageLanguage = () => (document.documentElement.lang.startsWith("en") ? "en" : "ko");

// Browsers continue to speak on the next page.
globalThis.addEventListener?.("pagehide", () => stopReading?.());
