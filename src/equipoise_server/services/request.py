"""A request is carried out once, whole or not at all, however often it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction

from equipoise.digest import canonical_json, sha256
from equipoise.errors import KeyReused, StorageFull
from equipoise_server.store.models import User

Answer = dict[str, Any]

_FIND = "SELECT request, answer FROM store_idempotencykey WHERE key = %s"
_KEEP = "INSERT INTO store_idempotencykey (key, request, answer, at) VALUES (%s, %s, %s, %s)"
_HOLD = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))"
_HOLD_BOTH = f"{_HOLD}, pg_advisory_xact_lock(hashtextextended(%s, 0))"
_FULL = ("disk is full", "disk I/O error", "No space left", "could not extend", "could not write")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asks for what, when, under which idempotency key.

    `body` is what the answer depends on. The time is not part of it: a retry comes later.
    """

    verb: str
    by: User
    at: datetime
    key: str
    body: Mapping[str, object]

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("`at` must be an aware datetime")
        if not 0 < len(self.key) <= 200:
            raise ValueError("a request key has 1 to 200 characters")

    def digest(self) -> str:
        """What a second request under the same key is compared with."""
        return sha256([self.verb, self.by.username, self.body])


def perform(request: Request, work: Callable[[], Answer]) -> Answer:
    """Do `work` in one transaction, or give the answer that the same request got before.

    Raises:
        KeyReused: the key was used for a different request.
        StorageFull: the disk is full or failing; nothing was written.

    """
    with whole(), connection.cursor() as cursor:
        known = answered(cursor, request)
        if known is not None:
            return known
        answer = work()
        remember(cursor, request, answer)
        return answer


@contextmanager
def whole() -> Iterator[None]:
    """One transaction (a savepoint inside another). A full disk becomes a plain sentence."""
    try:
        with transaction.atomic():
            yield
    except OperationalError as problem:
        if any(sign in str(problem) for sign in _FULL):
            raise StorageFull(str(settings.EQUIPOISE_DIR), str(problem)) from problem
        raise


def answered(cursor: Any, request: Request, chain: str = "") -> Answer | None:
    """The answer that this request got before, or None; holds the key until the end.

    With `chain` the chain of a participant is held too, in the same statement.

    Raises:
        KeyReused: the key was used for a different request.

    """
    if connection.vendor == "postgresql":
        cursor.execute(_HOLD_BOTH if chain else _HOLD, [f"key/{request.key}", *_chain(chain)])
    return answered_before(cursor, request)


def _chain(chain: str) -> list[str]:
    return [f"chain/{chain}"] if chain else []


def answered_before(cursor: Any, request: Request) -> Answer | None:
    """The same, without waiting for anybody: outside a transaction, for an early look.

    Raises:
        KeyReused: the key was used for a different request.

    """
    cursor.execute(_FIND, [request.key])
    found = cursor.fetchone()
    if found is None:
        return None
    if found[0] != request.digest():
        raise KeyReused(request.key)
    answer: Answer = json.loads(found[1])
    return answer


def remember(cursor: Any, request: Request, answer: Answer) -> None:
    """Keep the answer with the key, in the same transaction as what it acknowledges."""
    cursor.execute(_KEEP, row_of(request, answer))


def row_of(request: Request, answer: Answer) -> list[Any]:
    """The row in which a request and its answer are kept."""
    at = connection.ops.adapt_datetimefield_value(request.at)
    return [request.key, request.digest(), canonical_json(answer).decode(), at]
