/* At the bedside: one tap for several times No, and clocks that count from the server's time,
   so that a tablet that was closed shows the same as one that stayed open. */
"use strict";

(function () {
  for (const place of document.querySelectorAll("[data-no-to-all]")) {
    place.hidden = false;
    place.querySelector("button").addEventListener("click", () => {
      const all = [...document.querySelectorAll('#entry .group input[type=radio][value=false]')];
      for (const one of all) {
        if (one.offsetParent === null) continue;
        one.checked = true;
        one.dispatchEvent(new Event("input", { bubbles: true }));
      }
    });
  }

  /* How much was given is asked once, and read by the rules of the form under its own name. */
  const amount = document.querySelector("[data-amount-item]");
  function tell() {
    const chosen = document.querySelector("#entry [name=amount]:checked");
    const code = chosen && document.querySelector('[data-amount="' + CSS.escape(chosen.value) + '"]');
    amount.value = code ? code.value : "";
  }
  if (amount) {
    tell();
    document.getElementById("entry").addEventListener("input", tell, true);
  }

  const here = document.querySelector("[data-server-now]");
  if (!here) return;
  let ahead = Date.parse(here.dataset.serverNow) - Date.now();
  let last = [Date.now(), performance.now()];
  const two = (number) => String(number).padStart(2, "0");

  function clock(seconds) {
    const whole = Math.floor(Math.abs(seconds));
    const hours = Math.floor(whole / 3600);
    return (hours ? hours + ":" + two(Math.floor(whole / 60) % 60) : Math.floor(whole / 60)) + ":" + two(whole % 60);
  }

  /* Somebody set the clock of the tablet, or it slept: the server is asked for the time again. */
  async function ask() {
    try {
      const told = Date.parse((await fetch(document.querySelector("script[src]").src, { method: "HEAD", cache: "no-store" })).headers.get("Date"));
      if (told) ahead = told - Date.now();
    } catch (error) { /* not reached: the next jump asks again */ }
  }

  function tick() {
    const [wall, steady] = last;
    last = [Date.now(), performance.now()];
    if (Math.abs(last[0] - wall - (last[1] - steady)) > 2000) {
      ahead -= last[0] - wall - (last[1] - steady);
      ask();
    }
    const now = Date.now() + ahead;
    for (const one of document.querySelectorAll("[data-since]")) {
      one.textContent = clock((now - Date.parse(one.dataset.since)) / 1000);
    }
    for (const one of document.querySelectorAll("[data-due]")) {
      const left = (Date.parse(one.dataset.due) - now) / 1000;
      one.textContent = (left > 0 ? one.dataset.in : one.dataset.ago).replace("{0}", clock(left));
      if (left <= 0 && one.dataset.waiting) location.reload();
    }
  }
  tick();
  setInterval(tick, 1000);
})();
