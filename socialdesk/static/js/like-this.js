// Beside the reply box: one tap puts a link, or what helped, where the caret stands.

/** Make the buttons of what is like a ticket write into its reply box. */
export function bind(section) {
  const box = () => document.querySelector("#reply textarea[name=body]");
  // A tap must not take the focus (and with it the keyboard of the phone) from the box.
  section.addEventListener("pointerdown", (event) => event.target.closest("[data-insert]") && event.preventDefault());
  section.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-insert]");
    if (button && box()) insert(box(), button.dataset.insert);
  });
}

function insert(box, words) {
  const before = box.value.slice(0, box.selectionStart);
  const after = box.value.slice(box.selectionEnd);
  const text = `${before && !/\s$/.test(before) ? " " : ""}${words}${/^\s/.test(after) ? "" : " "}`;
  box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
  box.focus();
  box.dispatchEvent(new Event("input", { bubbles: true }));
}
