// The link of a thread: copied, or given to the phone's own share sheet. Without this script it can be marked and copied by hand.

import { tell } from "./app.js";

export function bind(box) {
  const { title, address } = box.dataset;
  const copy = box.querySelector("[data-copy]"), send = box.querySelector("[data-send]");
  const data = title ? { title, url: address } : { url: address };

  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(address);
        tell("Copied. You can paste it anywhere.");
      } catch {
        box.querySelector("input")?.select();
        tell("The browser does not let us copy. The link is marked: copy it by hand.", true);
      }
    });
  }
  if (send && navigator.share && (!navigator.canShare || navigator.canShare(data))) {
    send.hidden = false;
    send.addEventListener("click", async () => {
      try {
        await navigator.share(data);
      } catch (error) {
        if (error.name !== "AbortError") tell("The phone could not open its share sheet. Copy the link instead.", true);
      }
    });
  }
}
