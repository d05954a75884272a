"""Codes and salts: codes that the vault's keeper hands out on paper: how they are made and read."""

from __future__ import annotations

import secrets

from equipoise_server.allocator import proof

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
GROUPS = 4
GROUP = 5


def new_code() -> str:
    """A code of 100 random bits such as `7K3MQ-9TXW4-...`, without 0, O, 1 and I."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))


def new_salt() -> str:
    """A salt for one PIN or code."""
    return secrets.token_hex(proof.SALT_BYTES)


def plain(code: str) -> str:
    """A code as it was made, however it was typed."""
    letters = "".join(code.upper().split()).replace("-", "")
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))


def release_name(code: str) -> str:
    """The part of a release code that finds it; the rest proves that one has it."""
    return f"release/{plain(code)[:GROUP]}"
