import { element } from "./dom.js";
import { translate } from "./messages.js";

const LONG_TEXT_LENGTH = 1200;

/**
 * A button that expands and collapses a long text; it is hidden for a short one.
 *
 * @param {HTMLElement} text
 * @returns {{ button: HTMLButtonElement, update: () => void }} `update` measures the text again after it changed
 */
export function foldButton(text) {
  const button = element(
    "button",
    { type: "button", class: "button quiet small", hidden: true },
    translate("show_all"),
  );
  button.addEventListener("click", () => {
    const isFolded = text.classList.toggle("folded");
    button.textContent = translate(isFolded ? "show_all" : "show_less");
  });
  return {
    button,
    update() {
      const isLong = (text.textContent?.length ?? 0) > LONG_TEXT_LENGTH;
      if (isLong && button.hidden) text.classList.add("folded");
      button.hidden = !isLong;
    },
  };
}
