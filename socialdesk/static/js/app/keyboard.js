// The keyboard of a phone: where it lies over the page and does not make it smaller, the dock is kept above it; and the page
// knows that there is little room.

import { root } from "./person.js";

const SHORT_REM = 26, LEAST_PX = 60;            // less than that is a bar of the browser's own, not a keyboard
const sight = window.visualViewport;

function fit() {
  const isZoomed = sight && Math.abs(sight.scale - 1) > .01;
  const covered = sight && !isZoomed ? Math.round(innerHeight - sight.height - sight.offsetTop) : 0;
  const high = sight && !isZoomed ? sight.height : innerHeight;
  if (covered >= LEAST_PX) root.style.setProperty("--keyboard", `${covered}px`);
  else root.style.removeProperty("--keyboard");
  root.toggleAttribute("data-short", high <= SHORT_REM * parseFloat(getComputedStyle(root).fontSize));
}

for (const [what, name] of [[sight, "resize"], [sight, "scroll"], [window, "resize"]]) what?.addEventListener(name, fit);
fit();
