/* Judges a form while it is filled in, with the interpreter that the server's tests compare
   with the server. Whatever is left out here is judged when the form is saved. */
"use strict";

(function () {
  const form = document.getElementById("entry");
  const rulesBlock = document.getElementById("rules");
  if (!form || !rulesBlock || !globalThis.equipoiseRules) return;
  const { evaluate, date, datetime } = globalThis.equipoiseRules;
  const rules = JSON.parse(rulesBlock.textContent);
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const items = new Map(rules.items.map((item) => [item.id, item]));
  const touched = new Set();
  const served = new Map();
  let found = new Map();
  let dirty = false;
  const WAIT = 1200; // milliseconds of rest after the last key before a draft is sent
  let timer = 0;
  let delay = WAIT;
  let busy = null;
  let leaving = false;

  const DRAFT = "equipoise draft " + location.pathname.replace(/^\/[^/]+/, "");

  document.documentElement.classList.add("scripted");

  const box = (id) => form.querySelector('.field[data-item="' + CSS.escape(id) + '"]');
  const inputs = (id) => [...form.elements].filter((one) => one.name === "v." + id);
  for (const id of items.keys()) {
    const field = box(id);
    if (field) served.set(id, { said: field.querySelector(".said").innerHTML, text: text(id) });
  }

  function text(id) {
    const parts = inputs(id);
    if (parts.length === 0) return "";
    if (parts[0].type === "radio") return (parts.find((one) => one.checked) || { value: "" }).value;
    if (parts[0].type === "checkbox") return parts.filter((one) => one.checked).map((one) => one.value).join(" ");
    return parts[0].value.trim();
  }

  /* Minutes by which the site's clock is ahead of UTC at an instant. */
  function ahead(instant) {
    const parts = new Intl.DateTimeFormat("en-GB", {
      timeZone: facts.zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
      hour: "2-digit", minute: "2-digit",
    }).formatToParts(new Date(instant));
    const at = Object.fromEntries(parts.map((one) => [one.type, Number(one.value)]));
    const local = Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute);
    return Math.round((local - instant) / 60000);
  }

  function moment(said) {
    const parts = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(:\d{2})?(Z|[+-]\d{2}:\d{2})?$/.exec(said);
    if (!parts) return undefined;
    let offset = parts[7];
    if (!offset) {
      const [year, month, day, hour, minute] = parts.slice(1, 6).map(Number);
      const wall = Date.UTC(year, month - 1, day, hour, minute);
      const shift = ahead(wall - ahead(wall) * 60000);
      const size = Math.abs(shift);
      const two = (number) => String(number).padStart(2, "0");
      offset = (shift < 0 ? "-" : "+") + two(Math.floor(size / 60)) + ":" + two(size % 60);
    }
    return datetime(parts[1] + "-" + parts[2] + "-" + parts[3] + "T" + parts[4] + ":" + parts[5] + (parts[6] || "") + offset);
  }

  /* A number or a date as it is written here, where it can only be meant so; as `neat` on the server. */
  const NEAT = { integer: "number", decimal: "number", date: "day", "partial-date": "day", datetime: "day" };
  function neat(type, said) {
    if (!NEAT[type]) return said;
    const plain = said.replace(/[\uFF01-\uFF5E]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
      .replace(/\u3000/g, " ").replace(/\u3002/g, ".").replace(/[\u2010-\u2015\u2212\u30FC]/g, "-").trim();
    const found = NEAT[type] === "day" && /^(\d{4})(?:(\d{2})(\d{2})|[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?)(?:[T ]+(\d{1,2}):(\d{2})(.*))?$/.exec(plain);
    if (!found) return plain;
    const day = [found[1], ...found.slice(2, 6).filter(Boolean).map((one) => one.padStart(2, "0"))].join("-");
    return found[6] ? day + " " + found[6].padStart(2, "0") + ":" + found[7] + found[8] : day;
  }

  function tidy(field) {
    const item = field && items.get(field.dataset.item);
    const input = item && inputs(item.id)[0];
    if (!input || input.type !== "text") return;
    const said = neat(item.type, input.value);
    if (said !== input.value.trim()) { input.value = said; changed(); }
  }

  /* [value, code of the problem]: null is no answer, or one that cannot be read. */
  function read(item, said) {
    if (said === "") return [null, null];
    switch (item.type) {
      case "integer":
      case "decimal": {
        if (!/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(said)) return [null, /[,，]/.test(said) ? "decimal-comma" : "not-a-number"];
        const number = Number(said);
        return item.type === "integer" && !Number.isInteger(number) ? [null, "not-whole"] : [number, null];
      }
      case "boolean": return [said === "true", null];
      case "date": {
        if (!/^\d{4}-\d{2}-\d{2}$/.test(said)) return [null, "not-a-date"];
        const day = date(said);
        return [day, day ? null : "impossible-date"];
      }
      case "datetime": {
        const at = moment(said);
        return [at || null, at === undefined ? "not-a-time" : at ? null : "impossible-date"];
      }
      case "partial-date":
        return /^(\d{4}(-\d{2}(-\d{2})?)?|UN)$/.test(said) ? [said, null] : [null, "not-a-partial-date"];
      case "codes": return [null, null];
      default: return [said, null];
    }
  }

  /* One evaluation of the whole form. Names are worked out when a rule asks for them. */
  function judge() {
    const values = new Map();
    const problems = new Map();
    const busy = new Set();
    const known = {};
    const offer = (name, get) => Object.defineProperty(known, name, { enumerable: true, get });

    function once(name, work) {
      if (values.has(name)) return values.get(name);
      if (busy.has(name)) return null;
      busy.add(name);
      let value = null;
      try { value = work(); } catch (error) { value = null; }
      busy.delete(name);
      values.set(name, value);
      return value;
    }
    function asked(item) {
      const field = box(item.id);
      if (!item.shown) return !field || field.dataset.asked !== "false";
      return item.shown.every((rule) => holds(rule) === true);
    }
    function holds(rule) {
      try { return evaluate(rule, known); } catch (error) { return null; }
    }
    function value(item) {
      if (!asked(item)) return null;
      if (item.derive) return evaluate(item.derive, known);
      if (item.computed) return null;
      const [read_, problem] = read(item, neat(item.type, text(item.id)));
      if (problem) problems.set(item.id, problem);
      return read_;
    }
    function derived(one) {
      if (one.tree) return evaluate(one.tree, known);
      for (const [when, then] of one.rows) {
        const here = evaluate(when, known);
        if (here === null) return null;
        if (here === true) return then;
      }
      return one.otherwise;
    }
    for (const [name, written] of Object.entries(facts.around)) {
      const fixed = Array.isArray(written) ? (written[0] === "date" ? date(written[1]) : datetime(written[1])) : written;
      offer(name, () => fixed);
    }
    for (const item of rules.items) {
      const get = () => once(item.id, () => value(item));
      offer(item.id, get);
      offer(rules.form + "." + item.id, get);
    }
    for (const [name, one] of Object.entries(rules.derived)) {
      if (!items.has(name)) offer(name, () => once("derived " + name, () => derived(one)));
    }
    const shown = new Map(rules.items.map((item) => [item.id, asked(item)]));
    const says = new Map();
    const say = (id, severity, words) => says.set(id, [...(says.get(id) || []), [severity, words]]);
    for (const item of rules.items) {
      const here = known[item.id];
      if (problems.has(item.id)) say(item.id, "hard", rules.says[problems.get(item.id)].replace("{0}", text(item.id)));
      for (const [low, high, severity, words] of item.bounds || []) {
        const outside = typeof here === "number" && ((low !== null && here < low) || (high !== null && here > high));
        if (outside) { say(item.id, severity, words.replace("{0}", String(here))); break; }
      }
    }
    for (const check of rules.checks) {
      if (holds(check.rule) === false) say(check.item, check.severity, check.says);
    }
    return { shown, says, known };
  }

  function refresh() {
    const now = judge();
    for (const item of rules.items) {
      const field = box(item.id);
      if (!field) continue;
      if (item.shown) {
        if (now.shown.get(item.id)) delete field.dataset.asked;
        else field.dataset.asked = "false";
      }
      if (item.derive) write(field, item, now.known[item.id]);
      tell(item, field, now.says.get(item.id) || []);
    }
    found = now.says;
  }

  function write(field, item, value) {
    const output = field.querySelector("output");
    if (item.type === "integer" || item.type === "decimal") {
      output.textContent = typeof value === "number" ? String(Number(value.toPrecision(10))) : "";
    } else if (value === null) output.textContent = "";
  }

  /* What the server said of an answer stays until that answer changes. */
  function tell(item, field, says) {
    const place = field.querySelector(".said");
    const before = served.get(item.id);
    const same = before && before.text === text(item.id);
    if (same && (before.said !== "" || !touched.has(item.id))) {
      if (place.innerHTML !== before.said) place.innerHTML = before.said;
      return;
    }
    const visible = touched.has(item.id) ? says : says.filter(([severity]) => severity === "hard");
    const signature = JSON.stringify(visible);
    if (place.dataset.says === signature) return;
    place.dataset.says = signature;
    place.replaceChildren(...visible.map(([severity, words]) => {
      const line = document.createElement("p");
      line.className = "msg " + severity;
      line.setAttribute("role", severity === "hard" ? "alert" : "status");
      line.textContent = words;
      return line;
    }));
    if (visible.some(([severity]) => severity === "hard")) field.dataset.wrong = "true";
    else delete field.dataset.wrong;
  }

  /* What is typed and not saved stays in this tab: through a session that ended, a dropped
     connection, a wrong click. It is offered only to the same person and the same version. */
  function keep(sent) {
    const said = [...form.elements].filter(mine).map((one) => [one.name, one.value, one.checked === true]);
    const draft = { user: form.dataset.user, version: form.dataset.version, said, sent: sent === true };
    try { sessionStorage.setItem(DRAFT, JSON.stringify(draft)); } catch (error) { /* no room: the page still has it */ }
  }

  function mine(one) {
    return one.name && one.type !== "hidden" && one.tagName !== "FIELDSET" && one.tagName !== "BUTTON";
  }

  function restore() {
    const draft = JSON.parse(sessionStorage.getItem(DRAFT) || "null");
    const saved = new URLSearchParams(location.search).has("saved");
    const elsewhere = draft && draft.sent && form.dataset.draft; // the server has it, and gave it back
    if (!draft || saved || elsewhere || draft.user !== form.dataset.user || draft.version !== form.dataset.version) {
      sessionStorage.removeItem(DRAFT);
      return;
    }
    for (const [name, value, checked] of draft.said) {
      for (const one of [...form.elements].filter((each) => mine(each) && each.name === name)) {
        if (one.type === "radio" || one.type === "checkbox") { if (one.value === value) one.checked = checked; }
        else one.value = value;
      }
    }
    changed();
  }

  function changed() {
    dirty = true;
    keep();
    show("waits");
    if (form.dataset.draft) { clearTimeout(timer); timer = setTimeout(send, WAIT); }
  }

  /* What the person is told of what was typed: waits, is kept, or why it is not. */
  function show(name, filled) {
    const sign = document.getElementById("unsaved");
    if (!sign) return;
    sign.hidden = false;
    sign.dataset.state = name;
    sign.querySelector(".state").textContent = (sign.dataset[name] || "").replace("{0}", filled || "");
    sign.querySelector("a").hidden = name !== "ended";
  }

  /* The token of the session as it is now: signing in again, in another tab, changes it. */
  function token() {
    const found = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
    const field = form.elements.csrfmiddlewaretoken;
    if (found) field.value = found[1];
    return field.value;
  }

  /* Sends what is typed to the server. Gives what came of it: kept, ended, offline or refused. */
  async function send() {
    clearTimeout(timer);
    if (busy) busy.abort();
    const mine_ = (busy = new AbortController());
    const body = new FormData(form);
    const state = await ask(body, mine_.signal);
    if (state === "stopped") return state;
    if (state === "kept") { keep(true); delay = WAIT; } else { delay = Math.min(delay * 2, 30000); timer = setTimeout(send, delay); }
    const at = new Date(Date.now() + ahead(Date.now()) * 60000).toISOString().slice(11, 19);
    show(state, at);
    return state;
  }

  async function ask(body, signal) {
    show("keeping");
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST", body, signal, redirect: "manual", headers: { "X-CSRFToken": token() },
      });
      const ours = (answer.headers.get("Content-Type") || "").startsWith("application/json");
      if (answer.type === "opaqueredirect" || (answer.status === 403 && !ours)) return "ended";
      return answer.ok ? "kept" : "refused";
    } catch (error) {
      return error.name === "AbortError" ? "stopped" : "offline";
    }
  }

  function now() {
    const at = Date.now();
    return new Date(at + ahead(at) * 60000).toISOString().slice(0, 16).replace("T", " ");
  }

  function shortcut(event) {
    const field = event.target.closest(".field");
    const kind = field && field.dataset.kind;
    if (event.target.value !== "" && event.target.selectionEnd - event.target.selectionStart !== event.target.value.length) return false;
    const day = { t: facts.today, y: facts.yesterday }[event.key];
    if ((kind === "date" || kind === "partial") && day) event.target.value = day;
    else if (kind === "datetime" && event.key === "n") event.target.value = now();
    else if (kind === "datetime" && day) event.target.value = day + " ";
    else return false;
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }

  function following(from) {
    const stops = [...form.elements].filter((one) => {
      if (one.type === "hidden" || one.tagName === "FIELDSET" || one.tagName === "OUTPUT" || one.disabled) return false;
      return one.offsetParent !== null;
    });
    const own = (one) => one.type === "radio" && one.name === from.name;
    return stops.slice(stops.indexOf(from) + 1).find((one) => !own(one));
  }

  form.addEventListener("input", (event) => {
    const field = event.target.closest(".field[data-item]");
    if (field && event.target.type !== "text") touched.add(field.dataset.item);
    changed();
    refresh();
  });
  form.addEventListener("focusout", (event) => {
    const field = event.target.closest(".field[data-item]");
    if (field && dirty) { tidy(field); touched.add(field.dataset.item); refresh(); }
  });
  form.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.tagName === "INPUT" && shortcut(event)) { event.preventDefault(); return; }
    const moves = event.target.tagName === "INPUT" || event.target.tagName === "SELECT";
    if (event.key !== "Enter" || !moves) return;
    event.preventDefault();
    const next = following(event.target);
    if (next) next.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    refresh();
    const bad = rules.items.find((item) => (found.get(item.id) || []).some(([severity]) => severity === "hard") && box(item.id) && box(item.id).dataset.asked !== "false");
    if (!bad) { leave(event); return; }
    event.preventDefault();
    touched.add(bad.id);
    refresh();
    const input = inputs(bad.id)[0];
    if (input) input.focus();
  });

  /* Saving leaves the page. What has not arrived as a draft is sent first, so that the server has
     it and nobody ends on a page of the browser's own with everything gone. */
  async function leave(event) {
    clearTimeout(timer);
    const sign = document.getElementById("unsaved");
    const arrived = !dirty || (sign && sign.dataset.state === "kept");
    if (leaving || (arrived && navigator.onLine) || !form.dataset.draft) {
      if (busy) busy.abort();
      dirty = false;
      token();
      show("saving");
      return;
    }
    event.preventDefault();
    const pressed = event.submitter;
    const state = await send();
    clearTimeout(timer);
    if (state === "offline") { delay = WAIT; timer = setTimeout(send, delay); return; }
    leaving = true;
    form.requestSubmit(pressed);
  }
  window.addEventListener("online", () => { if (dirty && form.dataset.draft) send(); });
  for (const link of form.querySelectorAll("a.button")) {
    link.addEventListener("click", () => {
      clearTimeout(timer);
      sessionStorage.removeItem(DRAFT);
      if (!form.dataset.draft || !dirty) return;
      const body = new FormData(form);
      body.append("discard", "1");
      if (busy) busy.abort();
      navigator.sendBeacon(form.dataset.draft, body);
    });
  }
  if (!document.querySelector("main [data-code]")) restore();
  refresh();
})();
