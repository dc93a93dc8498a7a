import { find } from "../lib/dom.js";
import { translate } from "../lib/messages.js";
import { showShortcuts } from "./shortcuts.js";

/**
 * List the commands of the palette, which also opens conversations.
 *
 * @param {{ startNew: () => void, toggleSidebar: () => void }} actions
 * @returns {import("./command_palette.js").Command[]}
 */
export function listCommands({ startNew, toggleSidebar }) {
  const deviceLink = document.querySelector("[data-on-device]");
  return [
    { label: translate("command_new"), run: startNew },
    ...(deviceLink instanceof HTMLAnchorElement
      ? [{ label: translate("command_device"), run: () => location.assign(deviceLink.href) }]
      : []),
    { label: translate("command_theme"), run: () => dispatchEvent(new Event("toggle-theme")) },
    {
      label: translate("command_language"),
      run: () => find(document, "[data-language-form] button:not([aria-pressed=true])").click(),
    },
    { label: translate("command_sidebar"), run: toggleSidebar },
    { label: translate("command_keys"), run: showShortcuts },
  ];
}
