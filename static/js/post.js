/**
 * Send a form to our own server with the page's token.
 *
 * @param {string} url
 * @param {FormData} fields
 * @returns {Promise<boolean>} whether it was done
 */
export async function post(url, fields) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]");
  const value = token instanceof HTMLInputElement ? token.value : "";
  const answer = await fetch(url, { method: "POST", body: fields, headers: { "X-CSRFToken": value } }).catch(
    () => undefined,
  );
  return Boolean(answer?.ok);
}
