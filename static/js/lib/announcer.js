/**
 * Say something to a screen reader without moving focus; the region is in the page from the start.
 *
 * @param {string} text
 */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (region && text) region.textContent = text;
}
