import { find, setText } from "../lib/dom.js";
import { translate } from "../lib/messages.js";

/**
 * The banner that is shown while the page has no connection to the server.
 *
 * @param {() => boolean} isConnected
 * @returns {{ hide: () => void, showLost: (failures: number) => void }}
 */
export function openConnectionBanner(isConnected) {
  const host = find(document, ".connection");
  /** @param {string} text */
  const show = (text) => {
    host.hidden = !text;
    setText(host, text);
  };
  addEventListener("offline", () => show(translate("offline")));
  addEventListener("online", () => isConnected() && show(""));
  return {
    hide: () => show(""),
    showLost(failures) {
      if (!navigator.onLine) show(translate("offline"));
      // A first failed attempt is usually over before it could be read.
      else if (failures > 1) show(translate("reconnecting"));
    },
  };
}
