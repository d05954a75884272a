"""Where a value of the protocol comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, with_config

Origin = Literal["registered", "proxy", "proposal"]
"""`registered`: in the public registry record. `proxy`: taken from a sister study because
the record does not say. `proposal`: ours, not a fact about the registered study."""

Scalar = str | bool | int | float


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One stated value with its origin and source.

    `value` is None where the fact is not known; the page then says "not known".
    """

    value: Scalar | None = None
    unit: str | None = None
    origin: Origin | None = None
    source: str | None = None
