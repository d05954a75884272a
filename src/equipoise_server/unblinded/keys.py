"""A signed-in person: their roles, and the key that this process holds for their session."""

from __future__ import annotations

from dataclasses import dataclass
from time import time
from typing import Any

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
    request.session.cycle_key()
    request.session["person"] = secret.person
    request.session["key"] = bytes(key).hex()
    request.session["held"] = told["roles"]
    request.session["seen"] = int(time())
    return Person(name=secret.person, held=_held(told["roles"]), key=key)


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
