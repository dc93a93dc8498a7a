/**
 * Post a form to this site with the page's CSRF token.
 *
 * @param {string} url
 * @param {FormData} fields
 * @returns {Promise<Response | undefined>} undefined when the server was not reached
 */
export async function postForm(url, fields) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  const value = token instanceof HTMLInputElement ? token.value : "";
  const headers = { "X-CSRFToken": value };
  return fetch(url, { method: "POST", body: fields, headers }).catch(() => undefined);
}
