"""Checkpoints: a signed note, kept outside the database, of how long each chain was.

A chain alone cannot show that its tail was cut, that a whole chain is gone, or that an
older copy of the database was put back. A checkpoint kept elsewhere can.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import connection

from equipoise.digest import canonical_json
from equipoise.errors import SealBroken, StorageFull
from equipoise_server.store.fields import instant_text

Heads = Mapping[str, tuple[int, str]]

_HEADS = (
    "SELECT e.chain, e.sequence, e.digest FROM store_ledgerentry e JOIN (SELECT chain, "
    "MAX(sequence) AS last FROM store_ledgerentry GROUP BY chain) l "
    "ON l.chain = e.chain AND l.last = e.sequence ORDER BY e.chain"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Length and newest digest of every chain at a moment."""

    at: str
    heads: Heads


def write(at: datetime) -> Path:
    """Sign the present heads and write them under `checkpoints/`; returns the file.

    Raises:
        StorageFull: the folder cannot be written.

    """
    body = {"at": instant_text(at), "chains": heads()}
    content = {**body, "count": len(body["chains"])}
    signed = {
        "checkpoint": content,
        "key": _public(),
        "signature": _key().sign(canonical_json(content)).hex(),
    }
    folder = Path(settings.EQUIPOISE_DIR) / "checkpoints"
    name = instant_text(at).replace(":", "").replace("-", "").replace(".", "")
    path = folder / f"checkpoint-{name}.json"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _write_whole(path, canonical_json(signed))
    except OSError as problem:
        raise StorageFull(str(path), problem.strerror or "input/output error") from problem
    return path


def heads() -> dict[str, tuple[int, str]]:
    """Length and newest digest of every chain now."""
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
        return {chain: (sequence, digest) for chain, sequence, digest in cursor.fetchall()}


def read(path: Path) -> Checkpoint:
    """A checkpoint whose signature is this instance's.

    Raises:
        SealBroken: it cannot be read, was changed, or was signed by another key.

    """
    what = f"checkpoint {path}"
    try:
        signed: dict[str, Any] = json.loads(path.read_bytes())
        content = signed["checkpoint"]
        _key().public_key().verify(bytes.fromhex(signed["signature"]), canonical_json(content))
        chains = {
            name: (int(length), str(head)) for name, (length, head) in content["chains"].items()
        }
        return Checkpoint(at=str(content["at"]), heads=chains)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidSignature) as problem:
        raise SealBroken(what) from problem


def seal(content: bytes) -> str:
    """The Ed25519 signature of this instance over `content`, in hex."""
    return _key().sign(content).hex()


def sealed(content: bytes, signature: str) -> bool:
    """Whether `signature` is this instance's over `content`."""
    try:
        _key().public_key().verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def make_key() -> None:
    """Write the signing key of the instance unless there is one, readable by its owner alone."""
    path = Path(settings.EQUIPOISE_CHECKPOINT_KEY)
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())


def _key() -> Ed25519PrivateKey:
    try:
        secret = Path(settings.EQUIPOISE_CHECKPOINT_KEY).read_bytes()
        return Ed25519PrivateKey.from_private_bytes(secret)
    except (OSError, ValueError) as problem:
        raise SealBroken("the checkpoints (the signing key is missing or damaged)") from problem


def _public() -> str:
    return _key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _write_whole(path: Path, content: bytes) -> None:
    """All of it or nothing: written beside, flushed, then renamed."""
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)
