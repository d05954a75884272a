// Says that a session is about to end, while something can still be done about it. The server knows
// how long it lasts: other tabs and what is saved by itself prolong it, asking for it does not.
"use strict";
(() => {
  const WARNED = 120;
  const AGAIN = 15;
  const box = document.getElementById("ends");
  if (!box) return;
  let timer = 0;
  const show = (when) => {
    box.hidden = !when;
    for (const one of box.querySelectorAll("[data-when]")) one.hidden = one.dataset.when !== when;
  };
  const later = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(ask, seconds * 1000);
  };
  async function ask() {
    let left = null;
    try {
      left = await (await fetch(box.dataset.left, { redirect: "error" })).json();
    } catch {
      return later(60);
    }
    if (left.seconds <= 0) return show("over");
    if (left.seconds > WARNED) {
      show("");
      return later(left.seconds - WARNED);
    }
    show(left.whole ? "whole" : "idle");
    return later(Math.min(AGAIN, left.seconds + 1));
  }
  box.querySelector("[data-on]").addEventListener("click", async () => {
    try {
      await fetch(box.dataset.stay);
    } finally {
      ask();
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && timer) ask();
  });
  later(60);
})();
