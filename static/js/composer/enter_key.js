/**
 * Enter sends a prompt once, also while an input method composes text.
 *
 * In Korean, Enter comes while a Hangul syllable is still being composed and there is no candidate list: the key means
 * "send", so the send waits until the syllable is complete. In Japanese or Chinese the same key accepts an entry of the
 * candidate list and sends nothing. Some systems report the key a second time after the syllable; that event is dropped.
 */

const HANGUL_AT_END = /[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]$/;
const INPUT_METHOD_KEY_CODE = 229;
const SAME_KEY_MS = 150;
const SAFARI_LATE_MS = 10;

/** @param {HTMLTextAreaElement} field @param {() => void} send */
export function sendOnEnter(field, send) {
  let isSendDue = false;
  let sentAt = Number.NEGATIVE_INFINITY;

  const sendNow = () => {
    isSendDue = false;
    sentAt = performance.now();
    send();
  };
  const isRepeat = () => isSendDue || performance.now() - sentAt < SAME_KEY_MS;
  const composition = trackComposition(field, () => {
    // The field gets its final text in the same task; the send follows it.
    if (isSendDue) setTimeout(sendNow);
  });

  field.addEventListener("beforeinput", (event) => {
    const isBreak = event.inputType === "insertLineBreak" || event.inputType === "insertParagraph";
    if (isBreak && isRepeat()) event.preventDefault();
  });
  field.addEventListener("keydown", (event) => {
    if (!isPlainEnter(event)) return;
    const decision = isRepeat() ? "drop" : composition.decide(event);
    if (decision === "wait") isSendDue = true;
    if (decision === "drop" || decision === "send") event.preventDefault();
    if (decision === "send") sendNow();
  });
}

/** @param {KeyboardEvent} event */
function isPlainEnter(event) {
  const isEnter = event.key === "Enter" || event.code === "Enter" || event.code === "NumpadEnter";
  return isEnter && !(event.shiftKey || event.ctrlKey || event.altKey || event.metaKey);
}

/**
 * Follow what an input method composes, and decide what an Enter means to it.
 *
 * @param {HTMLTextAreaElement} field
 * @param {() => void} onEnd
 * @returns {{ decide: (event: KeyboardEvent) => "send" | "wait" | "accept" }} "wait" sends when the composition ends;
 *     "accept" leaves the key to the input method
 */
function trackComposition(field, onEnd) {
  let composed = "";
  let isComposing = false;
  let endedAt = Number.NEGATIVE_INFINITY;

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
    endedAt = performance.now();
    onEnd();
  });
  return {
    decide(event) {
      const isHangul = HANGUL_AT_END.test(composed);
      if (isComposing || event.isComposing) return isHangul ? "wait" : "accept";
      // Safari ends the composition first and reports its Enter afterwards.
      const isLate = event.keyCode === INPUT_METHOD_KEY_CODE || performance.now() - endedAt < SAFARI_LATE_MS;
      return isLate && composed && !isHangul ? "accept" : "send";
    },
  };
}
