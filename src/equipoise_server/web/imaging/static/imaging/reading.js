/* Pictures: windows and frames. Scores: a digit scores and goes on. Everything works without. */
"use strict";
(() => {
  document.documentElement.classList.add("scripted");
  const viewer = document.getElementById("viewer");
  const choice = document.getElementById("window");
  const figures = viewer ? [...viewer.querySelectorAll("figure.scan")] : [];

  const draw = (figure) => {
    const picture = figure.querySelector("img");
    const slider = figure.querySelector("input[type=range]");
    const address = new URL(picture.src);
    const frame = slider ? slider.value : "1";
    address.pathname = address.pathname.replace(/\d+\/$/, `${frame}/`);
    address.search = choice && choice.value ? `?window=${encodeURIComponent(choice.value)}` : "";
    picture.src = address.href;
    if (slider) { figure.querySelector("output").value = frame; }
  };
  const turn = (by) => figures.forEach((figure) => {
    const slider = figure.querySelector("input[type=range]");
    if (slider) { slider.value = String(Number(slider.value) + by); draw(figure); }
  });
  figures.forEach((figure) => {
    const slider = figure.querySelector("input[type=range]");
    if (slider) { slider.addEventListener("input", () => draw(figure)); }
  });
  if (choice) { choice.addEventListener("change", () => figures.forEach(draw)); }

  const sheet = document.getElementById("scores");
  const questions = sheet ? [...sheet.querySelectorAll("fieldset")] : [];
  const answered = (one) => one.querySelector("input:checked");
  const sum = document.getElementById("sum");
  const count = () => {
    if (!sheet || !("sums" in sheet.dataset)) { return; }
    const given = questions.map(answered);
    const whole = given.every(Boolean);
    sum.hidden = false;
    sum.querySelector("output").value = whole
      ? String(given.reduce((total, one) => total + Number(one.value), 0)) : "–";
  };
  const current = () => questions.find((one) => one.contains(document.activeElement))
    || questions.find((one) => !answered(one)) || questions[0];
  const score = (digit) => {
    const here = current();
    const wanted = here && here.querySelector(`input[value="${digit}"]`);
    if (!wanted) { return; }
    wanted.checked = true;
    const next = questions[questions.indexOf(here) + 1];
    const to = next ? (answered(next) || next.querySelector("input")) : sheet.querySelector("button");
    to.focus();
    count();
  };
  const typing = (target) => target.matches("input:not([type=radio]):not([type=range]):not([type=checkbox]), textarea, select");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) { return; }
    if (sheet && /^[0-9]$/.test(event.key)) { event.preventDefault(); score(event.key); }
    else if (event.key === ",") { turn(-1); }
    else if (event.key === ".") { turn(1); }
    else if (event.key === "w" && choice) {
      choice.selectedIndex = (choice.selectedIndex + 1) % choice.options.length;
      figures.forEach(draw);
    }
  });
  if (sheet) {
    sheet.addEventListener("change", count);
    sheet.querySelector(".keys").hidden = false;
    count();
  }
})();
