// List beside detail: on a wide screen a row or card opens its thread in the pane, and the address says so. Without this, and on a phone,
// the same link leads to the thread's own page, as a reload does.

import { tell } from "./app.js";
import { PLACES, move } from "./keys.js";

const WIDE = matchMedia("(min-width: 64rem)");
const THREAD = /^\/p\/\d+$/;
const FOLLOW_MS = 180;                          // who runs down a list passes threads by: they are not fetched
const UNREACHABLE = "The desk cannot be reached, so this did not open. Choose it again when the network is back.";

const listTitle = document.title;
let pane, face;                                 // where the thread stands, and what stands there without one
let current = "";                               // the address of the open thread
let chosen = null;                              // the row it was opened from
let wanted = null, timer = 0;                   // the thread that is on its way

/** Open threads of this page's list in a pane; with data-when-open it stands only while one is open. */
export function bind(element) {
  pane = element;
  face = [...pane.childNodes];
  document.addEventListener("click", choose);
  document.addEventListener("keydown", byKey);
  document.addEventListener("reached", ({ target }) => follow(target));
  document.addEventListener("htmx:before:swap", hold);
  document.addEventListener("htmx:after:swap", () => { mark(); giveBack(); });
  window.addEventListener("popstate", travel);
  WIDE.addEventListener("change", () => { if (current && !WIDE.matches) location.reload(); });       // too narrow now: the address leads on
}

const isThread = (link) => link.origin === location.origin && THREAD.test(link.pathname);
const rowOf = (link) => link.closest("main :is(.row, .card)");

function choose(event) {
  if (event.target.closest("[data-leave]")) return leave();
  const link = event.target.closest("main a[href], .pane a[href]");
  if (!link || event.defaultPrevented || !WIDE.matches || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !isThread(link)) return;
  event.preventDefault();
  if (link.hash && link.pathname === current && !link.search) return reach(link.hash);
  chosen = rowOf(link) ?? chosen;
  open(link, { focus: event.detail === 0 });
}

// --- opening: fetched, shown, then said in the address

async function open(link, { focus = false, told = true } = {}) {
  clearTimeout(timer);
  wanted?.abort();
  const asked = wanted = new AbortController();
  pane.setAttribute("aria-busy", "true");
  try {
    const thread = await fetched(link, asked.signal);
    if (thread === undefined) return location.assign(link.href);       // alone it says what is the matter
    show(thread);
    if (told) say(current);
    mark();
    if (link.hash) reach(link.hash);
    else if (focus) pane.querySelector("h2").focus({ preventScroll: true });
  } catch (error) {
    if (error.name === "AbortError") return;
    tell(UNREACHABLE, true);
  }
  if (asked === wanted) pane.removeAttribute("aria-busy");
}

async function fetched(link, signal) {
  const answer = await fetch(link.pathname + link.search, { headers: { "HX-Request": "true", "HX-Current-URL": location.href }, signal });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return answer.ok && page.querySelector("[data-address]") || undefined;
}

function show(thread) {
  current = thread.dataset.address;
  document.title = `${thread.dataset.title} · SocialDesk`;
  inPlace(() => { pane.hidden = false; pane.replaceChildren(document.adoptNode(thread)); });
  pane.scrollTop = 0;
  window.htmx?.process(thread);
}

// The first thread is one step further than the list, the next ones take its place: Back always leads to the list.
function say(address) {
  const here = { ...history.state, beside: address };
  if (history.state?.beside) return history.replaceState(here, "", address);
  history.replaceState({ ...history.state, beside: "" }, "");
  history.scrollRestoration = "manual";           // on the way back the list is wider: its row is put in place by shut()
  history.pushState(here, "", address);
}

/** A change that makes the list wider or narrower leaves the row where the eye is. */
function inPlace(change) {
  const top = () => chosen?.getBoundingClientRect().top;
  const before = top();
  change();
  if (chosen?.isConnected) scrollBy({ top: top() - before, behavior: "instant" });
}

function reach(hash) {
  const place = pane.querySelector(`#${CSS.escape(hash.slice(1))}`);
  (place?.querySelector("textarea") ?? place)?.focus({ preventScroll: true });
  place?.scrollIntoView({ block: "nearest" });
}

// --- the row of the open thread

function mark() {
  const rows = [...document.querySelectorAll(PLACES)].filter((link) => link.pathname === current).map(rowOf);
  const row = rows.find((one) => one === chosen || one.id && one.id === chosen?.id) ?? rows[0];
  for (const old of document.querySelectorAll("main :is(.row, .card)[aria-current]")) if (old !== row) old.removeAttribute("aria-current");
  row?.setAttribute("aria-current", "true");
  chosen = row ?? chosen;
}

// A list that is swapped for its newer self takes the focus with it: whoever walks it by keyboard stands on the same row again.
let held = "";
function hold() {
  held = document.activeElement?.closest("main :is(.row, .card)[id]")?.id ?? "";
}
function giveBack() {
  const link = held && document.activeElement === document.body && document.getElementById(held)?.querySelector(".row-title, .card-title a");
  if (link) link.focus({ preventScroll: true });
}

// --- and back

function leave() {
  if (history.state?.beside) history.back();
}

function travel({ state }) {
  if (!state || state.beside === undefined || state.beside === current) return;
  if (state.beside) open(new URL(state.beside, location), { told: false });
  else shut();
}

function shut() {
  wanted?.abort();
  current = "";
  document.title = listTitle;
  inPlace(() => { pane.replaceChildren(...face); pane.hidden = pane.dataset.whenOpen !== undefined; });
  pane.removeAttribute("aria-busy");
  mark();
  toRow();
  setTimeout(() => { history.scrollRestoration = "auto"; });
}

const toRow = () => chosen?.querySelector(".row-title, .card-title a")?.focus({ preventScroll: true });

// --- by keyboard: the pane follows the row one goes to; Escape leads from the thread to its row, and from there to the list alone

function follow(link) {
  if (!current || !isThread(link)) return;
  chosen = rowOf(link);
  clearTimeout(timer);
  timer = setTimeout(open, FOLLOW_MS, link);
}

function byKey(event) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !WIDE.matches) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && event.target.matches(PLACES)) {
    event.preventDefault();
    move(step);
  } else if (event.key === "Escape" && current && !event.target.closest("dialog, details.menu[open]")) {
    pane.contains(event.target) ? toRow() : leave();
  }
}
