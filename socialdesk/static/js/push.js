// Notices on this device: turning them on, and at each start of the app whether the desk still knows it.
const FORGOTTEN = 409;                          // the desk's answer to an address that its push service no longer knows
const SECONDS = 20;                              // so long a push service may take to answer, and a test to be shown
const CHECKED = "push-checked";
const RINGS = "push-rings";                     // who turned notices on in this browser, and the address it had
const { person, epoch } = document.documentElement.dataset;
const who = `${person}:${epoch}`;

const WORDS = {
  blocked: "Notices are blocked for this site. Open the browser's settings for this site, allow notifications, then press the button again.",
  closed: "The question was closed without an answer, so nothing changed. Press the button again and choose Allow.",
  install: "On an iPhone or iPad, put SocialDesk on the home screen first: Share, then Add to Home Screen. Open it from there and turn this on.",
  missing: "This browser cannot take notices. They still wait in your inbox; another browser, such as Firefox, Chrome or Edge, can ring.",
  unsafe: "Notices need a safe connection (https). Tell the desk that this address has none.",
  private: "This looks like a private window, or the browser refuses to take notices here. Open SocialDesk in a normal window and press again.",
  silent: "The browser's push service does not answer. A firewall may be in the way: try again on another network; your inbox works without it.",
  away: "The desk cannot be reached. Nothing was changed: press again when the network is back.",
  on: "This device rings now.",
  anew: "The push service had forgotten this device. It was signed up anew: press Test once more.",
  moment: "One moment: the browser asks its push service.",
  again: "One moment: this device signs up anew.",
  stuck: "The browser does not let go of the old address of this device. In the browser's settings for this site, reset the permission for notifications, then press the button again.",
  shown: "This device has shown the test. If you do not see it, the system hides it: look at Do not disturb or Focus, and at its settings for this browser's notices.",
  unseen: "The push service took the test, but after 20 seconds this device has shown nothing. Look at battery saving for this browser, at Do not disturb or Focus, and try another network: a firewall may hold it back.",
};

class Fault extends Error {
  constructor(word) { super(WORDS[word] ?? word); }
}

const isApple = /iP(hone|ad|od)/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
const isInstalled = matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;

function whyNot() {
  if (!window.isSecureContext) return "unsafe";
  if (isApple && !isInstalled && !("PushManager" in window)) return "install";
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return "missing";
  return Notification.permission === "denied" ? "blocked" : null;
}

// --- the desk

async function ask(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, { cache: "no-store", ...options, headers: { Accept: "application/json", ...options.headers } });
  } catch {
    throw new Fault("away");
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Fault(said.detail ?? "away"), { status: answer.status });
  return said;
}

const deskKey = async () => (await ask("/me/devices/key")).key;

async function register(subscription, more = {}) {
  const { id } = await ask("/me/devices", { method: "POST", headers: { "Content-Type": "application/json" },
                                            body: JSON.stringify({ ...subscription.toJSON(), label: label(), ...more,
                                                                   key: plain(subscription.options?.applicationServerKey) || undefined }) });
  try {
    if (id) localStorage.setItem(RINGS, JSON.stringify({ person, endpoint: subscription.endpoint }));
    else localStorage.removeItem(RINGS);
  } catch { /* no storage: a lost subscription is not missed */ }
  return id;
}

function remembered() {
  try { return JSON.parse(localStorage.getItem(RINGS)); } catch { return null; }
}

function label() {
  const agent = navigator.userAgent;
  const find = (pairs, otherwise) => (pairs.find(([sign]) => agent.includes(sign)) ?? [null, otherwise])[1];
  const browser = find([["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["FxiOS", "Firefox"], ["CriOS", "Chrome"],
                        ["Chrome/", "Chrome"], ["Safari/", "Safari"]], "Browser");
  const system = find([["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["Mac OS", "Mac"],
                       ["CrOS", "Chromebook"], ["Linux", "Linux"]], "this device");
  return `${browser} on ${system}`;
}

// --- the browser

function within(seconds, promise) {
  let timer;
  const late = new Promise((_, refuse) => { timer = setTimeout(() => refuse(new Fault("silent")), seconds * 1000); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function plain(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer ?? []))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function worker() {
  await navigator.serviceWorker.register("/service-worker.js").catch(() => { throw new Fault("private"); });
  return within(SECONDS, navigator.serviceWorker.ready);
}

async function subscribe(registration, key) {
  const present = await registration.pushManager.getSubscription();
  if (present && plain(present.options?.applicationServerKey) === key) return present;
  if (present) await present.unsubscribe();                     // it was made for a key that the desk no longer has
  try {
    return await within(SECONDS, registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) }));
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (Notification.permission === "denied" && error.name === "NotAllowedError") throw new Fault("blocked");
    throw new Fault(error.name === "AbortError" && !/denied/i.test(error.message) ? "silent" : "private");
  }
}

function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
}

// One at a time, in all tabs: two would unsubscribe what the other has just made.
const signUp = (registration, more) => navigator.locks.request("push", () => enroll(registration, more));

