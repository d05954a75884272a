// The groups of the navigation open and close by themselves; this only puts them away again.
"use strict";
(() => {
  const open = () => document.querySelectorAll(".menu details[open]");
  document.addEventListener("click", (event) => {
    for (const one of open()) if (!one.contains(event.target)) one.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const one of open()) {
      const held = one.contains(document.activeElement);
      one.open = false;
      if (held) one.querySelector("summary").focus();
    }
  });
  document.addEventListener("focusin", (event) => {
    for (const one of open()) if (!one.contains(event.target)) one.open = false;
  });
})();
