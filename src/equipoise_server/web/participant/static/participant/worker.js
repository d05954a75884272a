// Keeps the pages of the diary for a phone without a connection. Network first; forgets on sign-out.
const NAME = 'diary-1';
self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEEP)).then(() => self.skipWaiting()));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const asked = event.request;
  const path = new URL(asked.url).pathname;
  const diary = /\/me\/diary\/(\d+\/)?$/.test(path);
  if (asked.method !== 'GET' || !(diary || KEEP.includes(path))) return;
  event.respondWith((async () => {
    const cache = await caches.open(NAME);
    try {
      const answer = await fetch(asked);
      if (answer.ok && !answer.redirected) await cache.put(asked, answer.clone());
      return answer;
    } catch (problem) {
      const kept = await cache.match(asked);
      if (kept) return kept;
      throw problem;
    }
  })());
});
