// Times: the page says when, the reader's clock says how long ago.

import { root } from "./person.js";

const lang = navigator.language.startsWith(root.lang) ? navigator.language : root.lang || "en";       // the words of the page, the clock of the region
const ago = new Intl.RelativeTimeFormat(lang, { numeric: "auto", style: "short" });
const clock = new Intl.DateTimeFormat(lang, { hour: "numeric", minute: "2-digit" });
const date = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short" });
const dateOfYear = new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", year: "numeric" });
const weekday = new Intl.DateTimeFormat(lang, { weekday: "long" });
const whole = new Intl.DateTimeFormat(lang, { dateStyle: "full", timeStyle: "short" });

function daysSince(moment) {
  const midnight = (when) => new Date(when).setHours(0, 0, 0, 0);
  return Math.round((midnight(Date.now()) - midnight(moment)) / 86_400_000);
}

const sayDate = (moment) => (moment.getFullYear() === new Date().getFullYear() ? date : dateOfYear).format(moment);

function sayAgo(moment) {
  const seconds = (Date.now() - moment) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3570) return ago.format(-Math.round(seconds / 60), "minute");
  const days = daysSince(moment);
  if (days < 1 || seconds < 6 * 3600) return ago.format(-Math.round(seconds / 3600), "hour");
  return days < 7 ? ago.format(-days, "day") : sayDate(moment);
}

function sayDay(moment) {
  const days = daysSince(moment);
  if (days >= 2) return days < 7 ? weekday.format(moment) : sayDate(moment);
  return ago.format(-days, "day");
}

const asTitle = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** Say the times of a part as its reader would. */
export function tellTimes(part = document) {
  for (const time of part.querySelectorAll("time[data-ago], time[data-clock], time[data-day], time[data-within]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(+moment)) continue;
    const { ago: relative, clock: ofDay, day } = time.dataset;
    const words = relative !== undefined ? sayAgo(moment) : ofDay !== undefined ? clock.format(moment) : day !== undefined ? asTitle(sayDay(moment)) : sayDay(moment);
    if (time.textContent !== words) time.textContent = words;
    if (!time.title) time.title = whole.format(moment);
  }
}
setInterval(tellTimes, 60_000);
