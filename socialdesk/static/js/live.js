// Hints from the desk: one stream a browser, told on to its visible tabs. A hint says what changed; the part refetches itself.

const { person, epoch } = document.documentElement.dataset;
const NAME = `live:${person}:${epoch}`;
const POLL_MS = 20_000;
const RETRY_STREAM_MS = 180_000;
const GATHER_MS = 250;                          // tabs and parts arrive together: one connection for all of them

const parts = new Set();
const tab = crypto.randomUUID?.() ?? String(Math.random());
const wanted = new Map();                       // tab -> the posts it shows; kept by the leader

const heard = new Set();                        // ids of hints: a new stream replays the last minute

let channel = connect();
let candidate = null;                           // an AbortController while this tab leads or waits to lead
let stepDown = null;                            // ends the leadership
let stream = null, poll = 0, first = 0, retry = 0, gather = 0, cursor = "", stopped = false;

/** A part that refetches itself when its topic is told: data-live-post="17", data-live-inbox, data-live-feed, data-live-desk. */
export function bind(element) {
  parts.add(element);
  announce();
  join();
}

function myPosts() {
  for (const part of parts) if (!part.isConnected) parts.delete(part);
  return [...new Set([...parts].map((part) => part.dataset.livePost).filter(Boolean))];
}

function announce() {
  const posts = myPosts();
  if (stepDown) want(tab, posts);
  else channel?.postMessage({ tab, posts });
}

// --- who holds the stream: one visible tab

function join() {
  if (candidate || stopped || document.visibilityState !== "visible") return;
  candidate = new AbortController();
  if (!navigator.locks) return lead();          // without locks each tab has its own
  navigator.locks.request(NAME, { signal: candidate.signal }, lead).catch(() => { /* left before it was our turn */ });
}

function leave() {
  candidate?.abort();
  candidate = null;
  close();
  wanted.clear();
  stepDown?.();
  stepDown = null;
  channel?.postMessage({ tab, posts: null });
  channel?.close();                             // an open channel would keep the page out of the browser's memory
  channel = null;
}

function lead() {
  return new Promise((resolve) => {
    stepDown = resolve;
    channel?.postMessage({ who: true });
    want(tab, myPosts());
  });
}

function want(name, posts) {
  if (posts) wanted.set(name, posts);
  else wanted.delete(name);
  clearTimeout(gather);
  gather = setTimeout(open, GATHER_MS);
}

function connect() {
  const opened = new BroadcastChannel(NAME);
  opened.onmessage = ({ data }) => {
    if (data.hint) tell(data.hint);
    else if (data.who) announce();
    else if (stepDown) want(data.tab, data.posts);
  };
  return opened;
}

// --- the stream, and polling in its place

const allPosts = () => [...new Set([...wanted.values()].flat())].sort((a, b) => a - b).join(",");

function open(again = false) {
  if (!stepDown) return;
  const address = `/live?posts=${allPosts()}`;
  if (!again && (stream?.address === address || poll)) return;
  close();
  stream = new EventSource(address);
  stream.address = address;
  stream.onmessage = ({ data, lastEventId }) => isNew(lastEventId) && hear(JSON.parse(data));
  stream.onerror = ({ target }) => {
    if (target === stream && target.readyState === EventSource.CLOSED) fallBack();
  };
}

function close() {
  stream?.close();
  stream = null;
  clearTimeout(gather);
  clearInterval(poll);
  clearTimeout(first);
  clearTimeout(retry);
  poll = retry = 0;
}

function fallBack() {
  close();
  poll = setInterval(ask, POLL_MS);
  first = setTimeout(ask, 1000);                // not at once: a page that is being left sees its stream end, too
  retry = setTimeout(() => open(true), RETRY_STREAM_MS);
}

async function ask() {
  try {
    const answer = await fetch(`/live/poll?posts=${allPosts()}&since=${cursor}`, { headers: { Accept: "application/json" } });
    if (answer.status === 401) return stop();
    if (!answer.ok) return;
    const { topics = [], cursor: next = "" } = await answer.json();
    cursor = next;
    topics.forEach((topic) => hear({ topic }));
  } catch { /* no network: the next round asks again */ }
}

function stop() {
  stopped = true;
  leave();
}

function isNew(id) {
  if (!id) return true;
  if (heard.has(id)) return false;
  if (heard.size > 500) heard.clear();
  return heard.add(id);
}

function hear({ topic }) {
  if (topic.startsWith("rights")) open(true);
  channel?.postMessage({ hint: topic });
  tell(topic);
}

// --- told: the parts it concerns refetch themselves

function concerns(part, topic) {
  const [kind, id] = topic.split(":");
  if (kind === "rights") return true;
  if (kind === "post") return part.dataset.livePost === id;
  return ["inbox", "feed", "desk"].includes(kind) && part.hasAttribute(`data-live-${kind}`);
}

function tell(topic) {
  document.dispatchEvent(new CustomEvent("hint", { detail: topic }));
  for (const part of parts) {
    if (!part.isConnected) parts.delete(part);
    else if (concerns(part, topic)) refresh(part);
  }
}

// Nothing is taken from under somebody who types in it: the part waits until they leave the box.
function refresh(part) {
  const box = document.activeElement;
  if (box?.matches("input, textarea, select") && part.contains(box)) {
    box.addEventListener("blur", () => refresh(part), { once: true });
  } else {
    part.dispatchEvent(new CustomEvent("live"));
  }
}

// --- a page that nobody sees holds no stream; one that comes back fetches what it missed

let away = false;
function pause() {
  if (away) return;
  away = true;
  leave();
}
function resume() {
  if (!away || document.visibilityState !== "visible") return;
  away = false;
  channel ??= connect();
  join();
  announce();
  parts.forEach(refresh);
}
window.addEventListener("pagehide", pause);
window.addEventListener("pageshow", resume);
document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? pause() : resume()));
