const key = (/** @type {string} */ conversation) => `draft:${conversation || "new"}`;

/**
 * What was typed and not sent, kept in this tab over a reload and in this browser over a closed tab.
 *
 * @param {string} conversation
 * @returns {string}
 */
export function readDraft(conversation) {
  try {
    return sessionStorage.getItem(key(conversation)) ?? localStorage.getItem(key(conversation)) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} conversation
 * @param {string} text
 */
export function saveDraft(conversation, text) {
  try {
    for (const store of [sessionStorage, localStorage]) {
      if (text) store.setItem(key(conversation), text);
      else store.removeItem(key(conversation));
    }
  } catch {
    // Private windows may keep nothing; the text is still in the field.
  }
}
