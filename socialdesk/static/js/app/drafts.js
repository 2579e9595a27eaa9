// Drafts: what is typed stays on this device, under its person's name, until it has been sent.

import { root, who } from "./person.js";

const DRAFT_DAYS = 14;
const ALWAYS = "1";                             // data-kept-at of a box that has something of its own to stand in it, such as an article's text
const draftKey = (place) => `keep:${who}:${place}`;
const storage = {                               // it may be full or forbidden: the page works without
  read(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
  write(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { return; } },
  drop(key) { try { localStorage.removeItem(key); } catch { return; } },
  keys() { try { return Object.keys(localStorage); } catch { return []; } },
};

/** Forget the drafts whose key is one of these. */
export function dropDrafts(which) {
  for (const key of storage.keys()) if (key.startsWith("keep:") && which(key)) storage.drop(key);
}

function keepDraft(field) {
  const text = field.value;
  // An emptied box is kept as such: the desk's copy of what stood in it may still be on its way out.
  if (text.trim() || field.dataset.keptAt !== ALWAYS) storage.write(draftKey(field.dataset.keep), { text, at: Date.now() });
  else storage.drop(draftKey(field.dataset.keep));
}

/** Put a field's draft back into it. */
export function restoreDraft(field) {
  const draft = storage.read(draftKey(field.dataset.keep));
  if (!draft || (field.value && !(draft.at > Number(field.dataset.keptAt)))) return;      // the desk's copy, unless this one is newer
  if (field.value === draft.text) return;
  field.value = draft.text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** A form was sent: its drafts go. */
export function clearSent(form) {
  for (const field of form.elements) if (field.dataset.keep) storage.drop(draftKey(field.dataset.keep));
}

function clearSentBefore() {
  let places = [];
  try { places = JSON.parse(sessionStorage.getItem("sent")) ?? []; sessionStorage.removeItem("sent"); } catch { /* as if nothing was sent */ }
  if (root.dataset.refused !== undefined || document.querySelector("[aria-invalid=true]") || !who) return;
  for (const place of places) storage.drop(draftKey(place));
}

/** A plain form is on its way: its drafts go once the next page is not a refusal. */
export function noteSent(form) {
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
