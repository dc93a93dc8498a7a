const INVISIBLE = /\u034f|[\u00ad\u115f\u1160\u200b-\u200f\u202a-\u202e\u2060-\u2064\u3164\ufeff]/g;
const JAMO = /([\u3131-\u318e]+)/;
const READ_LETTERS = 4_000;

/**
 * Hears a crisis that is told in so many words, by the patterns of language/lexicon/outright.toml. The server's ear is
 * finer: it also takes disguises off and asks a classifier; neither can be had here without sending the text away.
 *
 * @param {string[]} patterns
 * @returns {(text: string) => boolean}
 */
export function compileCrisisPatterns(patterns) {
  const rules = patterns.map((pattern) => new RegExp(pattern, "u"));
  return (text) => {
    const plain = fold(text.slice(0, READ_LETTERS));
    return rules.some((rule) => rule.test(plain));
  };
}

/**
 * One width and one case, without marks that nobody can see. Single jamo stay as they are: folded, they would fuse.
 *
 * @param {string} text
 */
const fold = (text) =>
  text
    .replace(INVISIBLE, "")
    .split(JAMO)
    .map((piece, place) => (place % 2 ? piece : piece.normalize("NFKC")))
    .join("")
    .toLowerCase();

/** @param {string} text @returns {"ko" | "en"} the language to help in */
export const languageOf = (text) => (/[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]/.test(text) ? "ko" : "en");
