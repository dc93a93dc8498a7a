import { find, setText } from "../lib/dom.js";
import { word } from "../lib/words.js";

/**
 * The line that says when the page has lost the server.
 *
 * @param {() => boolean} isConnected
 * @returns {{ show: (said: string) => void, showLost: (failures: number) => void }}
 */
export function openConnectionBanner(isConnected) {
  const host = find(document, ".connection");
  /** @param {string} said */
  const show = (said) => {
    host.hidden = !said;
    setText(host, said);
  };
  addEventListener("offline", () => show(word("offline")));
  addEventListener("online", () => isConnected() && show(""));
  return {
    show,
    showLost(failures) {
      if (!navigator.onLine) show(word("offline"));
      // One lost try is a blink; a second one is worth a word.
      else if (failures > 1) show(word("reconnecting"));
    },
  };
}
