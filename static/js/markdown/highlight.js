import DOMPurify from "dompurify";
import library from "highlight.js/lib/common";

const MAX_CODE_LENGTH = 40_000;

/**
 * @param {string} code
 * @param {string} language
 * @returns {DocumentFragment | null} null when the language is unknown or the code too long
 */
export function highlight(code, language) {
  if (code.length > MAX_CODE_LENGTH || !library.getLanguage(language)) return null;
  const { value } = library.highlight(code, { language, ignoreIllegals: true });
  return DOMPurify.sanitize(value, {
    ALLOWED_TAGS: ["span"],
    ALLOWED_ATTR: ["class"],
    RETURN_DOM_FRAGMENT: true,
  });
}
