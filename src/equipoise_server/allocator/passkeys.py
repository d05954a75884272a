"""Proofs by passkey (WebAuthn): what a device signs, and how the vault checks it.

The device signs a challenge that the browser was given, and the challenge is the digest of the
same words that a PIN's key signs: person, verb, everything the verb is about, and the nonce. So
an assertion is bound to participant and reason as well, and serves once. What the vault keeps
is the public key and the name of the site that it was made for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey, UnsupportedKey
from fido2.rpid import verify_rp_id
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AuthenticatorData, CollectedClientData

PARTS = ("credential", "authenticator_data", "client_data", "signature")
"""What a browser sends of an assertion, each as base64url without padding."""
_LONGEST = 1500


def challenge(signed: bytes) -> str:
    """The challenge for these words, as a browser takes it."""
    return websafe_encode(hashlib.sha256(signed).digest())


def made(attestation: str, site: str) -> dict[str, str]:
    """What the vault has to keep of a passkey that a browser has just made for `site`.

    Raises:
        ValueError: it is no passkey of this site, or its owner was not recognised.

    """
    try:
        found = AttestationObject(websafe_decode(attestation)).auth_data
    except Exception as problem:
        raise ValueError("no attestation") from problem
    held = found.credential_data
    if held is None or not _of_owner(found, site):
        raise ValueError("no passkey of this site")
    return {
        "site": site,
        "credential": websafe_encode(held.credential_id),
        "public_key": cbor.encode(dict(held.public_key)).hex(),
    }


def stored(site: str, public_key: str) -> str:
    """Site and key as the vault keeps them.

    Raises:
        ValueError: it is no key whose signatures can be checked.

    """
    try:
        known = not isinstance(_key(public_key), UnsupportedKey)
    except (ValueError, TypeError, LookupError):
        known = False
    if not known or not site or " " in site:
        raise ValueError("no public key of a passkey")
    if len(site) + len(public_key) > _LONGEST:
        raise ValueError("a public key is longer than it may be")
    return f"{site} {public_key}"


def fits(kept: str, given: Mapping[str, str], signed: bytes) -> bool:
    """Whether a device that holds the private half of `kept` has signed these words just so."""
    site, _, public_key = kept.partition(" ")
    try:
        said = CollectedClientData(websafe_decode(given["client_data"]))
        device = AuthenticatorData(websafe_decode(given["authenticator_data"]))
        if said.type != CollectedClientData.TYPE.GET or said.cross_origin:
            return False
        if websafe_encode(said.challenge) != challenge(signed):
            return False
        if not verify_rp_id(site, said.origin) or not _of_owner(device, site):
            return False
        _key(public_key).verify(device + said.hash, websafe_decode(given["signature"]))
    except (InvalidSignature, ValueError, TypeError, KeyError, LookupError, AttributeError):
        return False
    return True


def _of_owner(device: AuthenticatorData, site: str) -> bool:
    """Whether the device acted for this site, touched, and knew who touched it."""
    right = device.rp_id_hash == hashlib.sha256(site.encode()).digest()
    return right and device.is_user_present() and device.is_user_verified()


def _key(public_key: str) -> CoseKey:
    found = cbor.decode(bytes.fromhex(public_key))
    if not isinstance(found, Mapping):
        raise TypeError("a public key is a map")
    return CoseKey.parse(found)
