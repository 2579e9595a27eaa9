// The editor of an article: tools that write Markdown, pictures where the caret stands, the version a draft began with.

const SHAPES = {
  bold: { before: "**", after: "**", words: "bold" },
  heading: { line: "## ", words: "Heading" },
  list: { line: "- ", words: "First" },
  link: { before: "[", after: "](https://)", words: "what it leads to" },
};

/** Make an editor's form quick; without this it works all the same. */
export function bind(form) {
  const box = form.elements.body;
  const write = (text, from = box.selectionStart, to = box.selectionEnd) => {
    box.setRangeText(text, from, to, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const part of [tools, pictures, drafts, restored]) part(form, box, write);
  for (const button of document.querySelectorAll("[data-preview]")) showAfter(button);
}

// --- tools: around what is chosen, or with words to type over

function tools(form, box, write) {
  const show = () => form.querySelectorAll("[data-tool]").forEach((button) => { button.hidden = false; });
  const use = (name) => {
    const shape = SHAPES[name];
    if (shape.line) startLines(box, shape, write);
    else wrap(box, shape, write);
    box.focus();
  };
  form.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-tool]");
    if (button) use(button.dataset.tool);
  });
  // A tap must not take the focus, and with it the keyboard of the phone, from the box.
  form.addEventListener("pointerdown", (event) => event.target.closest("[data-tool]") && event.preventDefault());
  box.addEventListener("keydown", (event) => {
    const name = (event.ctrlKey || event.metaKey) && !event.altKey && { b: "bold", k: "link" }[event.key.toLowerCase()];
    if (!name) return;
    event.preventDefault();
    use(name);
  });
  form.addEventListener("htmx:after:swap", show);
  show();
}

function wrap(box, { before, after, words }, write) {
  const [from, to] = [box.selectionStart, box.selectionEnd];
  const chosen = box.value.slice(from, to);
  if (chosen.startsWith(before) && chosen.endsWith(after) && before === after) return write(chosen.slice(before.length, -after.length));
  const inner = chosen || words;
  write(before + inner + after);
  const start = from + before.length;
  box.setSelectionRange(start, start + inner.length);
}

function startLines(box, { line, words }, write) {
  const from = box.value.lastIndexOf("\n", box.selectionStart - 1) + 1;
  const to = Math.max(box.selectionEnd, from);
  const lines = box.value.slice(from, to).split("\n");
  const has = lines.every((one) => one.startsWith(line));
  const made = lines.map((one) => (has ? one.slice(line.length) : line + (one || (lines.length === 1 ? words : "")))).join("\n");
  const isEmpty = lines.length === 1 && !lines[0];
  write(made, from, to);
  if (isEmpty) box.setSelectionRange(from + line.length, from + made.length);
}

// --- pictures: what was just stored stands where the caret is, its description chosen to be typed over

function pictures(form, box, write) {
  const input = form.querySelector("#article-photo");
  form.addEventListener("htmx:after:swap", () => {
    const fresh = [...form.querySelectorAll("#pictures [data-fresh]")];
    if (!fresh.length) return;
    const lines = fresh.map((item) => item.dataset.fresh);
    fresh.forEach((item) => delete item.dataset.fresh);
    input.value = "";
    delete input.closest(".file").dataset.files;
    const before = box.value.slice(0, box.selectionStart).trimEnd();
    const start = before.length;
    const text = `${before ? "\n\n" : ""}${lines.join("\n\n")}\n\n`;
    write(text, start, box.selectionEnd);
    const described = start + text.indexOf("![") + 2;
    box.setSelectionRange(described, box.value.indexOf("]", described));
    box.focus();
    keep(form.elements.pictures);
  });
}

// --- a draft keeps the version it began with, so that saving it later overwrites nobody

const keep = (field) => field?.dispatchEvent(new Event("input", { bubbles: true }));

function drafts(form) {
  form.addEventListener("input", ({ target }) => {
    if (target.name === "title" || target.name === "body") keep(form.elements.version);
  });
}

// What was typed here before came back instead of the text as it stands: that is said, and may be dropped.
function restored(form, box) {
  const banner = form.querySelector("[data-restored]");
  if (!banner || box.value === box.defaultValue) return;
  banner.hidden = false;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const field of form.querySelectorAll("[data-keep]")) {
      field.value = "";
      keep(field);                              // an empty field keeps no draft
      field.value = field.type === "hidden" ? field.dataset.now ?? "" : field.defaultValue;
    }
    banner.hidden = true;
    box.focus();
  });
}

// --- on a phone the preview stands below: pressing its button goes there

function showAfter(button) {
  button.addEventListener("htmx:after:request", () => {
    setTimeout(() => document.getElementById("preview")?.scrollIntoView({ block: "start", behavior: "smooth" }), 50);
  });
}
