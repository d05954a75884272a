"""What de-identification is given, and what it gives."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Literal

from equipoise.protocol.imaging import FileKind

Did = Literal["kept", "replaced", "blanked", "removed"]
SHIFTED_BY = 182
"""Dates are shifted by up to so many days, back or forth."""
SHOWN = 64
"""A kept value is shown up to this length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one part of a file. `value` is what stands there now, never what stood."""

    tag: str
    name: str
    did: Did
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """A de-identified file. `warnings` are codes of what the person must look at."""

    kind: FileKind
    data: bytes
    steps: tuple[Step, ...]
    frames: int = 1
    warnings: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The digest of the content, in hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a file is to be de-identified.

    `largest`: bytes of the file, and of its pictures unpacked. `code`: the name it gets.
    `shift`: days by which dates are shifted; None blanks them. `key`: of the hashes that
    replace identifiers.
    """

    kinds: tuple[FileKind, ...]
    largest: int
    code: str
    key: bytes = field(repr=False)
    modalities: tuple[str, ...] = ()
    recipe: str = ""
    shift: int | None = None


def keyed(key: bytes, what: str, text: str) -> bytes:
    """A keyed hash: the same text gives the same, and nobody without the key can tell which."""
    return hmac.new(key, f"{what}\x00{text}".encode(), hashlib.sha256).digest()


def days_of(key: bytes, participant: str) -> int:
    """By how many days the dates of a participant are shifted; never 0."""
    number = int.from_bytes(keyed(key, "shift", participant)[:8], "big") % (2 * SHIFTED_BY)
    return number - SHIFTED_BY if number < SHIFTED_BY else number - SHIFTED_BY + 1
