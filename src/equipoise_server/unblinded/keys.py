"""A signed-in person: their roles, and the key that this process holds for their session."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from time import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from nacl.signing import SigningKey

from equipoise_server.allocator import asking, proof
from equipoise_server.allocator.asking import Secret

IDLE_SECONDS = 15 * 60
Held = tuple[tuple[str, tuple[str, ...] | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Person:
    """Who is signed in. It has no representation: the key is never printed."""

    name: str
    held: Held
    key: SigningKey

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that the vault's register gives them."""
        return tuple(role for role, _ in self.held)

    def ask(self, verb: str, about: dict[str, Any], **more: Any) -> Any:
        """One request to the allocator under the session's key.

        Raises:
            AssertionRefused: the session has ended there.
            NotPermitted, AllocatorSilent.

        """
        return asking.with_key(self.name, self.key, verb, about, **more)


def enter(request: HttpRequest, secret: Secret) -> Person:
    """Sign in: the PIN proves the person, who accepts a new key for this session.

    Raises:
        AssertionRefused: name and PIN do not fit.

    """
    key = SigningKey.generate()
    told = asking.with_secret(secret, "enter", {"public_key": proof.public(key)})
    return _let_in(request, secret.person, key, told)


def about_entering(person: str, draw: str) -> dict[str, str]:
    """What a passkey signs to sign in: the key that this process will hold for the session."""
    return {"public_key": proof.public(_key_of(person, draw))}


def enter_by_passkey(
    request: HttpRequest, person: str, draw: str, assertion: Mapping[str, str]
) -> Person:
    """Sign in with what the person's device has signed; `draw` came from this process.

    Raises:
        AssertionRefused: it does not fit.

    """
    told = asking.with_passkey(person, "enter", about_entering(person, draw), assertion)
    return _let_in(request, person, _key_of(person, draw), told)


def _key_of(person: str, draw: str) -> SigningKey:
    """A key that only this process can make: nothing is kept until the person is known."""
    words = f"enter/{draw}/{person}".encode()
    return SigningKey(hmac.digest(settings.SECRET_KEY.encode(), words, "sha256"))


def _let_in(request: HttpRequest, person: str, key: SigningKey, told: Any) -> Person:
    request.session.cycle_key()
    request.session["person"] = person
    request.session["key"] = bytes(key).hex()
    request.session["held"] = told["roles"]
    request.session["seen"] = int(time())
    return Person(name=person, held=_held(told["roles"]), key=key)


def _held(listed: list[Any]) -> Held:
    return tuple((role, None if sites is None else tuple(sites)) for role, sites in listed)


def person_of(request: HttpRequest, now: float | None = None) -> Person | None:
    """Who is signed in, or nobody; a session that was idle for 15 minutes is gone."""
    session = request.session
    if "person" not in session:
        return None
    moment = int(time() if now is None else now)
    if moment - session["seen"] > IDLE_SECONDS:
        forget(request)
        return None
    session["seen"] = moment
    key = SigningKey(bytes.fromhex(session["key"]))
    return Person(name=session["person"], held=_held(session["held"]), key=key)


def forget(request: HttpRequest) -> None:
    """Drop the session and its key from memory."""
    request.session.flush()
