"""Asking at the unblinded door as a person: fetch a nonce, sign the request, send it.

For the process in which people type their PIN. The PIN stays in this call; what goes to the
allocator is a signature over one request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nacl.signing import SigningKey

from equipoise_server.allocator import client, passkeys, proof, register_names

About = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Secret:
    """What a person typed: a `pin` or a one-time `code`. It has no representation."""

    person: str
    kind: str
    typed: str


def with_key(person: str, key: SigningKey, verb: str, about: About, **more: Any) -> Any:
    """Ask with a key that this process holds for the person's session."""
    nonce = client.challenge(person=person, verb=verb, about=about)["nonce"]
    given = _signed(key, verb, person, about, nonce)
    return client.act(person=person, verb=verb, about=about, proof=given, **more)


def with_secret(
    secret: Secret, verb: str, about: About, *, release_code: str = "", nonce: str = "", **more: Any
) -> Any:
    """Ask with what the person typed just now, and a custodian's code where there is one.

    `nonce`: one that was fetched earlier for this request; the person had two minutes.
    """
    name = register_names.release_name(release_code) if release_code else ""
    asked = client.challenge(person=secret.person, verb=verb, about=about, release=name)
    key = proof.key_from(secret.typed, asked[secret.kind])
    nonce = nonce or asked["nonce"]
    given = _signed(key, verb, secret.person, about, nonce)
    if release_code:
        signed = proof.words(verb, secret.person, about, nonce)
        more["release"] = _of_custodian(release_code, asked["release"], signed)
    return client.act(person=secret.person, verb=verb, about=about, proof=given, **more)


def _of_custodian(code: str, salt: str, signed: bytes) -> dict[str, str]:
    """The proof that somebody holds a custodian's code."""
    key = proof.key_from(register_names.plain(code), salt)
    return {
        "name": register_names.release_name(code),
        "signature": key.sign(signed).signature.hex(),
    }


def with_passkey(
    person: str, verb: str, about: About, assertion: Mapping[str, str], *, release_code: str = ""
) -> Any:
    """Ask with what the person's device has signed; `assertion` holds the nonce too."""
    more: dict[str, Any] = {}
    if release_code:
        name = register_names.release_name(release_code)
        asked = client.challenge(person=person, verb=verb, about=about, release=name)
        signed = proof.words(verb, person, about, assertion["nonce"])
        more["release"] = _of_custodian(release_code, asked["release"], signed)
    return client.act(person=person, verb=verb, about=about, proof=dict(assertion), **more)


def challenged(person: str, verb: str, about: About) -> dict[str, str]:
    """A `nonce` for one request, and the `challenge` for a passkey that answers it."""
    nonce = client.challenge(person=person, verb=verb, about=about)["nonce"]
    signed = proof.words(verb, person, about, nonce)
    return {"nonce": nonce, "challenge": passkeys.challenge(signed)}


def release(first: tuple[Secret, str], other: tuple[Secret, str]) -> Any:
    """Two people release the allocation after lock, each with a reason and a secret typed now."""
    persons = [[one.person, why] for one, why in (first, other)]
    about = {"persons": persons}
    checked = second(other[0], "release", about, first=first[0].person)
    return with_secret(first[0], "release", about, second=checked)


def second(secret: Secret, verb: str, about: About, *, first: str) -> dict[str, str]:
    """The proof of a second person who has checked the request of the first."""
    about = {**about, "first": first}
    asked = client.challenge(person=secret.person, verb=verb, about=about)
    key = proof.key_from(secret.typed, asked[secret.kind])
    return {
        "person": secret.person,
        **_signed(key, verb, secret.person, about, asked["nonce"]),
    }


def _signed(key: SigningKey, verb: str, person: str, about: About, nonce: str) -> dict[str, str]:
    return {"nonce": nonce, "signature": proof.sign(key, verb, person, about, nonce)}
