// Push, badge, click, offline page, static cache. The server puts BUILD, KEY, KEPT, ICON and BADGE in front of it, and behind it
// service-worker-deeds.js: what a press on a button of a notice does.

const STATIC = `static-${BUILD}`;
const SHOWN = "shown";                  // the notices this device has shown, each by its id
const MOST_SHOWN = 200;
const OFFLINE = "/offline";

addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(STATIC);
    await cache.addAll([...KEPT, new Request(OFFLINE, { cache: "reload" })]);
    await skipWaiting();
  })());
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("static-") && name !== STATIC) await caches.delete(name);
    await registration.navigationPreload?.enable();
    await clients.claim();
    await flush();
  })());
});

// --- fetch: pages come from the network, our files from here, a share goes to the composer; nothing else is touched

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method === "POST" && request.mode === "navigate" && url.href === `${location.origin}/ask/shared`) event.respondWith(keepShared(request));
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(page(event));
  else if (url.origin === location.origin && url.pathname.startsWith(`/static/${BUILD}/`)) event.respondWith(file(request));
});

async function page(event) {
  try {
    return (await event.preloadResponse) ?? await fetch(event.request);
  } catch {
    return (await caches.match(OFFLINE)) ?? Response.error();
  }
}

// What a share sheet brings is kept as it came until the composer takes it up; nothing is sent by itself.
async function keepShared(request) {
  const spare = request.clone();
  try {
    const kept = new Response(await request.arrayBuffer(), { headers: { "Content-Type": request.headers.get("Content-Type") } });
    await (await caches.open("shared")).put(`/shared/${Date.now()}`, kept);
    return Response.redirect("/ask?shared=1", 303);
  } catch { return fetch(spare); }                                      // no room: the desk at least takes the words
}

async function file(request) {
  const cache = await caches.open(STATIC);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.status === 200) await cache.put(request, answer.clone());
  return answer;
}

// --- push: always something is shown, and each telling once; what was read elsewhere goes with it, never by a push of its own

addEventListener("push", (event) => event.waitUntil((async () => {
  await show(read(event.data));
  await flush();
})()));

function read(data) {
  let message = {};
  try { message = data.json(); } catch { /* empty or not ours: the words below still say that there is something */ }
  const notice = message.notification ?? {};
  const { id, lines = [], read = [], deeds = {} } = notice.data ?? {};
  return {
    title: notice.title || "SocialDesk", body: notice.body || "There is something new for you.", tag: notice.tag || "socialdesk",
    lang: notice.lang || "en", count: notice.app_badge ?? message.app_badge, read, actions: notice.actions ?? [],
    data: { id, lines, deeds, url: sameOrigin(notice.navigate), ways: Object.fromEntries((notice.actions ?? []).map((one) => [one.action, sameOrigin(one.navigate)])) },
  };
}

function sameOrigin(address) {
  try {
    const url = new URL(address, location.origin);
    return url.origin === location.origin ? url.href : `${location.origin}/inbox`;
  } catch {
    return `${location.origin}/inbox`;
  }
}

let line = Promise.resolve();           // one after the other, so that two of the same id do not pass each other
function show(notice) {
  const turn = line.then(() => showOnce(notice));
  line = turn.catch(() => {});
  return turn;
}

async function showOnce({ title, body, tag, lang, count, read, actions, data }) {
  setBadge(count);
  const again = await wasShown(data.id);
  const standing = again ? await registration.getNotifications({ tag }) : [];
  if (!again || standing.length) {                                      // seen and put away: not a second time
    await registration.showNotification(title, {
      body, tag, lang, data, icon: ICON, badge: BADGE, renotify: !again, silent: again,
      actions: actions.map((one) => ({ action: one.action, title: one.title })) });
    if (!again) await remember(data.id);
  }
  if (read.length) await takeOff((lines) => lines.every((line) => read.includes(line)));
  if (String(data.id).startsWith("test.")) for (const page of await clients.matchAll({ includeUncontrolled: true })) page.postMessage({ shown: true });
}

async function takeOff(which) {
  for (const notice of await registration.getNotifications()) if (notice.data?.lines?.length && which(notice.data.lines)) notice.close();
}

function setBadge(count) {
  const number = Number(count);
  if (!navigator.setAppBadge || !Number.isFinite(number)) return;
  (number > 0 ? navigator.setAppBadge(number) : navigator.clearAppBadge()).catch(() => {});
}

const shownKey = (id) => `/shown/${encodeURIComponent(id)}`;
async function wasShown(id) {
  return id !== undefined && Boolean(await (await caches.open(SHOWN)).match(shownKey(id)));
}

async function remember(id) {
  if (id === undefined) return;
  const cache = await caches.open(SHOWN);
  await cache.put(shownKey(id), new Response(""));
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(0, keys.length - MOST_SHOWN))) await cache.delete(key);
}

// --- click: a deed is done with no window; else the page if it is open, any window of ours, or a new one

addEventListener("notificationclick", (event) => {
  const { action, notification: { tag, data } } = event;
  event.notification.close();
  const path = data?.deeds?.[action];
  event.waitUntil(path ? press({ path, tag, url: data.url }) : open(data?.ways?.[action] ?? data?.url ?? `${location.origin}/inbox`));
});

async function open(url) {
  const [place, box] = url.split("#");
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((one) => one.url.split("#")[0] === place) ?? windows[0];
  if (!there) return clients.openWindow(url);
  try {
    const focused = await there.focus();
    return focused.url.split("#")[0] === place && !box ? focused : await focused.navigate(url);
  } catch {
    return clients.openWindow(url);                                     // a window that is not ours to move
  }
}

// --- the browser has given this device another address: the desk is told

addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil((async () => {
    const subscription = event.newSubscription ?? await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: KEY });
    const key = new Uint8Array(subscription.options?.applicationServerKey ?? []);       // the desk may have another one by now
    const told = { ...subscription.toJSON(), old: event.oldSubscription?.endpoint, again: true,
                   key: btoa(String.fromCharCode(...key)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") || undefined };
    await fetch("/me/devices", { method: "POST", body: JSON.stringify(told), credentials: "same-origin",
                                 headers: { "Content-Type": "application/json", Accept: "application/json" } });
  })());
});
