"""Which PINs are accepted. The allocator never sees one, so that this is the place to look."""

from __future__ import annotations

from equipoise.errors import PinUnfit

SHORTEST, LONGEST = 8, 64
_ROWS = ("01234567890", "09876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "password")


def require_fit(pin: str, name: str) -> None:
    """Refuse a PIN that is too short or easily guessed.

    Raises:
        PinUnfit: it is.

    """
    low = pin.casefold()
    in_a_row = any(low[:SHORTEST] in row or row in low for row in _ROWS)
    repeated = len(set(low)) < 4
    named = len(name) > 2 and name.casefold() in low
    if not SHORTEST <= len(pin) <= LONGEST or in_a_row or repeated or named:
        raise PinUnfit
