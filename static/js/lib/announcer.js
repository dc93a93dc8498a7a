/**
 * Let screen readers announce a text through the page's live region, without moving focus.
 *
 * @param {string} text
 */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (region && text) region.textContent = text;
}
