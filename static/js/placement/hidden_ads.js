const STORAGE_KEY = "hidden_ads";
const MAX_HIDDEN = 100;

/** @returns {string[]} */
function read() {
  try {
    const stored = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "[]");
    return Array.isArray(stored) ? stored : [];
  } catch {
    // Stored values that cannot be read are ignored.
    return [];
  }
}

/**
 * Ads that the reader hid or reported stay hidden after a reload; only the latest are remembered.
 *
 * @param {string} offer
 */
export const isHidden = (offer) => read().includes(offer);

/** @param {string} offer */
export function saveHiddenAd(offer) {
  try {
    const others = read().filter((each) => each !== offer);
    localStorage.setItem(STORAGE_KEY, JSON.stringify([...others, offer].slice(-MAX_HIDDEN)));
  } catch {
    // Without storage the ad is still hidden on this page.
  }
}
