import { find } from "../lib/dom.js";
import { word } from "../lib/words.js";
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
    { label: word("command_new"), run: startNew },
    ...(deviceLink instanceof HTMLAnchorElement
      ? [{ label: word("command_device"), run: () => location.assign(deviceLink.href) }]
      : []),
    { label: word("command_theme"), run: () => dispatchEvent(new Event("toggle-theme")) },
    {
      label: word("command_language"),
      run: () => find(document, "[data-language-form] button").click(),
    },
    { label: word("command_sidebar"), run: toggleSidebar },
    { label: word("command_keys"), run: showShortcuts },
  ];
}
