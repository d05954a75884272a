/* Makes and uses passkeys: asks the server what is needed, lets the browser do it, sends the answer. */
"use strict";

(function () {
  if (document.documentElement.dataset.passkeys) return; // two forms of one page may bring it
  document.documentElement.dataset.passkeys = "ready";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  function wanted(options) {
    const asked = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
    if (asked.user) asked.user = { ...asked.user, id: bytes(asked.user.id) };
    if (asked.excludeCredentials) asked.excludeCredentials = named(asked.excludeCredentials);
    if (asked.allowCredentials) asked.allowCredentials = named(asked.allowCredentials);
    return { publicKey: asked };
  }

  function written(credential) {
    const said = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) said[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) said.transports = credential.response.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response: said,
      authenticatorAttachment: credential.authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  async function ask(place, make) {
    const form = place.closest("form");
    const body = new URLSearchParams({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    if (make) body.set("make", "1");
    const answer = await fetch(place.dataset.passkey, { method: "POST", body, credentials: "same-origin" });
    if (!answer.ok) throw new Error("refused");
    const options = wanted(await answer.json());
    return written(await (make ? navigator.credentials.create(options) : navigator.credentials.get(options)));
  }

  async function press(button, make) {
    const place = button.closest("[data-passkey]");
    const form = button.closest("form");
    const trouble = place.querySelector("[data-passkey-trouble]");
    button.disabled = true;
    if (trouble) trouble.hidden = true;
    try {
      place.querySelector("input[name=credential]").value = await ask(place, make);
    } catch (error) {
      if (trouble) trouble.hidden = false;
      return;
    } finally {
      button.disabled = false;
    }
    if (button.dataset.usePasskey === "stay") {
      place.querySelector("[data-passkey-done]").hidden = false;
      place.querySelector("input[name=code]").required = false;
    } else form.submit();
  }

  for (const button of document.querySelectorAll("[data-use-passkey]")) button.addEventListener("click", () => press(button, false));
  for (const button of document.querySelectorAll("[data-make-passkey]")) button.addEventListener("click", () => press(button, true));
})();
