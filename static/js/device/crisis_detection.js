const INVISIBLE = /\u034f|[\u00ad\u115f\u1160\u200b-\u200f\u202a-\u202e\u2060-\u2064\u3164\ufeff]/g;
const JAMO = /([\u3131-\u318e]+)/;
const HANGUL = /[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]/;
const MAX_LENGTH = 4_000;

/**
 * Detect explicit mentions of a crisis by the patterns of language/lexicon/outright.toml. The server detects more: it
 * also reverses obfuscation and asks a classifier, neither of which works here without sending the text.
 *
 * @param {string[]} patterns
 * @returns {(text: string) => boolean}
 */
export function compileCrisisPatterns(patterns) {
  const rules = patterns.map((pattern) => new RegExp(pattern, "u"));
  return (text) => {
    const plain = normalize(text.slice(0, MAX_LENGTH));
    return rules.some((rule) => rule.test(plain));
  };
}

/**
 * Normalize width and case and remove invisible characters. Single jamo are left alone, since NFKC would compose them.
 *
 * @param {string} text
 */
const normalize = (text) =>
  text
    .replace(INVISIBLE, "")
    .split(JAMO)
    .map((piece, index) => (index % 2 ? piece : piece.normalize("NFKC")))
    .join("")
    .toLowerCase();

/** @param {string} text @returns {"ko" | "en"} the language of the help lines: Korean for any Hangul */
export const helpLanguageOf = (text) => (HANGUL.test(text) ? "ko" : "en");
