/**
 * Fetch a page of this site as a document.
 *
 * @param {string} address
 * @returns {Promise<Document | undefined>} undefined when the server was not reached or refused
 */
export async function fetchPage(address) {
  try {
    const response = await fetch(address);
    return response.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : undefined;
  } catch {
    return undefined;
  }
}
