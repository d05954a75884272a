"""Where a value of the protocol comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, with_config

from equipoise.protocol.frozen import Text

Origin = Literal["registered", "proxy", "proposal"]
"""`registered`: in the public registry record. `proxy`: taken from a sister study because
the record does not say. `proposal`: ours, not a fact about the registered study."""

Scalar = str | bool | int | float


@with_config(ConfigDict(extra="forbid", arbitrary_types_allowed=True))
@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One stated value with its origin and source.

    `value` is None where the fact is not known; the page then says "not known". `label`
    names the fact for people; without one its key does.
    """

    label: Text | None = None
    value: Scalar | None = None
    unit: str | None = None
    origin: Origin | None = None
    source: str | None = None

    def named(self, key: str, language: str) -> str:
        """What the fact is about, in words.

        >>> Fact(value=12).named("number_of_sites", "en")
        'Number of sites'
        """
        return self.label.say(language) if self.label else key.replace("_", " ").capitalize()
