import { element } from "../lib/dom.js";

/** @type {typeof import("./typeset.js").typeset | undefined} */
let typeset;
/** @type {Promise<void> | undefined} */
let loading;

/**
 * Typeset the formulas of a rendered text; the library is loaded with the first formula. A formula that cannot be
 * typeset stays as source text.
 *
 * @param {ParentNode} text
 */
export function drawFormulas(text) {
  const formulas = text.querySelectorAll(".formula");
  if (formulas.length === 0) return;
  loading ??= load().catch(() => undefined);
  if (typeset) for (const formula of formulas) draw(formula);
  else loading.then(() => formulas.forEach(draw));
}

async function load() {
  const [library] = await Promise.all([import("./typeset.js"), loadStyles()]);
  typeset = library.typeset;
  document.addEventListener("copy", copyFormulaSources);
}

/** @returns {Promise<void>} */
function loadStyles() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = document.querySelector("[data-formula-styles]")?.getAttribute("data-formula-styles") ?? "";
  return new Promise((resolve, reject) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", reject);
    document.head.append(link);
  });
}

/** @param {Element} formula */
function draw(formula) {
  if (!(formula instanceof HTMLElement) || formula.dataset.source || formula.matches(".open")) return;
  const source = formula.textContent ?? "";
  const drawn = typeset?.(source, formula.matches(".display"));
  if (!drawn) return;
  formula.dataset.source = source;
  formula.replaceChildren(drawn);
}

/**
 * Return the text of a rendered element with formulas as their source.
 *
 * @param {Element} text
 */
export function sourceOf(text) {
  if (!text.querySelector("[data-source]")) return text.textContent ?? "";
  const copy = /** @type {Element} */ (text.cloneNode(true));
  for (const formula of copy.querySelectorAll("[data-source]")) {
    formula.replaceChildren(formula.getAttribute("data-source") ?? "");
  }
  return copy.textContent ?? "";
}

/**
 * Copy formulas as their source: the text of a typeset fraction would be two numbers in a row.
 *
 * @param {ClipboardEvent} event
 */
function copyFormulaSources(event) {
  const selection = getSelection();
  const chosen = element("div", { class: "visually-hidden" });
  for (let index = 0; index < (selection?.rangeCount ?? 0); index += 1) {
    chosen.append(selection?.getRangeAt(index).cloneContents() ?? "");
  }
  const formulas = chosen.querySelectorAll("[data-source]");
  if (formulas.length === 0 || !event.clipboardData) return;
  for (const formula of formulas) formula.replaceChildren(formula.getAttribute("data-source") ?? "");
  document.body.append(chosen);
  // biome-ignore lint/performance/useDomNodeTextContent: innerText keeps the line breaks
  event.clipboardData.setData("text/plain", chosen.innerText);
  event.clipboardData.setData("text/html", chosen.innerHTML);
  chosen.remove();
  event.preventDefault();
}
