// A short sum that keeps mass mailers out: a worker finds the number under altcha's hash. A form
// sent sooner than a person can write is refused, so the button waits for that, too.
const since = () => performance.now() - (performance.getEntriesByType('navigation')[0] || { responseStart: 0 }).responseStart;
for (const line of document.querySelectorAll('[data-proof]')) {
  const form = line.closest('form');
  const button = form.querySelector('[type=submit]');
  const say = (text) => { line.textContent = text; };
  const solve = async () => {
    say(line.dataset.busy);
    try {
      const answer = await fetch(line.dataset.proof, { credentials: 'omit', cache: 'no-store' });
      const challenge = await answer.json();
      const worker = new Worker(line.dataset.worker);
      worker.onmessage = (event) => {
        worker.terminate();
        if (event.data === null) { say(line.dataset.failed); return; }
        const payload = { algorithm: challenge.algorithm, challenge: challenge.challenge, number: event.data, salt: challenge.salt, signature: challenge.signature };
        form.elements.proof.value = btoa(JSON.stringify(payload));
        setTimeout(() => { button.disabled = false; say(line.dataset.done); }, Math.max(0, challenge.least - since()));
      };
      worker.onerror = () => say(line.dataset.failed);
      worker.postMessage(challenge);
    } catch (problem) { say(line.dataset.failed); }
  };
  button.disabled = true;
  form.addEventListener('focusin', solve, { once: true });
  if (form.contains(document.activeElement)) solve();
  else if (form.dataset.soon !== undefined) solve();
}
