import DOMPurify from "dompurify";
import temml from "temml";

const TAGS =
  "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none".split(
    " ",
  );
const ATTRIBUTES =
  "accent accentunder class columnalign columnspan data-style depth display displaystyle fence form height largeop linethickness lspace mathsize mathvariant maxsize minsize movablelimits notation rowspacing rspace scriptlevel separator stretchy symmetric voffset width".split(
    " ",
  );
/** Styles that a cell or frame may have; colours come from the page, so that they fit both themes. */
const ALLOWED_STYLES = /^(?:padding(?:-\w+)?|border(?:-\w+)?|text-align|font-weight|width|math-depth)$/;
/** Macro definitions, with which a short source expands into millions of characters. */
const DEFINES = /\\(?:[egx]?def|(?:re)?newcommand|providecommand|(?:future)?let|global|long)(?![A-Za-z])/;
const MAX_SOURCE_LENGTH = 6_000;
const MAX_MARKUP_LENGTH = 400_000;
const MAX_CACHED = 400;
const MAX_EXPANSIONS = 400;
/** The largest measure by unit; a larger one would leave a hole in the page. */
const MAX_SIZES = { em: 20, ex: 40, pt: 240, px: 320, "%": 100 };
const MIN_SHARE = -0.1;
const MEASURES = "depth height lspace mathsize maxsize minsize rowspacing rspace voffset width".split(" ");

/** @type {Map<string, DocumentFragment | null>} a growing answer renders the same formulas again and again */
const cache = new Map();

/**
 * @param {string} source LaTeX with its delimiters
 * @param {boolean} isDisplay
 * @returns {DocumentFragment | null} MathML, or null when the formula cannot be typeset
 */
export function typeset(source, isDisplay) {
  const key = `${isDisplay}${source}`;
  let drawn = cache.get(key);
  if (drawn === undefined) {
    drawn = sanitize(texToMathml(stripDelimiters(source), isDisplay));
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(key, drawn);
  }
  return drawn && /** @type {DocumentFragment} */ (drawn.cloneNode(true));
}

/** @param {string} source */
export const stripDelimiters = (source) => {
  const width = source.startsWith("$") && !source.startsWith("$$") ? 1 : 2;
  return source.slice(width, -width);
};

/**
 * @param {string} tex
 * @param {boolean} isDisplay
 * @returns {string} markup that still has to be sanitized; "" for invalid or too long LaTeX
 */
export function texToMathml(tex, isDisplay) {
  if (tex.length > MAX_SOURCE_LENGTH || DEFINES.test(tex)) return "";
  try {
    const markup = temml.renderToString(tex, {
      displayMode: isDisplay,
      throwOnError: true,
      trust: false,
      maxSize: [MAX_SIZES.em, MAX_SIZES.pt],
      maxExpand: MAX_EXPANSIONS,
      wrap: isDisplay ? "none" : "tex",
    });
    return markup.length > MAX_MARKUP_LENGTH ? "" : markup;
  } catch {
    // An unknown command, or braces nested too deep for the stack: the source is shown instead.
    return "";
  }
}

/** @param {string} markup @returns {DocumentFragment | null} */
function sanitize(markup) {
  if (!markup) return null;
  // The content security policy forbids style attributes: they are renamed here and set one by one below.
  const drawn = DOMPurify.sanitize(markup.replaceAll(' style="', ' data-style="'), {
    ALLOWED_TAGS: ["#text", ...TAGS],
    ALLOWED_ATTR: ATTRIBUTES,
    ADD_URI_SAFE_ATTR: ATTRIBUTES,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const part of drawn.querySelectorAll("*")) setStyles(part);
  return drawn.querySelector("math") ? drawn : null;
}

/** @param {Element} part */
function setStyles(part) {
  for (const name of MEASURES) if (!isWithinLimits(part.getAttribute(name) ?? "")) part.removeAttribute(name);
  const styles = part.getAttribute("data-style");
  part.removeAttribute("data-style");
  for (const style of styles?.split(";") ?? []) {
    const [name = "", value = ""] = style.split(":");
    const isFit =
      ALLOWED_STYLES.test(name) && isWithinLimits(value) && (name !== "width" || value.endsWith("%"));
    if (isFit && part instanceof MathMLElement) part.style.setProperty(name, value);
  }
}

/**
 * @param {string} value
 * @returns {boolean} whether every measure is within the limits; the library does not bound negative ones
 */
export const isWithinLimits = (value) =>
  [...value.matchAll(/(-?[\d.]+)(em|ex|pt|px|%)/g)].every(([, size, unit]) => {
    const most = MAX_SIZES[/** @type {keyof typeof MAX_SIZES} */ (unit)];
    return Number(size) <= most && Number(size) >= most * MIN_SHARE;
  });
