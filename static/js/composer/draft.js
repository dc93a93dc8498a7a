const keyOf = (/** @type {string} */ conversation) => `draft:${conversation || "new"}`;

/**
 * Read the unsent text of a conversation: this tab's own, else the last one that any tab of this browser saved.
 *
 * @param {string} conversation
 * @returns {string}
 */
export function readDraft(conversation) {
  try {
    const key = keyOf(conversation);
    return sessionStorage.getItem(key) ?? localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} conversation @param {string} text */
export function saveDraft(conversation, text) {
  try {
    for (const store of [sessionStorage, localStorage]) {
      if (text) store.setItem(keyOf(conversation), text);
      else store.removeItem(keyOf(conversation));
    }
  } catch {
    // Private windows may refuse storage; the text is still in the field.
  }
}
