/**
 * Send a form to our own server with the page's token.
 *
 * @param {string} url
 * @param {FormData} fields
 * @returns {Promise<Response | undefined>} what the server says; nothing when it was not reached
 */
export async function postFor(url, fields) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  const value = token instanceof HTMLInputElement ? token.value : "";
  const headers = { "X-CSRFToken": value };
  return fetch(url, { method: "POST", body: fields, headers }).catch(() => undefined);
}

/**
 * @param {string} url
 * @param {FormData} fields
 * @returns {Promise<boolean>} whether it was done
 */
export async function post(url, fields) {
  const answer = await postFor(url, fields);
  return Boolean(answer?.ok);
}
