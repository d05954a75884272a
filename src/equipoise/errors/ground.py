"""What every error has: a code, a sentence, perhaps a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class EquipoiseError(Exception):
    """Base of every error raised on purpose by equipoise."""

    code: ClassVar[str] = "error"


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a study file: 1-based line and column, both 0 where unknown."""

    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        if not self.file:
            return f"line {self.line}, column {self.column}"
        return f"{self.file}:{self.line}:{self.column}"
