"""Stored documents seen under another protocol version than the one they were saved under."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from equipoise.digest import canonical_json
from equipoise.errors import RecordUnreadable
from equipoise.forms import Operation, operations, read
from equipoise.protocol.finalising import Lens
from equipoise.protocol.identity import as_data
from equipoise_server.store.models import Amendment

_LENSES: TypeAdapter[tuple[Lens, ...]] = TypeAdapter(tuple[Lens, ...])

Document = Mapping[str, Any]


def written(lenses: tuple[Lens, ...]) -> str:
    """Lenses as an amendment keeps them."""
    return canonical_json([as_data(one) for one in lenses]).decode()


def seen(document: Document, form: str, *, saved: str, reading: str) -> Document:
    """A document of `form` saved under the version `saved`, as the version `reading` sees it.

    Both are digests of study versions. What is stored is not changed.

    Raises:
        RecordUnreadable: nothing leads from the one version to the other; an older version
            never reads what was saved under a newer one.

    """
    if saved == reading:
        return document
    chain = between(saved, reading)
    if chain is None:
        raise RecordUnreadable(form, "the document", "was saved under a version not read from here")
    for steps in chain:
        if form in steps:
            document = read(document, steps[form])
    return document


def between(saved: str, reading: str) -> tuple[Mapping[str, tuple[Operation, ...]], ...] | None:
    """The operations per form of each amendment from one version to the other, in order."""
    return _between(saved, reading)


@lru_cache(maxsize=64)
def _between(saved: str, reading: str) -> tuple[Mapping[str, tuple[Operation, ...]], ...] | None:
    """Amendments never change once they are published, so a way found stays."""
    found: list[Mapping[str, tuple[Operation, ...]]] = []
    known = {one.study_id: one for one in Amendment.objects.all()}
    at = reading
    while at != saved:
        amendment = known.get(at)
        if amendment is None:
            return None
        found.append(_steps(amendment))
        at = amendment.previous_id
    return tuple(reversed(found))


def _steps(amendment: Amendment) -> Mapping[str, tuple[Operation, ...]]:
    lenses = _LENSES.validate_python(json.loads(amendment.lenses), strict=False)
    return {one.form: operations(one.steps) for lens in lenses for one in lens.forms}


def forget() -> None:
    """Look for ways anew."""
    _between.cache_clear()
