const HUES = 12;

/**
 * Choose a model's hue by the FNV-1a hash of its slug; model_hues.css holds the colours.
 *
 * @param {string} slug
 * @returns {number}
 */
export function hueOf(slug) {
  let hash = 2166136261;
  for (const character of slug) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  return (hash >>> 0) % HUES;
}
