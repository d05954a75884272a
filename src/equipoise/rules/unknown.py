"""The third truth value: an answer that nobody has given yet."""

from __future__ import annotations

from typing import Final, NoReturn


class Unknown:
    """The type of `UNKNOWN`. There is one instance, which pickles and copies to itself."""

    __slots__ = ()

    def __new__(cls) -> Unknown:
        """Give the one instance."""
        return UNKNOWN

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> NoReturn:
        """Refuse, so that an unknown answer can never pass or fail by accident."""
        raise TypeError("UNKNOWN is neither true nor false: test it with `is UNKNOWN` first.")

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final[Unknown] = object.__new__(Unknown)
