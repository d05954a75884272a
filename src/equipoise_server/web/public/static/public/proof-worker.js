// SHA-256 of short texts, so that it also works where the page is not served through TLS.
const K = new Uint32Array(64);
{
  let n = 0;
  for (let candidate = 2; n < 64; candidate += 1) {
    let prime = true;
    for (let d = 2; d * d <= candidate; d += 1) if (candidate % d === 0) { prime = false; break; }
    if (prime) { const root = Math.cbrt(candidate); K[n] = Math.floor((root - Math.floor(root)) * 4294967296); n += 1; }
  }
}
const START = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const turn = (x, n) => (x >>> n) | (x << (32 - n));
const W = new Uint32Array(64);

function digest(text) {
  const bytes = new TextEncoder().encode(text);
  const blocks = ((bytes.length + 8) >> 6) + 1;
  const all = new Uint8Array(blocks * 64);
  all.set(bytes);
  all[bytes.length] = 0x80;
  const view = new DataView(all.buffer);
  view.setUint32(all.length - 4, bytes.length * 8);
  const h = Uint32Array.from(START);
  for (let at = 0; at < all.length; at += 64) {
    for (let i = 0; i < 16; i += 1) W[i] = view.getUint32(at + i * 4);
    for (let i = 16; i < 64; i += 1) {
      const a = W[i - 15]; const b = W[i - 2];
      W[i] = (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10)) + W[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + W[i - 16];
    }
    let [a, b, c, d, e, f, g, z] = h;
    for (let i = 0; i < 64; i += 1) {
      const one = (z + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      z = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += z;
  }
  return Array.from(h, (one) => one.toString(16).padStart(8, '0')).join('');
}

onmessage = (event) => {
  const { salt, challenge, maxnumber } = event.data;
  for (let number = 0; number <= maxnumber; number += 1) {
    if (digest(salt + number) === challenge) { postMessage(number); return; }
  }
  postMessage(null);
};
