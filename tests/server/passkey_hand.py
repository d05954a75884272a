"""A device that makes passkeys and signs with them, in software."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAG = AuthenticatorData.FLAG
OWNER = FLAG.UP | FLAG.UV


class Device:
    """One key for one site; `flags` say whether it was touched, and by whom."""

    def __init__(self, site: str = "localhost") -> None:
        self.site, self.key = site, ec.generate_private_key(ec.SECP256R1())
        self.credential = os.urandom(16)

    def attestation(self, flags: Any = OWNER) -> str:
        """What a browser sends of a passkey that was just made."""
        public = ES256.from_cryptography_key(self.key.public_key())
        held = AttestedCredentialData.create(Aaguid.NONE, self.credential, public)
        data = AuthenticatorData.create(self._site(), flags | FLAG.AT, 0, bytes(held))
        return websafe_encode(bytes(AttestationObject.create("none", data, {})))

    def _site(self) -> bytes:
        return hashlib.sha256(self.site.encode()).digest()

    def sign(self, challenge: str, *, flags: Any = OWNER, **changed: Any) -> dict[str, str]:
        """What a browser sends when the device has signed a challenge."""
        said = {"type": "webauthn.get", "origin": f"https://{self.site}", **changed}
        client = CollectedClientData.create(challenge=websafe_decode(challenge), **said)
        data = AuthenticatorData.create(self._site(), flags, 1)
        signature = self.key.sign(bytes(data) + client.hash, ec.ECDSA(SHA256()))
        return {
            "credential": websafe_encode(self.credential),
            "authenticator_data": websafe_encode(bytes(data)),
            "client_data": websafe_encode(bytes(client)),
            "signature": websafe_encode(signature),
        }
