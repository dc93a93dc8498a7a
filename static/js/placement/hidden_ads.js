const STORE = "hidden_ads";
const MOST = 100;

/** @returns {string[]} */
function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE) ?? "[]");
    return Array.isArray(kept) ? kept : [];
  } catch {
    // What cannot be read is what nobody hid.
    return [];
  }
}

/**
 * Ads that this reader hid or reported stay away when the page comes again; the oldest are forgotten.
 *
 * @param {string} offer
 */
export const isHidden = (offer) => read().includes(offer);

/** @param {string} offer */
export function saveHiddenAd(offer) {
  try {
    const others = read().filter((each) => each !== offer);
    localStorage.setItem(STORE, JSON.stringify([...others, offer].slice(-MOST)));
  } catch {
    // Where nothing can be kept it is gone from this page at least.
  }
}
