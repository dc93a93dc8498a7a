import { element } from "./dom.js";
import { word } from "./words.js";

const FOLDED = 1200;

/**
 * A button that unfolds a long text and folds it again; it is not there for a short one.
 *
 * @param {HTMLElement} text
 * @returns {{ button: HTMLButtonElement, fit: () => void }} `fit` looks again after the text has changed
 */
export function foldButton(text) {
  const button = element(
    "button",
    { type: "button", class: "button quiet small", hidden: true },
    word("show_all"),
  );
  button.addEventListener("click", () => {
    const isFolded = text.classList.toggle("folded");
    button.textContent = word(isFolded ? "show_all" : "show_less");
  });
  return {
    button,
    fit() {
      const isLong = (text.textContent?.length ?? 0) > FOLDED;
      if (isLong && button.hidden) text.classList.add("folded");
      button.hidden = !isLong;
    },
  };
}
