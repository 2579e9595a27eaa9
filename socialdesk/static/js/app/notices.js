// Notices: what is good leaves by itself, unless somebody is reading or reaching for it; what went wrong stays.

const NOTICE_SECONDS = 8;
const notices = document.getElementById("notices");
export const alerts = document.getElementById("alerts");

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

/** Let a notice leave in its time. */
export function mindNotice(notice) {
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
