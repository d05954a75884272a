"""Codes that people read aloud, type and write on paper: participants and kits.

A code is random, so it tells nothing about order, number or arm, and ends in a check
character: the sum of its characters times powers of 2, modulo the prime 37, is 1. This is
ISO 7064 MOD 37-2: every single wrong character and every swap of two neighbours is found.
Random parts use 32 characters, without 0, O, 1 and I.

The functions are pure: the caller hands in fresh random bytes, and keeps codes unique.
"""

from __future__ import annotations

import hashlib
import re

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LONGEST_SITE = 12
MINIMUM_SOURCE = 16  # bytes

_MODULUS = 37
_VALUES = {c: v for v, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_RANDOM = f"[{ALPHABET}]"
_SITE = rf"[0-9A-Z]{{1,{LONGEST_SITE}}}"
_PARTICIPANT = re.compile(rf"{_SITE}-{_RANDOM}{{5}}-{_RANDOM}{{5}}")
_KIT = re.compile(rf"{_RANDOM}{{4}}-{_RANDOM}{{4}}")


def participant_code(site: str, source: bytes) -> str:
    """A code such as `S01-7K3MQ-9TXW4`: site, nine random characters, check character.

    Args:
        site: the site's code; case, hyphens, underscores and spaces are dropped, and 1 to
            12 of 0-9 A-Z must remain.
        source: at least 16 fresh random bytes; the same bytes give the same code.

    Raises:
        ValueError: a site that leaves no such code, or too few bytes.

    """
    prefix = re.sub(r"[-_ ]", "", site).upper()
    if not (site.isascii() and re.fullmatch(_SITE, prefix)):
        raise ValueError(
            f"site {site!r} must have 1 to {LONGEST_SITE} of 0-9 A-Z to stand in a code"
        )
    body = _checked(prefix, source, 9)
    return f"{prefix}-{body[:5]}-{body[5:]}"


def kit_code(source: bytes) -> str:
    """A code such as `7K3M-Q9TX`: seven random characters and the check character.

    Raises:
        ValueError: fewer than 16 bytes of `source`.

    """
    body = _checked("", source, 7)
    return f"{body[:4]}-{body[4:]}"


def is_valid(code: str) -> bool:
    """Whether `code` is a participant or kit code in canonical form with a right check character."""
    if not (_PARTICIPANT.fullmatch(code) or _KIT.fullmatch(code)):
        return False
    return _sum(code.replace("-", "")) == 1


def tidied(text: str) -> str:
    """What a person typed, as a code would be written: upper case, no spaces around or inside."""
    return re.sub(r"\s+", "", text).upper()


def _checked(prefix: str, source: bytes, length: int) -> str:
    """`length` random characters and a check character that also covers `prefix`."""
    if len(source) < MINIMUM_SOURCE:
        raise ValueError(f"a code needs at least {MINIMUM_SOURCE} random bytes; got {len(source)}")
    attempt = 0
    while True:
        body = _characters(prefix, source, attempt, length)
        check = (1 - 2 * _sum(prefix + body)) % _MODULUS
        found = next((c for c in ALPHABET if _VALUES[c] == check), None)
        if found:
            return body + found
        attempt += 1  # the check fell on 0, O, 1, I or *: about one time in seven


def _characters(prefix: str, source: bytes, attempt: int, length: int) -> str:
    """The prefix takes part, so that one source never gives a kit and a participant alike."""
    start = prefix.encode().ljust(LONGEST_SITE, b".") + attempt.to_bytes(4, "big")
    stream = hashlib.sha256(start + source).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in stream[:length])


def _sum(characters: str) -> int:
    total = 0
    for character in characters:
        total = (2 * total + _VALUES[character]) % _MODULUS
    return total
