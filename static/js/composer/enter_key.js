/**
 * Enter sends once, whatever an input method makes of the key.
 *
 * A Hangul syllable is still being composed when Enter comes, and there is no list to choose from: the key means
 * "send", so the send waits for the syllable to be whole. In Japanese or Chinese the same key accepts a choice from
 * the list, and sends nothing. Some systems report the key a second time after the syllable: that one is dropped.
 */

const HANGUL_AT_END = /[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]$/;
const KEY_OF_INPUT_METHOD = 229;
const SAME_KEY_MS = 150;

/**
 * @param {HTMLTextAreaElement} field
 * @param {() => void} send
 */
export function sendOnEnter(field, send) {
  let composed = "";
  let isComposing = false;
  let isSendDue = false;
  let sentAt = Number.NEGATIVE_INFINITY;
  let composedAt = Number.NEGATIVE_INFINITY;

  const sendNow = () => {
    isSendDue = false;
    sentAt = performance.now();
    send();
  };
  const isEcho = () => isSendDue || performance.now() - sentAt < SAME_KEY_MS;

  field.addEventListener("compositionstart", () => {
    isComposing = true;
    composed = "";
  });
  field.addEventListener("compositionupdate", (event) => {
    composed = event.data;
  });
  field.addEventListener("compositionend", (event) => {
    isComposing = false;
    composed = event.data || composed;
    composedAt = performance.now();
    // The field gets its final text in the same task; the send follows it.
    if (isSendDue) setTimeout(sendNow);
  });
  field.addEventListener("beforeinput", (event) => {
    const isBreak = event.inputType === "insertLineBreak" || event.inputType === "insertParagraph";
    if (isBreak && isEcho()) event.preventDefault();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.code !== "Enter" && event.code !== "NumpadEnter") return;
    if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    if (isEcho()) {
      event.preventDefault();
      return;
    }
    if (isComposing || event.isComposing) {
      if (HANGUL_AT_END.test(composed)) isSendDue = true;
      return;
    }
    // Safari ends the composition first and reports its Enter afterwards.
    const isLate = event.keyCode === KEY_OF_INPUT_METHOD || performance.now() - composedAt < 10;
    if (isLate && composed && !HANGUL_AT_END.test(composed)) return;
    event.preventDefault();
    sendNow();
  });
}
