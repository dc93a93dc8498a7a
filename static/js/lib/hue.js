const HUES = 12;

/**
 * The bucket of a model's own quiet hue; CSS knows the colour of each.
 *
 * @param {string} slug
 * @returns {number}
 */
export function hueOf(slug) {
  let hash = 2166136261;
  for (const character of slug) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  return (hash >>> 0) % HUES;
}
