import DOMPurify from "dompurify";
import temml from "temml";

const TAGS =
  "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none".split(
    " ",
  );
const ATTRIBUTES =
  "accent accentunder class columnalign columnspan data-look depth display displaystyle fence form height largeop linethickness lspace mathsize mathvariant maxsize minsize movablelimits notation rowspacing rspace scriptlevel separator stretchy symmetric voffset width".split(
    " ",
  );
/** What may be said of a cell or a frame; colours are the page's own, so that both themes can show them. */
const ALLOWED_STYLES = /^(?:padding(?:-\w+)?|border(?:-\w+)?|text-align|font-weight|width|math-depth)$/;
/** With commands of their own, few letters make millions. */
const DEFINES = /\\(?:[egx]?def|(?:re)?newcommand|providecommand|(?:future)?let|global|long)(?![A-Za-z])/;
const MAX_SOURCE_LENGTH = 6_000;
const MAX_DRAWN_LENGTH = 400_000;
const MAX_CACHED = 400;
const MAX_EXPANSIONS = 400;
/** By unit: more is no formula but a hole in the page. */
const MAX_SIZES = { em: 20, ex: 40, pt: 240, px: 320, "%": 100 };
const LEAST_SHARE = -0.1;
const MEASURES = "depth height lspace mathsize maxsize minsize rowspacing rspace voffset width".split(" ");

/** @type {Map<string, DocumentFragment | null>} a growing answer draws its formulas again with each of its words */
const kept = new Map();

/**
 * @param {string} source LaTeX between its marks
 * @param {boolean} isDisplay
 * @returns {DocumentFragment | null} the formula as MathML, or null when it cannot be drawn
 */
export function typeset(source, isDisplay) {
  const key = `${isDisplay}${source}`;
  let drawn = kept.get(key);
  if (drawn === undefined) {
    drawn = sanitize(texToMathml(stripDelimiters(source), isDisplay));
    if (kept.size >= MAX_CACHED) kept.clear();
    kept.set(key, drawn);
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
 * @returns {string} markup that still has to be sanitised; "" when the LaTeX is wrong, or larger than formulas are
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
    return markup.length > MAX_DRAWN_LENGTH ? "" : markup;
  } catch {
    // Whatever stops the library, a wrong command or braces too deep for the stack: the source says it.
    return "";
  }
}

/** @param {string} markup @returns {DocumentFragment | null} */
function sanitize(markup) {
  if (!markup) return null;
  // Styles in markup are against the page's policy: they travel under another name and are set one by one.
  const drawn = DOMPurify.sanitize(markup.replaceAll(' style="', ' data-look="'), {
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
  const looks = part.getAttribute("data-look");
  part.removeAttribute("data-look");
  for (const look of looks?.split(";") ?? []) {
    const [name = "", value = ""] = look.split(":");
    const isFit =
      ALLOWED_STYLES.test(name) && isWithinLimits(value) && (name !== "width" || value.endsWith("%"));
    if (isFit && part instanceof MathMLElement) part.style.setProperty(name, value);
  }
}

/**
 * @param {string} value
 * @returns {boolean} whether every measure in it is one that formulas need; the library bounds no negative ones
 */
export const isWithinLimits = (value) =>
  [...value.matchAll(/(-?[\d.]+)(em|ex|pt|px|%)/g)].every(([, size, unit]) => {
    const most = MAX_SIZES[/** @type {keyof typeof MAX_SIZES} */ (unit)];
    return Number(size) <= most && Number(size) >= most * LEAST_SHARE;
  });
