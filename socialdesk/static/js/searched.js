// What I looked for: on this device alone, under my name, gone with the drafts when I sign out.

const root = document.documentElement;
const KEY = `keep:${root.dataset.person}:${root.dataset.epoch}:searched`;
const MOST = 8;

function read() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY))?.texts;
    return Array.isArray(found) ? found.filter((text) => typeof text === "string") : [];
  } catch { return []; }
}

function write(texts) {
  try {
    if (texts.length) localStorage.setItem(KEY, JSON.stringify({ texts, at: Date.now() }));
    else localStorage.removeItem(KEY);
  } catch { /* it may be full or forbidden: the page works without */ }
}

function chip(text) {
  const link = document.createElement("a");
  Object.assign(link, { className: "chip", href: `/search?q=${encodeURIComponent(text)}`, textContent: text });
  return link;
}

export function bind(element) {
  if (!root.dataset.person) return;
  const text = element.dataset.searched?.trim();
  if (text) return write([text, ...read().filter((other) => other !== text)].slice(0, MOST));
  const texts = read();
  if (!texts.length) return;
  element.querySelector(".chips").replaceChildren(...texts.map(chip));
  element.querySelector("button").addEventListener("click", () => { write([]); element.remove(); });
  element.hidden = false;
}
