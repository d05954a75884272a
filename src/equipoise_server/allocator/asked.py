"""One request at the unblinded door whose proof was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from equipoise_server.allocator.register import Held
from equipoise_server.vault.models import Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A person who has proved themselves, as what they are entered, and with what."""

    person: str
    held: Held
    credential: Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for what, when; `second` verified it; `release`: a custodian's unused code."""

    by: Proved
    about: Mapping[str, Any]
    at: datetime
    second: Proved | None = None
    release: Credential | None = None

    @property
    def person(self) -> str:
        """Who asks."""
        return self.by.person

    @property
    def held(self) -> Held:
        """What they are entered as."""
        return self.by.held

    @property
    def credential(self) -> Credential:
        """What they proved themselves with."""
        return self.by.credential

    def text(self, name: str) -> str:
        """One text that the request is about.

        Raises:
            TypeError: it is no text.

        """
        value = self.about[name]
        if not isinstance(value, str):
            raise TypeError(name)
        return value

    def whole(self, name: str) -> int:
        """One whole number that the request is about.

        Raises:
            TypeError: it is none.

        """
        value = self.about[name]
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(name)
        return value
