import { find } from "./element.js";
import { showKeys } from "./keys.js";
import { word } from "./words.js";

/**
 * What the palette can do besides opening a conversation.
 *
 * @param {{ fresh: () => void, toggleSidebar: () => void }} actions
 * @returns {import("./palette.js").Command[]}
 */
export function listCommands({ fresh, toggleSidebar }) {
  const deviceLink = document.querySelector("[data-on-device]");
  return [
    { label: word("command_new"), run: fresh },
    ...(deviceLink instanceof HTMLAnchorElement
      ? [{ label: word("command_device"), run: () => location.assign(deviceLink.href) }]
      : []),
    { label: word("command_theme"), run: () => dispatchEvent(new Event("toggle-theme")) },
    {
      label: word("command_language"),
      run: () => find(document, "[data-language-form] button").click(),
    },
    { label: word("command_sidebar"), run: toggleSidebar },
    { label: word("command_keys"), run: showKeys },
  ];
}
