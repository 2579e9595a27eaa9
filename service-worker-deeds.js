// Deeds pressed on a notice: written down first, then sent; what cannot be sent now is sent later. Each is told, none is done twice:
// the desk does the same press once. What is kept is the address of the deed and of its thread, no token and no word.

const DEEDS = "deeds";                  // name of the cache and of the sync
const NAME = "SocialDesk";
const SOON_MS = [4_000, 8_000, 12_000]; // a lift, a tunnel: longer than half a minute no browser lets a worker wait
const SAID = {
  away: "Kept. It is sent when you are online again.",
  broken: "Kept. The desk cannot do it just now: it is sent again by itself.",
  signedOut: "Kept. Sign in, then it is done.",
};

addEventListener("sync", (event) => {
  if (event.tag === DEEDS) event.waitUntil(flush().then((left) => { if (left) throw new Error("The desk is still away."); }));
});
addEventListener("message", (event) => { if (event.data?.flush) event.waitUntil(flush({ page: event.source })); });

async function press(deed) {
  const cache = await caches.open(DEEDS);
  await cache.put(`/deeds${deed.path}`, new Response(JSON.stringify(deed)));
  let left = await flush({ pressed: deed.path });
  for (const pause of SOON_MS) {
    if (!left) return;
    await new Promise((then) => setTimeout(then, pause));
    left = await flush();
  }
}

let turn = Promise.resolve();           // one round after the other: two would send the same deed at the same time
function flush(how = {}) {
  const mine = turn.then(() => sendAll(how));
  turn = mine.catch(() => {});
  return mine;
}

/** Send what is kept. page: who asked, and is told there; pressed: the deed of this moment. Is something left? */
async function sendAll({ page, pressed }) {
  const cache = await caches.open(DEEDS);
  let left = false;
  for (const key of await cache.keys()) {
    const deed = await (await cache.match(key)).json();
    const { kept, sentence, badge } = await send(deed.path);
    if (kept) {
      left = true;
      if (deed.path === pressed) await tellKept(deed, kept);
    } else {
      await cache.delete(key);
      setBadge(badge);
      await tellDone(deed, sentence, page);
    }
  }
  // Chromium allows it only while a page of ours is open somewhere; without it the next page or push sends what is left.
  if (left) await registration.sync?.register(DEEDS).catch(() => {});
  return left;
}

async function send(path) {
  try {
    const answer = await fetch(path, { method: "POST", credentials: "same-origin", headers: { Accept: "application/json" } });
    const said = await answer.json().catch(() => ({}));
    const sentence = said.sentence ?? said.detail;
    if (answer.status === 401) return { kept: "signedOut" };
    return answer.status >= 500 || answer.status === 429 || !sentence ? { kept: "broken" } : { sentence, badge: said.badge };
  } catch {
    return { kept: "away" };
  }
}

async function tellKept(deed, why) {
  const { pathname } = new URL(deed.url);
  const url = why === "signedOut" ? `${location.origin}/sign-in?next=${encodeURIComponent(pathname)}` : deed.url;
  await say(deed, SAID[why], url);
  if (why === "signedOut") await open(url).catch(() => { /* the browser waited too long for us: the notice leads there */ });
}

// Where a page asked, it says so itself, and the word that it was kept leaves the screen.
async function tellDone(deed, sentence, page) {
  const asked = page && await clients.get(page.id);
  if (asked?.visibilityState !== "visible") return say(deed, sentence, deed.url);
  asked.postMessage({ told: sentence });
  for (const notice of await registration.getNotifications({ tag: deed.tag })) if (notice.data?.kept) notice.close();
}

const say = (deed, body, url) => registration.showNotification(NAME, { body, tag: deed.tag, icon: ICON, badge: BADGE, silent: true, data: { url, kept: true } });
