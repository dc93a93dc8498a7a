import { saveDraft } from "../composer/draft.js";
import { element, find } from "../lib/dom.js";
import { translate } from "../lib/messages.js";

/** @typedef {{ show: (id: string, prompt: string) => void, settle: (id: string | null | undefined) => void }} PendingPrompts */

/**
 * Show prompts that the server has not accepted yet at the end of the transcript.
 *
 * When the reader leaves the page before that, the prompts are saved as a draft, before the text in the composer.
 *
 * @param {() => string} conversation
 * @param {() => string} composerText
 * @returns {PendingPrompts}
 */
export function openPendingPrompts(conversation, composerText) {
  const transcript = find(document, ".transcript");
  /** @type {Map<string, { prompt: string, host: HTMLElement }>} */
  const pending = new Map();

  const showWelcome = () => {
    const welcome = transcript.querySelector(".welcome");
    if (welcome instanceof HTMLElement) welcome.hidden = pending.size > 0;
  };

  addEventListener("pagehide", () => {
    const prompts = [...pending.values()].map(({ prompt }) => prompt);
    if (prompts.length) saveDraft(conversation(), [...prompts, composerText()].filter(Boolean).join("\n\n"));
  });

  return {
    show(id, prompt) {
      const text = element("p", { class: "prompt-text", dir: "auto" }, prompt);
      const note = element("p", { class: "answer-note" }, translate("sending"));
      const host = element("article", { class: "sending" }, element("div", { class: "prompt" }, text), note);
      pending.set(id, { prompt, host });
      transcript.append(host);
      showWelcome();
      host.scrollIntoView({ block: "start" });
    },
    settle(id) {
      pending.get(id ?? "")?.host.remove();
      pending.delete(id ?? "");
      showWelcome();
    },
  };
}
