// What every page needs at once: true times, notices, kept drafts, one send per press. The rest is loaded at first use.

const root = document.documentElement;
const who = root.dataset.person ? `${root.dataset.person}:${root.dataset.epoch}` : "";
const DRAFT_DAYS = 14;
const NOTICE_SECONDS = 8;

// --- times: the page says when, the reader's clock says how long ago

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
  const words = ago.format(-days, "day");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function tellTimes(part = document) {
  for (const time of part.querySelectorAll("time[data-ago], time[data-clock], time[data-day]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(+moment)) continue;
    const { ago: relative, clock: ofDay } = time.dataset;
    const words = relative !== undefined ? sayAgo(moment) : ofDay !== undefined ? clock.format(moment) : sayDay(moment);
    if (time.textContent !== words) time.textContent = words;
    if (!time.title) time.title = whole.format(moment);
  }
}
setInterval(tellTimes, 60_000);

// --- notices: what is good leaves by itself, unless somebody is reading or reaching for it; what went wrong stays

const notices = document.getElementById("notices");
const alerts = document.getElementById("alerts");

/** Tell the reader something. wrong: it stays until it is closed or something goes well. */
export function tell(sentence, wrong = false) {
  const notice = document.createElement("div");
  notice.className = wrong ? "notice wrong-deed" : "notice";
  const words = document.createElement("p");
  words.textContent = sentence;
  const close = document.createElement("button");
  Object.assign(close, { type: "button", className: "button", textContent: "Close" });
  close.dataset.close = "";
  notice.append(words, close);
  if (wrong) notice.dataset.bad = "";
  (wrong ? alerts : notices).replaceChildren(notice);
}

function mindNotice(notice) {
  notice.querySelector("[data-close]")?.removeAttribute("hidden");
  if (notice.dataset.bad !== undefined) {
    if (notice.parentNode !== alerts) alerts.replaceChildren(notice);
    return;
  }
  alerts.replaceChildren();
  const seconds = Number(notice.dataset.leaves) || NOTICE_SECONDS;
  let timer = 0;
  const wait = () => { clearTimeout(timer); timer = setTimeout(() => notice.remove(), seconds * 1000); };
  const stay = () => clearTimeout(timer);
  const goOn = () => { if (!notice.matches(":hover, :focus-within")) wait(); };
  for (const name of ["pointerenter", "focusin"]) notice.addEventListener(name, stay);
  for (const name of ["pointerleave", "focusout"]) notice.addEventListener(name, () => setTimeout(goOn));
  wait();
}
document.addEventListener("click", (event) => event.target.closest("[data-close]")?.closest(".notice")?.remove());

// --- drafts: what is typed stays on this device, under its person's name, until it has been sent

const draftKey = (place) => `keep:${who}:${place}`;
const storage = {                               // it may be full or forbidden: the page works without
  read(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  write(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { return; } },
  drop(key) { try { localStorage.removeItem(key); } catch { return; } },
  keys() { try { return Object.keys(localStorage); } catch { return []; } },
};

function dropDrafts(which) {
  for (const key of storage.keys()) if (key.startsWith("keep:") && which(key)) storage.drop(key);
}

function keepDraft(field) {
  const text = field.value;
  if (text.trim()) storage.write(draftKey(field.dataset.keep), { text, at: Date.now() });
  else storage.drop(draftKey(field.dataset.keep));
}

function restoreDraft(field) {
  const draft = storage.read(draftKey(field.dataset.keep));
  if (!draft || (field.value && !(draft.at > Number(field.dataset.keptAt)))) return;      // the desk's copy, unless this one is newer
  field.value = draft.text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function clearSent(form) {
  for (const field of form.elements) if (field.dataset.keep) storage.drop(draftKey(field.dataset.keep));
}

// A plain form leaves the page: its drafts go once the next page is not a refusal.
function clearSentBefore() {
  let places = [];
  try { places = JSON.parse(sessionStorage.getItem("sent")) ?? []; sessionStorage.removeItem("sent"); } catch { /* as if nothing was sent */ }
  if (root.dataset.refused !== undefined || document.querySelector("[aria-invalid=true]") || !who) return;
  for (const place of places) storage.drop(draftKey(place));
}

function noteSent(form) {
  const places = [...form.elements].map((field) => field.dataset.keep).filter(Boolean);
  try { if (places.length) sessionStorage.setItem("sent", JSON.stringify(places)); } catch { /* the draft stays, which is safe */ }
}

// The same person after a new password keeps what they typed; another person finds nothing.
function adoptDrafts() {
  for (const key of storage.keys()) {
    const [kind, person, epoch, ...place] = key.split(":");
    if (kind !== "keep" || person !== root.dataset.person || epoch === root.dataset.epoch) continue;
    storage.write(draftKey(place.join(":")), storage.read(key));
  }
}

if (who) {
  const tooOld = (key) => (storage.read(key)?.at ?? 0) < Date.now() - DRAFT_DAYS * 86_400_000;
  adoptDrafts();
  dropDrafts((key) => !key.startsWith(`keep:${who}:`) || tooOld(key));
  clearSentBefore();
  document.addEventListener("input", ({ target }) => { if (target.dataset?.keep) keepDraft(target); });
}

// --- sending: once per press; nothing typed is lost when it fails

const sending = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (sending.has(form) || form.classList.contains("htmx-request")) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, { capture: true });

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.matches("[data-sign-out]")) { dropDrafts(() => true); window.caches?.delete("shared"); }
  else noteSent(form);
  sending.add(form);
  form.setAttribute("aria-busy", "true");
  setTimeout(() => release(form), 10_000);      // a page that never came: let them press again, the key makes it one
});

