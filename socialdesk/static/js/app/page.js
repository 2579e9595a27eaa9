// The page: what it needs at once is bound here, on what stands and on all that arrives later. The rest is loaded at first use.
// assets.py joins the files of this folder into js/app.js, so what is loaded later stands one folder up.

import { restoreDraft } from "./drafts.js";
import { mindNotice } from "./notices.js";
import { root, who } from "./person.js";
import { comeBack, keepPlace } from "./place.js";
import { release } from "./sending.js";
import { tellTimes } from "./times.js";

// --- seen: a page that stood before somebody's eyes for a second

function markSeen(element) {
  const id = element.dataset.seen;
  let timer = 0;
  const watch = () => {
    clearTimeout(timer);
    if (document.visibilityState === "visible") timer = setTimeout(send, 1000);
  };
  const send = () => {
    document.removeEventListener("visibilitychange", watch);
    fetch(`/p/${encodeURIComponent(id)}/seen`, { method: "POST", keepalive: true, headers: { "HX-Request": "true" } }).then(tellInbox, () => {});
  };
  const tellInbox = () => document.querySelector("[data-live-inbox]")?.dispatchEvent(new CustomEvent("live"));       // where the thread stands beside it
  document.addEventListener("visibilitychange", watch);
  watch();
}

// --- binding: on the page, and on all that arrives later
const bound = new WeakMap();                    // element -> what was bound to it

function each(part, selector, bind) {
  const found = [...part.querySelectorAll(selector)];
  if (part.matches?.(selector)) found.unshift(part);
  for (const element of found) {
    const done = bound.get(element) ?? new Set();
    if (done.has(bind)) continue;
    bound.set(element, done.add(bind));
    bind(element);
  }
}

// What is loaded later waits until the page stands; data-late: until it has stood a while, as what nobody presses at once;
// data-media: until the screen is such a one.
const LATE_MS = 2000;
const stands = new Promise((then) => (document.readyState === "complete" ? then() : window.addEventListener("load", then, { once: true })));
const hasStood = stands.then(() => new Promise((then) => setTimeout(then, LATE_MS)));

function fits(media) {
  const screen = matchMedia(media ?? "all");
  return screen.matches || new Promise((then) => screen.addEventListener("change", then, { once: true }));
}

async function load(element) {
  await Promise.all([element.dataset.late === undefined ? stands : hasStood, fits(element.dataset.media)]);
  for (const name of element.dataset.module.match(/[a-z-]+/g) ?? []) {
    try {
      (await import(`./${name}.js`)).bind(element);
    } catch (error) {
      console.warn(`The part ${name} could not be loaded.`, error);           // the page works without it
    }
  }
}

// By rows, not by style: htmx carries a style over to the element that takes its place, which the policy bars.
function grow(box) {
  const least = box.rows;
  const fit = () => {
    box.rows = least;
    while (box.scrollHeight > box.clientHeight && box.rows < 40) box.rows += 1;
  };
  box.addEventListener("input", fit);
  if (box.value) fit();
}

function showFiles(input) {
  input.addEventListener("change", () => {
    const label = input.closest(".file");
    const names = [...input.files].map((file) => file.name).join(", ");
    if (names) Object.assign(label.dataset, { files: input.files.length });
    else delete label.dataset.files;
    label.title = names;
  });
}

// A box that scrolls sideways must be reachable by keyboard.
function reachable(box) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

function bindAll(part) {
  if (part.nodeType !== Node.ELEMENT_NODE && part !== document) return;
  tellTimes(part);
  each(part, ".notice", mindNotice);
  if (who) each(part, "[data-keep]", restoreDraft);
  each(part, "[data-seen]", markSeen);
  each(part, "[data-module]", load);
  each(part, ".file > input[type=file]", showFiles);
  each(part, ".prose pre, .prose table, .table", reachable);
  if (!CSS.supports("field-sizing", "content")) each(part, "textarea", grow);
  if (who) each(part, "[data-live-post], [data-live-inbox], [data-live-feed], [data-live-desk]", live);
}

const live = (element) => stands.then(() => import("./live.js")).then((module) => module.bind(element), () => { /* pages stand still, and work */ });

bindAll(document);
keepPlace();
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) bindAll(node);
}).observe(document.body, { childList: true, subtree: true });

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  if (event.target.closest("[data-again]")) { event.preventDefault(); location.reload(); }
});
const isTyping = (place) => place.closest?.("input, textarea, select, [contenteditable], dialog");
document.addEventListener("keydown", (event) => {
  if ("jkrn/?".includes(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing && !isTyping(event.target)) {
    if (event.key === "r") event.preventDefault();        // the letter is not for the box it leads to
    import("./keys.js").then((keys) => keys.press(event.key), () => { /* without them one goes by Tab */ });
  }
  const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

// --- back again: a page from the browser's memory is shown only to the person it was drawn for

window.addEventListener("pageshow", async (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("form[aria-busy]").forEach(release);
  tellTimes();
  if (!who) return;
  try {
    const answer = await fetch("/me/epoch", { cache: "no-store", headers: { "HX-Request": "true" } });
    if (answer.status === 401 || (answer.ok && (await answer.text()).trim() !== who)) location.reload();
  } catch { /* no network: what is shown is what there is */ }
});

// The list of an open thread is asked for, where this page was reloaded since and is the thread alone.
window.addEventListener("popstate", ({ state }) => {
  if (state?.beside === undefined || document.querySelector(".pane")) return;
  comeBack();
  location.reload();
});

/** The browser's offer to put the desk on the home screen: kept until somebody wants it. */
export const offer = { event: null };
window.addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  offer.event = event;
  document.dispatchEvent(new Event("can-install"));
});

navigator.serviceWorker?.register("/service-worker.js").catch(() => { /* private window, or switched off: the desk works without */ });
// A device that may ring: what it shows is held against the inbox, and the desk hears where it is reached now.
if (!who) try { sessionStorage.removeItem("push-checked"); } catch { /* no storage, nothing kept */ }
else if (window.Notification?.permission === "granted") import("./device.js").then((device) => device.start(), () => {});
