"""Canonical JSON and the digests built on it.

One value has one byte string, and so one SHA-256. The rules are few enough to be written
again in any language: keys sorted by code point, no spaces, UTF-8 unescaped, floats in
their shortest decimal form, dates ISO 8601, instants in UTC with `Z`, decimals as strings.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

MINIMUM_SALT = 16  # bytes


def canonical_json(value: object) -> bytes:
    """The one byte string of `value`.

    Takes None, bool, int, float, str, Decimal, date, aware datetime, Enum (its value),
    tuple, list, Mapping with text keys, and dataclass instances (their fields).

    Raises:
        TypeError: a type without a canonical form (bytes, set, time, NumPy scalar ...).
        ValueError: NaN, infinity, a naive datetime, two equal keys, a lone surrogate,
            or nesting without end.

    >>> canonical_json({"b": 1.5, "a": [None, True, "é"]}).decode()
    '{"a":[null,true,"é"],"b":1.5}'
    """
    try:
        return json.dumps(
            _plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()
    except UnicodeEncodeError as error:
        raise ValueError("text with a lone surrogate has no canonical form") from error
    except RecursionError as error:
        raise ValueError("the value is nested too deeply for a canonical form") from error


def sha256(value: object) -> str:
    """SHA-256 as 64 hexadecimal characters: of bytes as they are, of all else its canonical JSON."""
    content = bytes(value) if isinstance(value, bytes | bytearray) else canonical_json(value)
    return hashlib.sha256(content).hexdigest()


def salted(payload: bytes, salt: bytes) -> str:
    """HMAC-SHA256 of `payload` under `salt`, as 64 hexadecimal characters.

    Without the salt a short payload cannot be found by trying; with it, it can be checked.

    Raises:
        ValueError: a salt shorter than 16 bytes.

    """
    if len(salt) < MINIMUM_SALT:
        raise ValueError(f"a salt needs at least {MINIMUM_SALT} bytes; got {len(salt)}")
    return hmac.new(salt, payload, hashlib.sha256).hexdigest()


def _plain(value: object) -> Any:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {
            name: _plain(getattr(value, name)) for name in sorted(f.name for f in fields(value))
        }
    return _text(value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} has no canonical form: only finite numbers have one")
    return value


def _object(value: Mapping[Any, Any]) -> dict[str, Any]:
    pairs = [(_key(key), each) for key, each in value.items()]
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("two keys of a mapping are the same text")
    return {key: _plain(each) for key, each in sorted(pairs, key=lambda pair: pair[0])}


def _key(key: object) -> str:
    text = key.value if isinstance(key, Enum) else key
    if not isinstance(text, str):
        raise TypeError(f"a key must be text, got {type(text).__name__}")
    return str(text)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"{value.isoformat()} has no time zone, so it names no instant")
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} has no canonical form: only finite numbers have one")
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")
