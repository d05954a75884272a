"""What changed between two versions of a study, and what each change means for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from equipoise.protocol.identity import as_data
from equipoise.protocol.meaning import Meaning, meaning
from equipoise.protocol.model import Study
from equipoise.protocol.places import Path

Kind = Literal["added", "removed", "changed"]

NAMED_BY = ("id", "code", "role")
"""The key that tells the members of a list apart, whatever their order."""

_ABSENT: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `path` names things by their ids; values are plain data, or None."""

    path: str
    kind: Kind
    meaning: Meaning
    before: object = None
    after: object = None


def compare(old: Study, new: Study) -> tuple[Change, ...]:
    """Every difference between two studies, in the order of the new one, then what is gone.

    The class of a change is the most careful reading of it: `cosmetic` changes nothing that
    anybody measures or undergoes, `collects-more` asks for more data, `changes-meaning`
    makes data before and after differ, `needs-reconsent` touches what people agreed to.
    """
    return tuple(
        Change(
            path=".".join(str(step) for step in path),
            kind=kind,
            meaning=meaning(path, kind, before, after),
            before=before,
            after=after,
        )
        for path, kind, before, after in _differences((), _tree(old), _tree(new))
    )


def _tree(study: Study) -> dict[str, Any]:
    return {
        "protocol": as_data(study.protocol),
        "forms": {name: as_data(form) for name, form in study.forms.items()},
        "consent": {
            f"{one.id}.{one.language}": {"version": one.version, "markdown": one.markdown}
            for one in study.consents
        },
        "pages": {f"{one.id}.{one.language}": one.markdown for one in study.pages},
        "scenarios": {name: as_data(one) for name, one in study.scenarios.items()},
    }


Difference = tuple[Path, Kind, Any, Any]


def _differences(path: Path, old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _mappings(path, old, new)
    elif _named(old) and _named(new):
        before, after = _by_name(old), _by_name(new)
        yield from _mappings(path, before, after)
        if [name for name in before if name in after] != [name for name in after if name in before]:
            yield (*path, "(order)"), "changed", None, None
    elif old != new or type(old) is not type(new):
        yield path, "changed", old, new


def _mappings(path: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for key, after in new.items():
        before = old.get(key, _ABSENT)
        if before is _ABSENT:
            yield (*path, key), "added", None, after
        else:
            yield from _differences((*path, key), before, after)
    for key, before in old.items():
        if key not in new:
            yield (*path, key), "removed", before, None


def _named(value: Any) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        return False
    if not all(isinstance(one, Mapping) for one in value):
        return False
    names = [_name(one) for one in value]
    return None not in names and len(set(names)) == len(names)


def _name(one: Mapping[str, Any]) -> Any:
    return next((one[key] for key in NAMED_BY if key in one), None)


def _by_name(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {_name(one): one for one in values}
