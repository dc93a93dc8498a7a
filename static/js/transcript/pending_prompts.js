import { saveDraft } from "../composer/draft.js";
import { element, find } from "../lib/dom.js";
import { word } from "../lib/words.js";

/** @typedef {{ show: (id: string, prompt: string) => void, settle: (id: string | null | undefined) => void }} Pending */

/**
 * Prompts on their way to the server, shown at once where their turns will stand; who leaves meanwhile finds them in
 * the composer again, before what they were typing.
 *
 * @param {() => string} conversation
 * @param {() => string} typed
 * @returns {Pending}
 */
export function openPending(conversation, typed) {
  const transcript = find(document, ".transcript");
  /** @type {Map<string, { prompt: string, host: HTMLElement }>} */
  const sent = new Map();

  const showWelcome = () => {
    const welcome = transcript.querySelector(".welcome");
    if (welcome instanceof HTMLElement) welcome.hidden = sent.size > 0;
  };

  addEventListener("pagehide", () => {
    const prompts = [...sent.values()].map(({ prompt }) => prompt);
    if (prompts.length) saveDraft(conversation(), [...prompts, typed()].filter(Boolean).join("\n\n"));
  });

  return {
    show(id, prompt) {
      const said = element(
        "div",
        { class: "prompt" },
        element("p", { class: "prompt-text", dir: "auto" }, prompt),
      );
      const note = element("p", { class: "answer-note" }, word("sending"));
      const host = element("article", { class: "sending" }, said, note);
      sent.set(id, { prompt, host });
      transcript.append(host);
      showWelcome();
      host.scrollIntoView({ block: "start" });
    },
    settle(id) {
      sent.get(id ?? "")?.host.remove();
      sent.delete(id ?? "");
      showWelcome();
    },
  };
}