function release(form) {
  sending.delete(form);
  form.removeAttribute("aria-busy");
}

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  const form = ctx.request?.form ?? ctx.sourceElement.closest?.("form");
  if (!form || ctx.sourceElement.matches?.("[data-look]") || ctx.request?.method === "GET" || ctx.response.status >= 400) return;       // data-look: only looked at, not sent
  clearSent(form);
  alerts.replaceChildren();
});

const isQuiet = (ctx) => ctx.request?.method === "GET";         // a refetch in the background, a suggestion: the next one will do
const FAILED = "The desk could not do that just now. What you typed is still here: wait a moment, then send it once more.";
const UNREACHABLE = "The desk cannot be reached. What you typed is still here: send it again when the network is back.";
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => ctx.response.status >= 500 && !isQuiet(ctx) && tell(FAILED, true));
document.addEventListener("htmx:error", ({ detail: { ctx } }) => ctx && !ctx.response && !isQuiet(ctx) && tell(UNREACHABLE, true));
// Cards that did not come: the link stays, and says what to do
function offerAgain({ detail: { ctx } }) {
  const words = ctx?.sourceElement?.dataset?.failed;
  if (words && !(ctx.response?.status < 500)) ctx.sourceElement.textContent = words;
}
document.addEventListener("htmx:response:error", offerAgain);
document.addEventListener("htmx:error", offerAgain);

window.addEventListener("offline", () => tell("No network. What you type stays here until it is back.", true));
window.addEventListener("online", () => { if (alerts.firstChild) tell("The network is back."); alerts.replaceChildren(); });

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
    fetch(`/p/${encodeURIComponent(id)}/seen`, { method: "POST", keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {});
  };
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

async function load(element) {
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

const live = (element) => import("./live.js").then((module) => module.bind(element), () => { /* pages stand still, and work */ });

bindAll(document);
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) bindAll(node);
}).observe(document.body, { childList: true, subtree: true });

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  if (event.target.closest("[data-again]")) { event.preventDefault(); location.reload(); }
});
const isTyping = (place) => place.closest?.("input, textarea, select, [contenteditable], dialog");
document.addEventListener("keydown", (event) => {
  if ("jkn/?".includes(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing && !isTyping(event.target)) {
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

/** The browser's offer to put the desk on the home screen: kept until somebody wants it. */
export const offer = { event: null };
window.addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  offer.event = event;
  document.dispatchEvent(new Event("can-install"));
});

navigator.serviceWorker?.register("/service-worker.js").catch(() => { /* private window, or switched off: the desk works without */ });
// A device that may ring: at the start of the app the desk hears where it is reached now.
if (!who) try { sessionStorage.removeItem("push-checked"); } catch { /* no storage, nothing kept */ }
else if (window.Notification?.permission === "granted") import("./push.js").then((push) => push.check(), () => {});
