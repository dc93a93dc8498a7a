const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Record<string, string | number | boolean | undefined>} Attributes */

/**
 * Create an element; strings become text nodes and are never parsed as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(created, name, value);
  created.append(...children);
  return created;
}

/** @param {Element} target @param {string} name @param {string | number | boolean | undefined} value */
export function setAttribute(target, name, value) {
  if (value === undefined || value === false) target.removeAttribute(name);
  else target.setAttribute(name, value === true ? "" : String(value));
}

/** @param {string} name of a symbol in templates/aggregator/_icons.html @returns {SVGSVGElement} */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  drawing.append(use);
  return drawing;
}

/** @param {string} label @param {string} iconName @param {() => void} press @returns {HTMLButtonElement} */
export function iconButton(label, iconName, press) {
  const button = element("button", {
    type: "button",
    class: "icon-button",
    "aria-label": label,
    title: label,
  });
  button.append(icon(iconName));
  button.addEventListener("click", press);
  return button;
}

/**
 * A button with an icon and a word; `ariaLabel`, which contains the word, says more where the word alone is short.
 *
 * @param {string} label
 * @param {string} iconName
 * @param {() => void} press
 * @param {{ ariaLabel?: string }} [options]
 * @returns {HTMLButtonElement}
 */
export function wordButton(label, iconName, press, { ariaLabel } = {}) {
  const button = element("button", {
    type: "button",
    class: "button quiet small action",
    "aria-label": ariaLabel,
  });
  button.append(icon(iconName), element("span", {}, label));
  button.addEventListener("click", press);
  return button;
}

/**
 * Set the text only when it differs, so that an unchanged text causes no layout and keeps the selection.
 *
 * @param {HTMLElement} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** @param {ParentNode} parent @param {string} selector @returns {HTMLElement} */
export function find(parent, selector) {
  const found = parent.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return found;
}
