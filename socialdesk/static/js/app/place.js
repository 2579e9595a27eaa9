// The place in a list: the arrow goes back in history where it can, and who comes back finds the cards there were, where they were.

import { root } from "./person.js";

const CARD = "main article[data-card]";
const PLACES = "places", MOST_PLACES = 20, MOST_PAGES = 25, HIDE_MS = 1000;
const back = history.length;                    // how long it was when this page came

// --- the arrow: back where the page before is the one it names, else on along its link

document.addEventListener("click", (event) => {
  const arrow = event.target.closest?.("a[data-back]");
  if (!arrow || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const steps = stepsTo(arrow.pathname);
  if (!steps) return;
  event.preventDefault();
  history.go(-steps);
});

function stepsTo(path) {
  const pathOf = (address) => (address?.startsWith(`${location.origin}/`) ? new URL(address).pathname : null);
  const entries = window.navigation?.entries?.();
  if (!entries) return Number(history.length === back && pathOf(document.referrer) === path);
  const here = navigation.currentEntry.index;
  const before = entries.slice(0, here).findLastIndex(({ url }) => pathOf(url) !== location.pathname);         // steps within this page are passed over
  return before >= 0 && pathOf(entries[before].url) === path ? here - before : 0;
}

// --- the place: for each step of the history how many pages of cards there were, and the first card in sight. No text.

function places() {
  try { return JSON.parse(sessionStorage.getItem(PLACES)) ?? []; } catch { return []; }
}

function note(key) {
  const under = document.querySelector(".top")?.getBoundingClientRect().bottom ?? 0;
  const card = [...document.querySelectorAll(CARD)].find((one) => one.getBoundingClientRect().bottom > under);
  const place = { key, pages: document.querySelectorAll("main [id^=posts-]").length - 1, id: card?.id, top: card?.getBoundingClientRect().top, y: scrollY };
  try {
    sessionStorage.setItem(PLACES, JSON.stringify([...places().filter((one) => one.key !== key), place].slice(-MOST_PLACES)));
  } catch { /* no storage: one begins at the top */ }
}

/** Note where one is in this page's list, and go there again where one comes back to it. */
export function keepPlace() {
  if (!document.querySelector(CARD)) return;
  const { place: key = Date.now().toString(36) + Math.random().toString(36).slice(2), again, ...state } = history.state ?? {};
  history.replaceState({ ...state, place: key }, "");
  const isBack = again || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const kept = isBack && places().find((one) => one.key === key);
  const noteIt = () => kept?.isOnItsWay || note(key);
  window.addEventListener("pagehide", noteIt);
  document.addEventListener("visibilitychange", noteIt);
  if (kept) find(kept);
}

/** The page that is loaded anew now is one that somebody comes back to. */
export function comeBack() {
  history.replaceState({ ...history.state, again: true }, "");
}

async function find(place) {
  const gone = new AbortController();           // who moves already is not moved
  for (const name of ["pointerdown", "wheel", "keydown"]) window.addEventListener(name, () => gone.abort(), { once: true, passive: true, signal: gone.signal });
  const show = () => root.removeAttribute("data-placing");
  place.isOnItsWay = true;
  history.scrollRestoration = "manual";
  if (place.pages > 0) {
    root.dataset.placing = "";                  // nothing is shown that would jump, unless it takes long
    setTimeout(show, HIDE_MS);
    await fill(place);
  }
  if (!gone.signal.aborted) goTo(place);
  gone.abort();
  place.isOnItsWay = false;
  show();
  const rest = () => setTimeout(() => { history.scrollRestoration = "auto"; });
  document.readyState === "complete" ? rest() : window.addEventListener("load", rest, { once: true });
}

// The cards may stand in another order by now: two pages more are looked through for the one that was in sight.
async function fill({ id, pages }) {
  const most = Math.min(pages, MOST_PAGES);
  for (let n = 0; n < most || (n < most + 2 && id && !document.getElementById(id)); n += 1) if (!await more()) return;
}

async function more() {
  const link = document.querySelector(".more > a[hx-get]");
  if (!link) return false;
  try {
    const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
    const cards = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("body > [id^=posts-]");
    if (!cards || !link.isConnected) return false;
    link.closest(".more").replaceWith(document.adoptNode(cards));
    window.htmx?.process(cards);
  } catch { /* no network: the link stays */
    return false;
  }
  return true;
}

function goTo({ id, top, y }) {
  const card = id && document.getElementById(id);
  if (card) scrollBy({ top: card.getBoundingClientRect().top - top, behavior: "instant" });
  else scrollTo({ top: y, behavior: "instant" });
}
