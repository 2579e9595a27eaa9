// By keyboard: j and k go from card to card, Enter opens, r answers, n asks, / searches, ? tells. Never while one types, and one switch ends it.

const OFF = "keys-off";
/** What one goes to in a list. */
export const PLACES = "main :is(.card-title a, a.row-title)";
const WORDS = [["j", "The next card or row"], ["k", "The one before"], ["Enter", "Open it"], ["↓ ↑", "The next, the one before; an open thread beside the list follows"],
  ["Esc", "Back to the list"], ["r", "Write a reply"], ["n", "Ask something"], ["/", "Search"], ["?", "Show this"]];

function isOff() {
  try { return localStorage.getItem(OFF) !== null; } catch { return false; }
}

function turn(on) {
  try { on ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, ""); } catch { /* it holds for this page alone */ }
}

/** A key was pressed outside of every box. */
export function press(key) {
  if (isOff() || document.querySelector("dialog[open]")) return;
  if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else if (key === "r") document.querySelector("#reply textarea")?.focus();
  else if (key === "n") location.assign("/ask#body");
  else if (key === "/") location.assign("/search");
  else if (key === "?") help();
}

/** Go on or back in the list by some steps; the place that is reached is told by the event "reached". */
export function move(step) {
  const places = [...document.querySelectorAll(PLACES)].filter((place) => place.checkVisibility());
  if (!places.length) return;
  const row = (place) => place.closest(".card, .row");
  const focused = places.findIndex((place) => row(place).contains(document.activeElement));
  const here = focused < 0 ? places.findIndex((place) => row(place).hasAttribute("aria-current")) : focused;
  const next = here < 0 ? firstInSight(places) : places[Math.min(Math.max(here + step, 0), places.length - 1)];
  next.focus({ preventScroll: true });
  row(next).scrollIntoView({ block: "nearest" });
  next.dispatchEvent(new Event("reached", { bubbles: true }));
}

const firstInSight = (places) => places.find((place) => place.getBoundingClientRect().top >= 0) ?? places[0];

function help() {
  const sheet = document.createElement("dialog");
  sheet.className = "sheet";
  sheet.setAttribute("aria-labelledby", "keys-title");
  const title = Object.assign(document.createElement("h2"), { id: "keys-title", textContent: "By keyboard" });
  const list = document.createElement("dl");
  for (const [key, words] of WORDS) {
    const name = document.createElement("dt");
    name.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    list.append(name, Object.assign(document.createElement("dd"), { textContent: words }));
  }
  const way = Object.assign(document.createElement("p"), { className: "hint", textContent: "They can be switched off under Me." });
  const close = Object.assign(document.createElement("button"), { className: "button filled whole", textContent: "Close", type: "button" });
  close.addEventListener("click", () => sheet.close());
  sheet.addEventListener("close", () => sheet.remove());
  sheet.append(title, list, way, close);
  document.body.append(sheet);
  sheet.showModal();
}

/** The switch on the page Me; place holds a checkbox. */
export function bind(place) {
  const box = place.querySelector("[type=checkbox]");
  box.checked = !isOff();
  box.addEventListener("change", () => turn(box.checked));
}
