// Sending: once per press; nothing typed is lost when it fails.

import { clearSent, dropDrafts, noteSent } from "./drafts.js";
import { alerts, tell } from "./notices.js";

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
  if (form.matches("[data-sign-out]")) { dropDrafts(() => true); for (const name of ["shared", "deeds"]) window.caches?.delete(name); }
  else noteSent(form);
  sending.add(form);
  form.setAttribute("aria-busy", "true");
  setTimeout(() => release(form), 10_000);      // a page that never came: let them press again, the key makes it one
});

/** Let a form be sent again. */
export function release(form) {
  sending.delete(form);
  form.removeAttribute("aria-busy");
}

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  const form = formOf(ctx);
  if (!form || ctx.sourceElement.matches?.("[data-look]") || ctx.request?.method === "GET" || ctx.response.status >= 400) return;       // data-look: only looked at, not sent
  clearSent(form);
  alerts.replaceChildren();
});

// A like shows from the press on; the desk's answer takes its place, or it goes back to what it was.
function press({ detail: { ctx } }, begins) {
  const form = ctx.sourceElement.closest?.("form[data-deed]");
  if (form?.isConnected) form.querySelector("[aria-pressed]")?.setAttribute("aria-pressed", form.getAttribute("action").endsWith("/remove") !== begins);
}
document.addEventListener("htmx:before:request", (event) => press(event, true));
document.addEventListener("htmx:finally:request", (event) => press(event, false));

const isQuiet = (ctx) => ctx.request?.method === "GET";         // a refetch in the background, a suggestion: the next one will do
// [where something was typed, where something was only pressed]
const FAILED = ["The desk could not do that just now. What you typed is still here: wait a moment, then send it once more.",
  "The desk could not do that just now. Wait a moment, then press it once more."];
const UNREACHABLE = ["The desk cannot be reached. What you typed is still here: send it again when the network is back.",
  "The desk cannot be reached. Press it again when the network is back."];
const isTyped = (field) => field.matches("textarea, input:is([type=text], [type=search], [type=email], [type=password], [type=file], :not([type]))") && field.value.trim();
const formOf = (ctx) => ctx.request?.form ?? ctx.sourceElement.closest?.("form");
const tellOf = (ctx, [typed, pressed]) => tell([...(formOf(ctx)?.elements ?? [])].some(isTyped) ? typed : pressed, true);
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => ctx.response.status >= 500 && !isQuiet(ctx) && tellOf(ctx, FAILED));
document.addEventListener("htmx:error", ({ detail: { ctx } }) => ctx && !ctx.response && !isQuiet(ctx) && tellOf(ctx, UNREACHABLE));
// Cards that did not come: the link stays, and says what to do
function offerAgain({ detail: { ctx } }) {
  const words = ctx?.sourceElement?.dataset?.failed;
  if (words && !(ctx.response?.status < 500)) ctx.sourceElement.textContent = words;
}
document.addEventListener("htmx:response:error", offerAgain);
document.addEventListener("htmx:error", offerAgain);

window.addEventListener("offline", () => tell("No network. What you type stays here until it is back.", true));
window.addEventListener("online", () => { if (alerts.firstChild) tell("The network is back."); alerts.replaceChildren(); });
