// What this device shows: notices of what was read elsewhere leave the screen, the badge falls, deeds kept while offline are sent.
import { tell } from "./app.js";

const GATHER_MS = 500;                          // a thread that is read tells of itself several times
const { serviceWorker: worker } = navigator;
const hasBadge = "setAppBadge" in navigator;
let timer = 0;

/** Once a page, where the device may ring. */
export async function start() {
  const registration = await worker.ready;
  worker.addEventListener("message", ({ data }) => { if (data?.told) tell(data.told); });
  const flush = () => registration.active?.postMessage({ flush: true });
  const soon = () => { clearTimeout(timer); timer = setTimeout(tidy, GATHER_MS, registration); };
  window.addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") { flush(); soon(); } });
  document.addEventListener("hint", ({ detail }) => detail === "inbox" && soon());
  flush();
  showBadge(countOfPage());
  const shown = await linesShown(registration);
  if (shown.length) await tidy(registration);
  (await import("./push.js")).check();
}

async function linesShown(registration) {
  return (await registration.getNotifications()).filter((one) => one.data?.lines?.length);
}

async function tidy(registration) {
  try {
    const shown = await linesShown(registration);
    if (!shown.length && !hasBadge) return;
    const lines = [...new Set(shown.flatMap((one) => one.data.lines))].slice(-100);
    const answer = await fetch(`/inbox/standing?lines=${lines}`, { cache: "no-store", headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { unread, badge } = await answer.json();
    for (const one of shown) if (one.data.lines.every((line) => lines.includes(line) && !unread.includes(line))) one.close();
    showBadge(badge);
  } catch { /* no network: the next hint, page or push does it */ }
}

// The number stands in the page already: at its start nothing is asked for it.
const countOfPage = () => parseInt(document.querySelector("#bar a[href='/inbox'] .count")?.textContent.replace(/\D/g, "") || "0", 10);

function showBadge(count) {
  if (hasBadge) (count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => { /* not installed */ });
}
