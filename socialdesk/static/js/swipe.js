// A card goes along with the thumb; let go past 96 px, it does the deed of that side. The deed is a button of the card, pressed by other means.

import { tell } from "./app.js";

const ACT_PX = 96;
const START_PX = 10;
const EDGE_PX = 24;                             // there the system listens: back, and the next app
const UNDO_SECONDS = 6;
const HOLD_SECONDS = 8;                         // how long the desk waits before it tells: the undo, and its way there
const YEAR_SECONDS = 31_536_000;
const LEFT_ALONE = "input, textarea, select, option, summary, [contenteditable], dialog, pre, table, .chips.line";
const DEEDS = {                                 // each before and after it is done: the word under the card, the sentence in the notice
  "me-too": { sign: "hand", words: ["Me too", "Take it back"], said: ["You have this as well.", "You no longer have this."] },
  like: { sign: "heart", words: ["Like", "Take it back"], said: ["You like this.", "You no longer like this."] },
  save: { sign: "bookmark", words: ["Save", "Save no longer"], said: ["Saved for later.", "No longer saved."] },
  follow: { sign: "bell", words: ["Follow", "Follow no longer"], said: ["You follow this.", "You no longer follow this."] },
};
const OFFLINE = "No network, so nothing was done. Swipe again when it is back.";
const SILENT = "The desk did not answer, so this may not be done. Swipe again when the network is back.";
const FAILED = "The desk could not do that just now, so nothing was done. Wait a moment, then swipe again.";

let hand = null;                                // the finger that is down, and what it holds
let quiet = null;                               // the card whose next click is only the end of a swipe
let listens = false;

/** Bind a list of cards (data-right, data-left: its deeds), or the hint that tells of it. */
export function bind(element) {
  if (element.dataset.hint !== undefined) {
    element.querySelector("button").addEventListener("click", () => { learned(); element.remove(); });
    return;
  }
  element.closest("main")?.classList.add("swipes");
  if (listens) return;
  listens = true;
  for (const [name, listener] of [["pointerdown", begin], ["pointermove", move], ["pointerup", letGo], ["pointercancel", giveUp]]) {
    document.addEventListener(name, listener, { passive: true });
  }
  document.addEventListener("click", swallow, { capture: true });
  visualViewport?.addEventListener("resize", () => document.documentElement.classList.toggle("zoomed", isZoomed()));
}

const isZoomed = () => visualViewport?.scale > 1.01;          // then a thumb moves the page to every side
const learned = () => { document.cookie = `swipe-hint=seen; path=/; max-age=${YEAR_SECONDS}; samesite=lax`; };     // a cookie, so that the desk leaves the hint out and no card moves

// --- the finger

function begin(event) {
  quiet = null;
  if (hand) return giveUp();                    // a second finger
  if (event.pointerType !== "touch" || !event.isPrimary || isZoomed()) return;
  if (event.clientX < EDGE_PX || event.clientX > innerWidth - EDGE_PX || event.target.closest(LEFT_ALONE)) return;
  const card = event.target.closest("[data-right] [data-card]");
  if (card) hand = { card, id: event.pointerId, x: event.clientX, y: event.clientY, by: 0, moves: false };
}

function move(event) {
  if (event.pointerId !== hand?.id) return;
  const [dx, dy] = [event.clientX - hand.x, Math.abs(event.clientY - hand.y)];
  if (hand.moves) return dy > Math.abs(dx) ? giveUp() : show(dx);
  if (Math.max(Math.abs(dx), dy) < START_PX) return;
  if (Math.abs(dx) < 1.5 * dy || isSelected(hand.card)) hand = null;         // the page scrolls, or words are marked
  else take(dx);
}

function isSelected(card) {
  const marked = getSelection();
  return marked.type === "Range" && marked.containsNode(card, true);
}

function take(dx) {
  const { card, id } = hand;
  const under = document.createElement("div");
  under.setAttribute("aria-hidden", "true");
  Object.assign(under.style, { top: `${card.offsetTop}px`, left: `${card.offsetLeft}px`, width: `${card.offsetWidth}px`, height: `${card.offsetHeight}px` });
  const list = card.closest("[data-right]");
  const forward = getComputedStyle(list).direction === "rtl" ? -1 : 1;         // there the page is read, and swiped, the other way
  Object.assign(hand, { under, forward, slots: { right: slot(card, list.dataset.right), left: slot(card, list.dataset.left) }, moves: true });
  card.classList.remove("settling");
  card.before(under);
  card.setPointerCapture(id);
  show(dx);
}

