// On the home screen: one card after the first ticket, by the browser's own offer or by a page with the steps; "Not now" is remembered.
import { offer, tell } from "./app.js";

const KEPT = "install";
const REST_MS = 30 * 86_400_000;
const MOST_ASKED = 3;
const OFFER_MS = 3000;                          // a browser that can install says so within this time

const agent = navigator.userAgent;
const isApple = /iP(hone|ad|od)/.test(agent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
const isAndroid = /Android/.test(agent);
const isDesk = !isApple && !isAndroid && matchMedia("(hover: hover)").matches;
const isInstalled = matchMedia("(display-mode: standalone), (display-mode: minimal-ui)").matches || navigator.standalone === true;

function read() {
  try { return JSON.parse(localStorage.getItem(KEPT)) ?? {}; } catch { return {}; }
}

function keep(what) {
  try { localStorage.setItem(KEPT, JSON.stringify({ ...read(), ...what })); } catch { /* it asks again, at most once a page */ }
}

function mayAsk() {
  const { done, times = 0, at = 0 } = read();
  return !done && times < MOST_ASKED && Date.now() - at > REST_MS;
}

window.addEventListener("appinstalled", () => keep({ done: true }));

/** place: the card #install-card, or the page with the steps (data-guide). */
export function bind(place) {
  if (isInstalled) keep({ done: true });
  for (const button of place.querySelectorAll("[data-install-now]")) button.addEventListener("click", () => install(place));
  if (place.dataset.guide !== undefined) guide(place);
  else if (!isInstalled && mayAsk()) card(place);
}

function card(place) {
  place.querySelector("[data-install-later]").addEventListener("click", () => later(place));
  const show = () => {
    const now = place.querySelector("[data-install-now]"), how = place.querySelector("[data-install-how]");
    now.hidden = !offer.event;
    how.hidden = Boolean(offer.event);
    how.hash = isApple ? "iphone" : "android";
    makeRoom(place);
    if (isDesk) [now.textContent, place.querySelector("h2").textContent] = ["Install it here", "Keep it at hand"];
    place.hidden = false;
  };
  if (offer.event || isApple) show();
  else if (isAndroid) setTimeout(show, OFFER_MS);
  document.addEventListener("can-install", show, { once: true });
}

/** Below what is being read, so that nothing moves under anybody's eyes. */
function makeRoom(place) {
  const below = [...document.querySelectorAll("main [data-card]")].find((card) => card.getBoundingClientRect().top > innerHeight);
  if (below) below.before(place);
  else place.closest("main").append(place);
}

function later(place) {
  keep({ times: (read().times ?? 0) + 1, at: Date.now() });
  place.remove();
  tell("Not now, then. The way there stays under Me.");
}

async function install(place) {
  const event = offer.event;
  offer.event = null;                           // an offer works once
  if (!event) return;
  const { outcome } = await event.prompt();
  if (outcome === "accepted") keep({ done: true });
  if (place.dataset.guide === undefined) outcome === "accepted" ? place.remove() : later(place);
}

function guide(place) {
  place.querySelector("[data-installed]").hidden = !isInstalled;
  const mine = place.querySelector(isApple ? "#iphone" : isAndroid ? "#android" : "#computer");
  if (!location.hash && place.dataset.guide !== mine.id) place.querySelector("[data-ways]").prepend(mine);     // an iPad that says it is a Mac
  const show = () => mine.querySelectorAll("[data-install-now]").forEach((button) => { button.hidden = !offer.event; });
  document.addEventListener("can-install", show);
  show();
}
