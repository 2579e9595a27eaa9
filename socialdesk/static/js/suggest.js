// What is known while one types: a list that never moves under the finger, is walked by arrow keys, and opens over the text.
// Without this the composer's own button shows the same list, and its links lead to the pages.

import { tell } from "./app.js";

const LEAST_LETTERS = 8;
const KNOWN_MS = 120, ASKED_MS = 500, VOICE_MS = 600;
const PAUSE_MS = 2000;                          // who has done nothing for so long does not reach for what would move
const AWAY_MS = 400;                            // a finger that was lifted may still be about to press
const PLACES = "#suggestions, #others-asked, #known-sheet";
const AWAY = "There is no network, so nothing can be looked up. Your text is kept, and looked up when the network is back.";
const FRAGMENT = { headers: { "HX-Request": "true" } };

/** Show what is known of the text in the box as it is typed. */
export function bind(section) {
  const box = () => document.getElementById("body");
  const sheet = makeSheet(document.getElementById("known-sheet"), box);
  const say = makeVoice(document.getElementById("known-said"));
  const known = makeList(section, "/suggestions", KNOWN_MS, (count) => say({ known: count }), AWAY);
  const asked = makeList(document.getElementById("others-asked"), "/suggestions/asked", ASKED_MS, (count) => say({ asked: count }));
  shrinkInAPause([known, asked]);
  window.addEventListener("online", () => { for (const list of [known, asked]) list.ask(box().value); });

  document.addEventListener("input", ({ target }) => {
    if (target === box()) for (const list of [known, asked]) list.ask(target.value);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-open]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    sheet.open(link);
  });
  document.addEventListener("keydown", (event) => walk(event, box()));
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    if (!ctx.sourceElement.closest?.(PLACES) || ctx.response.status >= 400) return;
    for (const list of [known, asked]) list.stop();
    box().dispatchEvent(new CustomEvent("closed"));
  });
  document.addEventListener("htmx:after:swap", () => {
    const done = section.querySelector("[role=status]:not([data-read])");
    if (!done) return;
    done.dataset.read = "";
    sheet.close();
    asked.clear();
    done.tabIndex = -1;
    done.focus();
    done.scrollIntoView({ block: "nearest" });
  });
  if (box().value.trim() && !section.querySelector("li")) for (const list of [known, asked]) list.ask(box().value);
}

/** What is sent of a text: an address holds no more, and its beginning and its end say what it is about. */
export function cut(text) {
  const signs = [...(text.toWellFormed?.() ?? text)];
  return signs.length <= 600 ? signs.join("") : [...signs.slice(0, 300), " ", ...signs.slice(-300)].join("");
}

// --- a list that keeps its place

function makeList(place, address, wait, say, away = "") {
  const isHeld = holds(place, () => waiting && show(waiting));
  let timer = 0, asking = null, waiting = null;

  function ask(text) {
    stop();
    if (text.trim().length < LEAST_LETTERS && text.trim().split(/\s+/).length < 2) {
      return show(empty(place));
    }
    timer = setTimeout(fetchFor, wait, text);
  }

  async function fetchFor(text) {
    asking = new AbortController();
    try {
      const answer = await fetch(`${address}?body=${encodeURIComponent(cut(text))}`, { ...FRAGMENT, signal: asking.signal });
      const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-ids]");
      if (fresh) show(document.adoptNode(fresh));
    } catch (error) {                           // what stands there belongs to another text, and could not be opened
      if (error.name !== "AbortError") show(empty(place, away));
    }
  }

  function show(fresh) {
    const now = place.firstElementChild;
    waiting = null;
    if (now?.dataset.ids === fresh.dataset.ids && now.textContent.trim() && fresh.textContent.trim()) return renew(now, fresh);
    if (isHeld()) { waiting = fresh; return; }
    settle(fresh, now);
    place.style.minBlockSize = `${Math.max(Math.ceil(place.getBoundingClientRect().height), parseFloat(place.style.minBlockSize) || 0)}px`;
    place.replaceChildren(fresh);
    window.htmx?.process(fresh);
    say(fresh.querySelectorAll("li").length);
  }

  function stop() {
    clearTimeout(timer);
    asking?.abort();
    waiting = null;
  }

  return { ask, stop, isHeld, shrink: () => { place.style.minBlockSize = ""; }, clear: () => place.replaceChildren(empty(place)) };
}

function empty(place, words = "") {
  const nothing = document.createElement("div");
  nothing.id = place.dataset.holds;
  nothing.dataset.ids = "";
  if (words) nothing.append(Object.assign(document.createElement("p"), { className: "muted", textContent: words }));
  return nothing;
}

// The room a longer list had is given back, once nothing was typed, touched or pointed at for a while.
function shrinkInAPause(lists) {
  let timer = 0;
  const begin = () => { clearTimeout(timer); timer = setTimeout(end, PAUSE_MS); };
  const end = () => {
    if (lists.some((list) => list.isHeld()) || document.querySelector("#suggestions ~ :is(:hover, :focus-within)")) return begin();
    for (const list of lists) list.shrink();
  };
  for (const name of ["input", "keydown", "pointerdown", "pointermove", "pointerup", "scroll", "htmx:after:swap"]) {
    document.addEventListener(name, begin, { passive: true, capture: true });
  }
}

