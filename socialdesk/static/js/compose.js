// The composer: photos with their previews, hashtags as chips, who will read it in words, the draft kept on the desk too.
import { tell } from "./app.js";
import { cut } from "./suggest.js";

const MOST_PHOTOS = 6;
const DRAFT_MS = 1500;
const HASHTAG = /(^|[\s(])#([\p{L}\p{M}\p{Nd}_-]{1,50})/gu;

/** Make a composer's form quick; without this it works all the same. */
export function bind(form) {
  const box = form.elements.body;
  const add = photos(form);
  for (const part of [chips, signs, readers, drafts]) part(form, box);
  takeShared(box, add).catch(() => { /* no storage, nothing shared */ });
  form.addEventListener("htmx:after:swap", ({ target }) => {
    if (target === form) form.querySelector("[role=alert], .wrong")?.scrollIntoView({ block: "center" });
  });
}

// --- photos: chosen, taken, pasted or dropped; seen before they are sent, and taken off again

function photos(form) {
  const input = form.querySelector("#ask-files");
  const camera = form.querySelector("#ask-camera");
  let chosen = [], shown = new Map();

  function put(files) {
    chosen = files;
    const transfer = new DataTransfer();
    chosen.forEach((file) => transfer.items.add(file));
    input.files = transfer.files;
    const label = input.closest(".file");
    if (chosen.length) label.dataset.files = chosen.length;
    else delete label.dataset.files;
    draw();
  }

  function add(files) {
    const most = Number(input.dataset.maxBytes) || Infinity;
    const known = new Set(chosen.map(name));
    const fresh = [...files].filter((file) => file.type.startsWith("image/") && !known.has(name(file)));
    const fitting = fresh.filter((file) => file.size <= most);
    if (fitting.length < fresh.length) tell(`A photo may have ${Math.floor(most / 1048576)} MB. What is bigger was left out: take it again at a smaller size.`, true);
    if (chosen.length + fitting.length > MOST_PHOTOS) tell(`${MOST_PHOTOS} photos fit into one message. The rest was left out: send it with a reply.`, true);
    put([...chosen, ...fitting].slice(0, MOST_PHOTOS));
  }

  function draw() {
    const place = form.querySelector("#ask-photos");
    const now = new Map(chosen.map((file) => [file, shown.get(file) ?? preview(file, () => put(chosen.filter((one) => one !== file)))]));
    for (const [file, element] of shown) if (!now.has(file)) URL.revokeObjectURL(element.querySelector("img").src);
    shown = now;
    place.replaceChildren(...now.values());
  }

  input.addEventListener("change", () => {
    const files = [...input.files];
    input.files = new DataTransfer().files;
    add(files);
  });
  camera?.addEventListener("change", () => {
    add(camera.files);
    camera.value = "";
    delete camera.closest(".file").dataset.files;
  });
  form.addEventListener("paste", ({ clipboardData }) => clipboardData?.files.length && add(clipboardData.files));
  form.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  form.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  form.addEventListener("htmx:after:swap", draw);
  if (input.files.length) add([...input.files]);
  return add;
}

const name = (file) => `${file.name}:${file.size}:${file.lastModified}`;

function preview(file, remove) {
  const figure = document.createElement("figure");
  const image = document.createElement("img");
  image.src = URL.createObjectURL(file);
  image.alt = file.name;
  const off = document.createElement("button");
  Object.assign(off, { type: "button", className: "button plain", textContent: "Remove" });
  off.setAttribute("aria-label", `Remove the photo ${file.name}`);
  off.addEventListener("click", remove);
  figure.append(image, off);
  return figure;
}

// --- hashtags: a chip puts one into the text or takes it out; what is typed ticks its chip

const fold = (tag) => tag.normalize("NFKC").toLowerCase().replace(/[_-]/g, "");

function chips(form, box) {
  const all = () => form.querySelectorAll("#ask-tags [name=tag]");

  function sync() {
    const have = new Set([...box.value.matchAll(HASHTAG)].map(([, , tag]) => fold(tag)));
    for (const chip of all()) chip.checked = have.has(fold(chip.value));
  }

  form.addEventListener("change", ({ target }) => {
    if (target.name !== "tag") return;
    if (target.checked) box.value = `${box.value.trimEnd()}${box.value.trim() ? " " : ""}#${target.value} `;
    else box.value = box.value.replaceAll(HASHTAG, (whole, before, tag) => (fold(tag) === fold(target.value) ? before : whole)).replace(/ {2,}/g, " ");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const typed = document.getElementById("typed-so-far");
  const note = () => { if (typed) typed.value = cut(box.value); };
  box.addEventListener("input", () => { sync(); note(); });
  note();
  form.addEventListener("htmx:after:swap", sync);
  sync();
}

function signs(form, box) {
  const show = () => form.querySelectorAll("[data-sign]").forEach((button) => { button.hidden = false; });
  form.addEventListener("htmx:after:swap", show);
  show();
  for (const button of form.querySelectorAll("[data-sign]")) {
    button.addEventListener("click", () => {
      const before = box.value.slice(0, box.selectionStart);
      box.setRangeText((before && !/\s$/.test(before) ? " " : "") + button.dataset.sign, box.selectionStart, box.selectionEnd, "end");
      box.focus();
      box.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}

// --- who will read it, said on the button that sends it

function readers(form) {
  const words = document.getElementById("question-readers"), { to } = form.elements;
  if (words) to?.addEventListener("change", () => { words.textContent = `${to.selectedOptions[0].textContent} will see it`; });
}

// --- the draft is kept on this device at once (app.js), and on the desk for the person's other devices

function drafts(form, box) {
  let timer = 0, kept = box.value;
  const place = box.dataset.keep;

  function keep() {
    clearTimeout(timer);
    timer = 0;
    if (box.value === kept) return;
    kept = box.value;
    const body = new URLSearchParams({ place, text: kept });
    fetch("/drafts", { method: "POST", body, keepalive: kept.length < 15_000, headers: { "HX-Request": "true" } }).catch(() => { kept = null; });
  }

  box.addEventListener("closed", () => {                 // it was solved, or joined: nothing of it is kept
    clearTimeout(timer);
    timer = 0;
    kept = box.value;
  });
  box.addEventListener("input", () => { timer ||= setTimeout(keep, DRAFT_MS); });
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && timer && keep());
  window.addEventListener("pagehide", () => timer && keep());
  form.addEventListener("submit", () => { clearTimeout(timer); timer = 0; });
}

// --- what a share sheet brought: the words into the box, the pictures to the photos; it waits there to be sent

const SHARED = "shared";
const SHARED_MS = 86_400_000;

async function takeShared(box, add) {
  if (!window.caches || !await caches.has(SHARED)) return;
  const cache = await caches.open(SHARED);
  for (const request of await cache.keys()) {
    const given = await (await cache.match(request)).formData().catch(() => null);
    const age = Date.now() - Number(new URL(request.url).pathname.split("/").pop());
    if (given && age < SHARED_MS) put(given, box, add);
    await cache.delete(request);
  }
  if (new URLSearchParams(location.search).has("shared")) history.replaceState(history.state, "", "/ask");
}

function put(given, box, add) {
  const words = ["title", "text", "url"].map((part) => String(given.get(part) ?? "").trim());
  const fresh = words.filter((one, n) => one && !words.some((other, m) => m !== n && other.includes(one) && (other !== one || m < n)));
  if (fresh.length) {
    box.value = [box.value.trimEnd(), fresh.join("\n")].filter(Boolean).join("\n\n");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const files = given.getAll("photo").filter((file) => file.size);
  if (files.length) add(files);
  tell("What you shared is here as a draft. Nothing is sent before you send it.");
}
