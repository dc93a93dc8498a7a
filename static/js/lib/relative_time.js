const ZONE = "Asia/Seoul";
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/**
 * Format a moment relative to now in a language.
 *
 * @param {Date} moment
 * @param {Date} now
 * @param {string} language
 * @returns {string}
 */
export function relative(moment, now, language) {
  const secondsAhead = (moment.getTime() - now.getTime()) / 1000;
  if (secondsAhead < -7 * 86_400) {
    return moment.toLocaleDateString(language, { timeZone: ZONE, month: "short", day: "numeric" });
  }
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  const [unit, size] = UNITS.find(([, each]) => secondsAhead <= -each) ?? ["second", 0];
  return size ? format.format(Math.ceil(secondsAhead / size), unit) : format.format(0, "second");
}

/**
 * Fill the time elements of a part of the page: with relative time, and Korean time as tooltip.
 *
 * @param {HTMLElement} host
 */
export function formatTimes(host) {
  const language = document.documentElement.lang || "ko";
  for (const time of host.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    time.textContent = relative(moment, new Date(), language);
    time.title = moment.toLocaleString(language, { timeZone: ZONE, dateStyle: "long", timeStyle: "short" });
  }
}