// Of the same things only the sentence that fits better changes, in a room that stays as high.
function renew(now, fresh) {
  for (const row of fresh.querySelectorAll("li")) {
    const here = now.querySelector(`#${row.id} small`), there = row.querySelector("small");
    if (here && there && here.textContent !== there.textContent && !here.closest("li").matches(":hover, :focus-within")) here.replaceChildren(...there.childNodes);
  }
}

// What stays in the list stays where it was; what is new takes the places that are free.
function settle(fresh, now) {
  const list = fresh.querySelector("ul");
  if (!list || !now?.dataset.ids) return;
  const rows = [...list.children], slots = new Array(rows.length).fill(null);
  [...now.querySelectorAll("li")].forEach((old, at) => {
    const same = rows.findIndex((row) => row?.id === old.id);
    if (same >= 0 && at < slots.length) [slots[at], rows[same]] = [rows[same], null];
  });
  const others = rows.filter(Boolean);
  list.append(...slots.map((slot) => slot ?? others.shift()));
}

// Held: the focus is in it, a finger is on it, or a pointer was moved onto it (not: it came up under a resting one).
function holds(place, free) {
  let isOn = false, timer = 0;
  const on = () => { clearTimeout(timer); isOn = true; };
  const off = () => { clearTimeout(timer); timer = setTimeout(() => { isOn = false; release(); }, AWAY_MS); };
  const isHeld = () => isOn || place.contains(document.activeElement) || document.getElementById("known-sheet").open;
  const release = () => { if (!isHeld()) free(); };
  place.addEventListener("pointerdown", on);
  place.addEventListener("pointermove", (event) => { if (event.movementX || event.movementY) on(); });
  for (const name of ["pointerleave", "pointercancel"]) place.addEventListener(name, off);
  place.addEventListener("pointerup", (event) => event.pointerType !== "mouse" && off());
  place.addEventListener("focusout", () => setTimeout(release));
  document.getElementById("known-sheet").addEventListener("close", () => setTimeout(release));
  return isHeld;
}

function makeVoice(voice) {
  const counts = { known: 0, asked: 0 };
  let timer = 0, last = 0;
  return (fresh) => {
    Object.assign(counts, fresh);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const all = counts.known + counts.asked;
      voice.textContent = all ? `${inWords(counts)}. Arrow down to read ${all === 1 ? "it" : "them"}.` : last ? "No suggestion any more." : "";
      last = all;
    }, VOICE_MS);
  };
}

function inWords({ known, asked }) {
  return [known && `${known} ${known === 1 ? "suggestion" : "suggestions"}`, asked && `${asked} open ${asked === 1 ? "question" : "questions"} of others`]
    .filter(Boolean).join(", ");
}

// --- by keys: down from the end of the text into the lists, up and Escape back to it

function walk(event, box) {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const links = [...document.querySelectorAll("#suggestions a[data-open], #others-asked a[data-open]")];
  const row = event.target.closest?.("#suggestions li, #others-asked li");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  let next = null;
  if (event.target === box) {
    if (step === 1 && box.selectionStart === box.value.length) next = links[0];
  } else if (row && step) {
    next = links[links.findIndex((link) => row.contains(link)) + step] ?? (step < 0 ? box : null);
  } else if (event.key === "Escape" && event.target.closest?.("#suggestions, #others-asked")) {
    next = box;
  }
  if (!next) return;
  event.preventDefault();
  next.focus();
}

// --- the sheet over the box

function makeSheet(sheet, box) {
  let opened = null;

  async function open(link) {
    let text = null;
    try {
      const answer = await fetch(`/suggestions/${link.dataset.open}`, FRAGMENT);
      text = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#sheet-text");
    } catch {                                   // its page would not come either, and the text would be left behind
      return tell("There is no network, so it cannot be opened now. Your text is kept here: try it when the network is back.", true);
    }
    if (!text) return location.assign(link.href);
    sheet.replaceChildren(document.adoptNode(text));
    window.htmx?.process(text);
    if (!sheet.open) sheet.showModal();
    sheet.querySelector("h2").focus();
    if (opened !== link.dataset.open) tellOpened(opened = link.dataset.open);
  }

  function tellOpened(id) {
    const body = new URLSearchParams({ post_id: id, body: box().value });
    fetch("/suggestions/opened", { ...FRAGMENT, method: "POST", body }).catch(() => { /* it is not counted */ });
  }

  const close = () => sheet.open && sheet.close();
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet || event.target.closest("[data-back]")) close();
    else if (event.target.closest("[form]")) setTimeout(close);            // sent: what it says shows on the page
  });
  sheet.addEventListener("close", () => { if (!document.querySelector("#suggestions [role=status]:focus")) box().focus({ preventScroll: true }); });
  return { open, close };
}