/** Subscribe and tell the desk. An address that the push service has forgotten is let go, and another one made. */
async function enroll(registration, more = {}) {
  const key = await deskKey();
  const old = (await registration.pushManager.getSubscription())?.endpoint ?? remembered()?.endpoint;
  const subscription = await subscribe(registration, key);
  try {
    return { subscription, id: await register(subscription, { old, ...more }) };
  } catch (error) {
    if (error.status !== FORGOTTEN) throw error;
  }
  await within(SECONDS, subscription.unsubscribe()).catch(() => { /* what it left is seen below */ });
  const fresh = await subscribe(registration, key);
  if (fresh.endpoint === subscription.endpoint) throw new Fault("stuck");
  return { subscription: fresh, id: await register(fresh, { ...more, old: subscription.endpoint }) };
}

async function turnOn() {
  const reason = whyNot();
  if (reason) throw new Fault(reason);
  const answer = await Notification.requestPermission();        // first of all: browsers want it right after the press
  if (answer !== "granted") throw new Fault(answer === "denied" ? "blocked" : "closed");
  await signUp(await worker());
}

/** At each start of the app: the desk learns this device's present address; after a change of key, or where the browser has lost
    or the push service has lost its subscription, a new one is made. One that its person turned off elsewhere ends here too. */
export async function check() {
  try {
    if (sessionStorage.getItem(CHECKED) === who || whyNot() || Notification.permission !== "granted") return;
    const registration = await navigator.serviceWorker.getRegistration();
    const present = await registration?.pushManager.getSubscription();
    if (!registration || (!present && remembered()?.person !== person)) return;
    const { id, subscription } = await signUp(registration, { again: true });
    if (!id) await subscription.unsubscribe();
    sessionStorage.setItem(CHECKED, who);
    if (document.querySelector("#devices [data-module~=push]:not([data-here])")) drawAnew();
  } catch { /* without network there is nothing to compare with; the next start asks again */ }
}

// Turned off on the page of this very device: the browser lets its subscription go as well.
document.addEventListener("submit", async ({ target }) => {
  if (!target.matches("[data-push-here] form[action$='/remove']")) return;
  try { localStorage.removeItem(RINGS); } catch { /* nothing was kept */ }
  const registration = await navigator.serviceWorker?.getRegistration();
  (await registration?.pushManager.getSubscription())?.unsubscribe();
});

// --- the list: after a change it is drawn anew, and says then what came of it

let news = "";

function drawAnew(words = news) {
  news = words;
  document.querySelector("#devices")?.dispatchEvent(new Event("devices-changed"));
}

function tellNews(place, words) {
  if (!news || place.dataset.here === undefined) return;
  words.textContent = news;
  news = "";
  if (document.activeElement === document.body) document.querySelector("[data-push-here] form[action$='/test'] button")?.focus();       // what was pressed has gone
}

// A test: the worker says when this device has shown it, now and then sooner than the desk's answer is here.
let shownAt = 0;
let sayShown = () => {};
navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  if (!data?.shown) return;
  shownAt = Date.now();
  sayShown();
});

function awaitTest(words) {
  const late = setTimeout(() => { words.textContent = WORDS.unseen; }, SECONDS * 1000);
  sayShown = () => { clearTimeout(late); words.textContent = WORDS.shown; };
  if (shownAt) sayShown();
}

// While it runs its button says so; the answer draws it anew, and a refusal gives it back.
function testRuns({ detail: { ctx } }, runs) {
  const button = ctx.sourceElement.closest?.("#devices form[action$='/test']")?.querySelector("button");
  if (!button?.isConnected) return;
  if (runs) shownAt = 0;
  button.textContent = runs ? "Testing…" : "Test";
  button.setAttribute("aria-label", button.getAttribute("aria-label").replace(/^Test(ing)?/, runs ? "Testing" : "Test"));
  button.setAttribute("aria-busy", runs);
}
document.addEventListener("htmx:before:request", (event) => testRuns(event, true));
document.addEventListener("htmx:finally:request", (event) => testRuns(event, false));

async function isOn() {
  if (whyNot() || Notification.permission !== "granted") return false;
  const registration = await navigator.serviceWorker.getRegistration();
  return Boolean(await registration?.pushManager.getSubscription());
}

/** place: holds the button [data-push-on] and the words [data-push-words]; data-here where the desk knows this sign-in's device;
    data-push-gone where a test has just shown that this device is forgotten: it signs up anew by itself. */
export async function bind(place) {
  const button = place.querySelector("[data-push-on]");
  const words = place.querySelector("[data-push-words]");
  if (!button) return;
  const reason = whyNot();
  if (reason) words.textContent = WORDS[reason];
  const result = document.querySelector("[data-push-here] [data-push-result]");
  if (result) awaitTest(result);
  tellNews(place, words);
  place.querySelector("[data-push-install]")?.toggleAttribute("hidden", reason !== "install");
  button.addEventListener("click", () => change(button, words, "moment", turnOn, "on"));
  if (place.dataset.pushGone !== undefined && Notification.permission === "granted") await change(button, words, "again", turnOn, "anew");
  button.hidden = (reason !== null && reason !== "blocked") || (place.dataset.here !== undefined && await isOn());
}

let isChanging = false;                         // instead of a disabled button, which would lose the focus
async function change(button, words, before, deed, after) {
  if (isChanging) return;
  isChanging = true;
  words.textContent = WORDS[before];
  button.setAttribute("aria-busy", "true");
  try {
    await deed();
    drawAnew(WORDS[after]);
  } catch (error) {
    words.textContent = error instanceof Fault ? error.message : WORDS.private;
  }
  button.removeAttribute("aria-busy");
  isChanging = false;
}
