"""The ledger as lines of JSON, complete enough to verify every chain without equipoise."""

from __future__ import annotations

import json
from collections.abc import Iterable

from equipoise.exchange.bundle import Bundle
from equipoise.exchange.known_texts import KnownTexts
from equipoise.exchange.source import EntryLine

_quoted = KnownTexts(json.JSONEncoder(ensure_ascii=False).encode)


def write_ledger(bundle: Bundle, lines: Iterable[EntryLine]) -> None:
    """Write `ledger.jsonl`: one entry a line, `payload` as the stored canonical JSON."""
    with bundle.sheet("ledger.jsonl") as sheet:
        for line in lines:
            sheet.write(_line(line))
            sheet.rows += 1


def _line(line: EntryLine) -> str:
    chain, what, by = _quoted[line.chain], _quoted[line.what], _quoted[line.by]
    salt = "null" if line.salt is None else f'"{line.salt}"'
    return (
        f'{{"chain":{chain},"sequence":{line.sequence},"previous":"{line.previous}",'
        f'"what":{what},"by":{by},"at":"{line.at}","subject":"{line.subject}",'
        f'"payload_digest":"{line.payload_digest}","digest":"{line.digest}",'
        f'"salt":{salt},"payload":{line.data or "null"}}}\n'
    )
