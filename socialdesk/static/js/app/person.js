// Whom this page was drawn for: "id:epoch", or nothing for nobody.

export const root = document.documentElement;
export const who = root.dataset.person ? `${root.dataset.person}:${root.dataset.epoch}` : "";
