// The diary on a phone: a line and a number say the same; without a connection an entry is kept
// here and sent later; where the hospital wrote the same day meanwhile, both are shown.
const box = document.querySelector('[data-diary]');
const form = document.querySelector('form[data-day]');
const NAME = `diary/${box.dataset.diary}/`;
const say = (text) => { box.hidden = !text; box.textContent = text || ''; };
const kept = () => Object.keys(localStorage).filter((name) => name.startsWith(NAME)).sort();
const token = () => (document.querySelector('[name=csrfmiddlewaretoken]') || {}).value || '';

async function send(entry) {
  const body = new URLSearchParams(entry.fields);
  body.set('csrfmiddlewaretoken', token());
  const answer = await fetch(entry.url, { method: 'POST', body, headers: { Accept: 'application/json' }, redirect: 'manual' });
  if (answer.type === 'opaqueredirect') return { signedOut: true };
  return answer.json();
}

function showConflict(name, entry, said) {
  const list = document.querySelector('[data-conflicts]');
  const line = list.querySelector('template').content.cloneNode(true);
  const labels = (field, value) => {
    const known = document.querySelector(`[name="v.${field}"][value="${value}"]`);
    return known ? known.closest('label').textContent.trim() : value || '-';
  };
  line.querySelector('[data-which]').textContent = entry.title;
  const rows = line.querySelector('[data-rows]');
  for (const [field, theirs] of Object.entries(said.theirs)) {
    const mine = entry.fields[`v.${field}`] || '';
    if (mine === theirs) continue;
    const row = document.createElement('li');
    row.textContent = `${(entry.words || {})[field] || field}: ${labels(field, mine)} / ${labels(field, theirs)}`;
    rows.append(row);
  }
  const card = line.querySelector('[data-conflict]');
  line.querySelector('[data-drop]').addEventListener('click', () => { localStorage.removeItem(name); card.remove(); });
  line.querySelector('[data-mine]').addEventListener('click', async () => {
    entry.fields.expected = String(said.version);
    entry.fields.key = `${entry.fields.key}-${said.version}`;
    localStorage.setItem(name, JSON.stringify(entry));
    card.remove();
    await sendAll();
  });
  list.hidden = false;
  list.append(line);
}

async function sendAll() {
  for (const name of kept()) {
    const entry = JSON.parse(localStorage.getItem(name));
    let said;
    try { said = await send(entry); } catch (problem) { say(box.dataset.kept); return; }
    if (said.signedOut) { say(box.dataset.signIn); return; }
    if (said.saved) { localStorage.removeItem(name); say(box.dataset.sent); }
    else if (said.conflict) { showConflict(name, entry, said); say(box.dataset.conflict); }
    else { localStorage.removeItem(name); say(`${box.dataset.refused} (${said.code})`); }
  }
}

for (const line of document.querySelectorAll('[data-slider]')) {
  const range = line.querySelector('[type=range]');
  const number = line.querySelector('[type=number]');
  line.querySelector('[data-with-script]').hidden = false;
  range.addEventListener('input', () => { number.value = range.value; });
  number.addEventListener('input', () => { if (number.value !== '') range.value = number.value; });
  for (const button of line.querySelectorAll('[data-by]')) {
    button.addEventListener('click', () => {
      const next = Number(number.value || range.min) + Number(button.dataset.by);
      number.value = Math.min(Number(range.max), Math.max(Number(range.min), next));
      range.value = number.value;
    });
  }
  if (number.value !== '') range.value = number.value;
}

if (form) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries([...new FormData(form)].filter(([name]) => name !== 'csrfmiddlewaretoken'));
    fields.written = new Date().toISOString();
    const words = {};
    for (const one of form.querySelectorAll('[data-item]')) words[one.dataset.item] = one.dataset.text;
    const entry = { url: form.action, fields, title: form.dataset.title, words };
    localStorage.setItem(NAME + form.dataset.day.padStart(4, '0'), JSON.stringify(entry));
    say(box.dataset.sending);
    await sendAll();
    if (kept().length === 0 && box.textContent === box.dataset.sent) location.assign(form.dataset.then);
    else box.scrollIntoView({ block: 'center' });
  });
}
addEventListener('online', sendAll);
if (navigator.onLine) sendAll(); else if (kept().length) say(box.dataset.kept);
if ('serviceWorker' in navigator) navigator.serviceWorker.register(box.dataset.worker).catch(() => {});
for (const out of document.querySelectorAll('[data-sign-out]')) {
  out.addEventListener('submit', () => {
    for (const name of kept()) localStorage.removeItem(name);
    if ('caches' in window) caches.delete('diary-1');
  });
}
