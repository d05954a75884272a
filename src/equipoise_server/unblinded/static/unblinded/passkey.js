/* Passkeys of the unblinded side: the device signs the challenge of one request, or makes a key. */
"use strict";

(function () {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const random = (size) => crypto.getRandomValues(new Uint8Array(size));

  async function use(place, form) {
    const publicKey = { challenge: bytes(place.dataset.passkey), userVerification: "required", timeout: 110000 };
    const found = await navigator.credentials.get({ publicKey });
    form.elements.credential.value = found.id;
    form.elements.authenticator_data.value = text(found.response.authenticatorData);
    form.elements.client_data.value = text(found.response.clientDataJSON);
    form.elements.signature.value = text(found.response.signature);
  }

  async function make(place, form) {
    const name = form.elements.person.value;
    const publicKey = {
      challenge: random(32),
      rp: { name: "equipoise, unblinded side" },
      user: { id: random(32), name, displayName: name },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "none",
    };
    const found = await navigator.credentials.create({ publicKey });
    form.elements.attestation.value = text(found.response.attestationObject);
  }

  async function press(button, act) {
    const place = button.closest("[data-passkey]");
    const form = button.closest("form");
    const trouble = place.querySelector("[data-passkey-trouble]");
    trouble.hidden = true;
    button.disabled = true;
    try {
      await act(place, form);
    } catch (error) {
      trouble.hidden = false;
      button.disabled = false;
      return;
    }
    form.submit();
  }

  if (!window.PublicKeyCredential) return;
  for (const place of document.querySelectorAll("[data-passkey]")) place.hidden = false;
  for (const button of document.querySelectorAll("[data-use-passkey]")) button.addEventListener("click", () => press(button, use));
  for (const button of document.querySelectorAll("[data-make-passkey]")) {
    button.addEventListener("click", () => { if (button.form.reportValidity()) press(button, make); });
  }
})();