/** The form a side stands for, and whether its deed is done already; null: that side does nothing. */
function slot(card, name) {
  const form = formOf(card, name) ?? (name === "me-too" ? formOf(card, name = "like") : null);
  return form && DEEDS[name] ? { name, isDone: Number(form.querySelector("button").getAttribute("aria-pressed") === "true") } : null;
}

const formOf = (card, name) => card.querySelector(`form[data-deed="${CSS.escape(name)}"]`);

function show(dx) {
  const { card, under, slots } = hand;
  const side = dx * hand.forward > 0 ? "right" : "left";
  if (hand.side !== side) label(under, card, slots[hand.side = side]);
  hand.by = slots[side] ? dx : 0;
  under.className = `swipe-under ${side}${Math.abs(hand.by) > ACT_PX ? " armed" : ""}`;
  card.style.transform = hand.by ? `translateX(${hand.by}px)` : "";
}

function label(under, card, what) {
  if (!what) return under.replaceChildren();
  const { sign, words } = DEEDS[what.name];
  const icon = card.querySelector("svg.icon").cloneNode(true);
  const use = icon.querySelector("use");
  icon.classList.remove("s");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${sign}`));
  under.replaceChildren(icon, words[what.isDone]);
}

function letGo(event) {
  if (event.pointerId !== hand?.id) return;
  const { card, moves, by, side, slots } = hand;
  if (moves) quiet = card;
  giveUp();
  if (moves && Math.abs(by) > ACT_PX) act(card, slots[side]);
}

function giveUp() {
  if (hand?.moves) settle(hand);
  hand = null;
}

/** Home again; what lies under it goes when it has arrived. */
async function settle({ card, under }) {
  card.classList.add("settling");
  card.style.transform = "";
  await new Promise(requestAnimationFrame);     // first the deed shows, in the same frame
  await Promise.allSettled(card.getAnimations().map((one) => one.finished));
  under.remove();
  if (!hand?.moves || hand.card !== card) card.classList.remove("settling");
}

function swallow(event) {
  if (quiet?.contains(event.target)) { event.preventDefault(); event.stopImmediatePropagation(); }
  quiet = null;
}

// --- the deed

async function act(card, { name, isDone }) {
  if (!navigator.onLine) return tell(OFFLINE, true);
  const form = formOf(card, name);
  if (!form || form.classList.contains("htmx-request")) return;
  const { said } = DEEDS[name];
  const address = form.getAttribute("action");
  const wrong = await send(card, name, address, HOLD_SECONDS);
  if (wrong) return tell(wrong, true);
  learned();
  offerUndo(said[isDone], () => undo(card.id, card, name, address.endsWith("/remove") ? address.slice(0, -7) : `${address}/remove`));
}

function offerUndo(sentence, undoes) {
  tell(sentence);
  const notice = document.querySelector("#notices .notice");
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "button", textContent: "Undo" });
  button.addEventListener("click", () => { notice.remove(); undoes(); });
  notice.dataset.leaves = UNDO_SECONDS;
  notice.querySelector("p").after(button);
}

async function undo(id, card, name, address) {
  const wrong = await send(document.getElementById(id) ?? card, name, address, 0);
  tell(wrong || "Undone.", Boolean(wrong));
}

/** Send a deed of a card as its own button would, shown as done from the start.  Returns what went wrong, in words, or "". */
async function send(card, name, address, hold) {
  const form = formOf(card, name);
  const body = new URLSearchParams(form ? new FormData(form) : {});
  if (hold) body.set("hold", hold);
  press(form, !address.endsWith("/remove"), true);
  let wrong = SILENT;
  try {
    const answer = await fetch(address, { method: "POST", body, keepalive: true, headers: { "HX-Request": "true", "HX-Current-URL": location.href }, signal: AbortSignal.timeout(30_000) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const to = answer.headers.get("HX-Redirect");
    if (to) location.assign(to);
    wrong = answer.ok ? "" : answer.status < 500 && page.querySelector(".notice p")?.textContent || FAILED;
    if (answer.ok) return replace(form, page.body.firstElementChild);
  } catch (error) {
    console.info("A swipe was not answered.", error);
  }
  press(form, address.endsWith("/remove"), false);
  return wrong;
}

function press(form, isDone, isBusy) {
  form?.querySelector("button").setAttribute("aria-pressed", isDone);
  form?.classList.toggle("htmx-request", isBusy);              // its button waits meanwhile
}

function replace(form, fresh) {
  form?.replaceWith(...(fresh ? [fresh] : []));
  if (fresh) window.htmx?.process(fresh);
  return "";
}
