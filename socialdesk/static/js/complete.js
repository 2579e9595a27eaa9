// #hashtags and @people completed while typing: a short list under the box, chosen by arrow keys and Enter, or by a tap.

const WAIT_MS = 120;
const HALF_TYPED = /(?:^|[\s(])([#@][\p{L}\p{M}\p{N}._-]{0,49})$/u;

/** Complete what is typed in a textarea. */
export function bind(box) {
  const list = makeList(box);
  const voice = makeVoice(box);
  let items = [], chosen = -1, timer = 0, asked = null;

  const halfTyped = () => {
    if (box.selectionStart !== box.selectionEnd) return "";
    return HALF_TYPED.exec(box.value.slice(0, box.selectionStart))?.[1] ?? "";
  };

  function close() {
    asked?.abort();
    asked = null;
    clearTimeout(timer);
    items = [];
    chosen = -1;
    list.hidden = true;
    list.replaceChildren();
    box.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    chosen = index;
    [...list.children].forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === index));
      if (at === index) option.setAttribute("aria-current", "true");
      else option.removeAttribute("aria-current");
    });
    const option = list.children[index];
    if (option) box.setAttribute("aria-activedescendant", option.id);
    option?.scrollIntoView({ block: "nearest" });
  }

  function take(item) {
    const typed = halfTyped();
    const end = box.selectionStart;
    close();
    if (!typed) return;
    const space = /^\s/.test(box.value.slice(end)) ? "" : " ";
    box.setRangeText(item.text + space, end - typed.length, end, "end");
    if (!space) box.setSelectionRange(box.selectionEnd + 1, box.selectionEnd + 1);
    box.focus();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  }

  function show(found, typed) {
    if (typed !== halfTyped() || document.activeElement !== box) return;
    items = found.filter((item) => item.text.toLowerCase() !== typed.toLowerCase());
    if (!items.length) return close();
    if (!list.isConnected) place(list, box);
    list.replaceChildren(...items.map((item, at) => makeOption(item, `${list.id}-${at}`)));
    list.hidden = false;
    choose(0);
    voice(`${items.length} ${items.length === 1 ? "suggestion" : "suggestions"}: ${items[0].text} is the first. Enter takes it.`);
  }

  async function ask(typed) {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(`/complete?q=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" }, signal: asked.signal });
      if (answer.ok) show((await answer.json()).completions, typed);
    } catch { /* no network, or typed on: the text itself is enough */ }
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    const typed = halfTyped();
    if (typed) timer = setTimeout(ask, WAIT_MS, typed);
    else if (!list.hidden) close();
  });

  box.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) choose((chosen + step + items.length) % items.length);
    else if (event.key === "Escape") close();
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && items[chosen]) take(items[chosen]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // A tap must not take the focus (and with it the keyboard of the phone) from the box.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const at = [...list.children].indexOf(event.target.closest("[role=option]"));
    if (items[at]) take(items[at]);
  });
  box.addEventListener("blur", close);
  document.addEventListener("selectionchange", () => {
    if (!list.hidden && document.activeElement === box && !halfTyped()) close();
  });
}

function makeList(box) {
  const list = document.createElement("ul");
  list.id = `${box.id || box.name}-completions`;
  list.className = "chips";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  place(list, box);
  return list;
}

// In a dock the list stands above the box, so that the keyboard does not hide it; elsewhere below.
function place(list, box) {
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("autocomplete", "off");
  const row = box.closest(".reply");
  if (row) row.before(list);
  else box.after(list);
}

function makeVoice(box) {
  const voice = document.createElement("p");
  voice.className = "visually-hidden";
  voice.setAttribute("role", "status");
  return (sentence) => {
    if (!voice.isConnected) box.after(voice);
    voice.textContent = sentence;
  };
}

function makeOption({ text, line }, id) {
  const option = document.createElement("li");
  option.className = "chip";
  option.id = id;
  option.setAttribute("role", "option");
  option.append(text);
  if (line) {
    const small = document.createElement("small");
    small.className = "muted";
    small.textContent = line;
    option.append(" ", small);
  }
  return option;
}
