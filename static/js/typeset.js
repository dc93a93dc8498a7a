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
const LOOKS = /^(?:padding(?:-\w+)?|border(?:-\w+)?|text-align|font-weight|width|math-depth)$/;
/** With commands of their own, few letters make millions. */
const DEFINES = /\\(?:[egx]?def|(?:re)?newcommand|providecommand|(?:future)?let|global|long)(?![A-Za-z])/;
const LONGEST = 6_000;
const LONGEST_DRAWN = 400_000;
const MOST_KEPT = 400;
const MOST_EXPANSIONS = 400;
/** By unit: more is no formula but a hole in the page. */
const MOST = { em: 20, ex: 40, pt: 240, px: 320, "%": 100 };
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
    drawn = sanitize(texToMathml(withoutMarks(source), isDisplay));
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(key, drawn);
  }
  return drawn && /** @type {DocumentFragment} */ (drawn.cloneNode(true));
}

/** @param {string} source */
export const withoutMarks = (source) => {
  const width = source.startsWith("$") && !source.startsWith("$$") ? 1 : 2;
  return source.slice(width, -width);
};

/**
 * @param {string} tex
 * @param {boolean} isDisplay
 * @returns {string} markup that still has to be sanitised; "" when the LaTeX is wrong, or larger than formulas are
 */
export function texToMathml(tex, isDisplay) {
  if (tex.length > LONGEST || DEFINES.test(tex)) return "";
  try {
    const markup = temml.renderToString(tex, {
      displayMode: isDisplay,
      throwOnError: true,
      trust: false,
      maxSize: [MOST.em, MOST.pt],
      maxExpand: MOST_EXPANSIONS,
      wrap: isDisplay ? "none" : "tex",
    });
    return markup.length > LONGEST_DRAWN ? "" : markup;
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
  for (const part of drawn.querySelectorAll("*")) setLook(part);
  return drawn.querySelector("math") ? drawn : null;
}

/** @param {Element} part */
function setLook(part) {
  for (const name of MEASURES) if (!isModest(part.getAttribute(name) ?? "")) part.removeAttribute(name);
  const looks = part.getAttribute("data-look");
  part.removeAttribute("data-look");
  for (const look of looks?.split(";") ?? []) {
    const [name = "", value = ""] = look.split(":");
    const isFit = LOOKS.test(name) && isModest(value) && (name !== "width" || value.endsWith("%"));
    if (isFit && part instanceof MathMLElement) part.style.setProperty(name, value);
  }
}

/**
 * @param {string} value
 * @returns {boolean} whether every measure in it is one that formulas need; the library bounds no negative ones
 */
export const isModest = (value) =>
  [...value.matchAll(/(-?[\d.]+)(em|ex|pt|px|%)/g)].every(([, size, unit]) => {
    const most = MOST[/** @type {keyof typeof MOST} */ (unit)];
    return Number(size) <= most && Number(size) >= most * LEAST_SHARE;
  });
