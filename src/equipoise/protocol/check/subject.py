"""The study under check, with ways to walk it and to say where something stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from typing import Any

from equipoise.errors import Place
from equipoise.protocol.findings import Finding, Severity
from equipoise.protocol.folder import (
    CLEANING_FILE,
    IMAGING_FILE,
    PARTICIPANTS_FILE,
    PEOPLE_FILE,
    PROTOCOL_FILE,
)
from equipoise.protocol.forms import Form
from equipoise.protocol.load import Loaded
from equipoise.protocol.model import Protocol, Study
from equipoise.protocol.moments import Moments, moments
from equipoise.protocol.names import Names, form_names, participant_names
from equipoise.protocol.places import Key, Path, Places


@dataclass(frozen=True, kw_only=True)  # no slots: `everything` is kept
class Subject:
    """What every finding family gets. Paths start with the name of a file."""

    study: Study
    places: Places
    files: Mapping[str, str]
    names: Names
    moments: Mapping[str, Moments]

    @classmethod
    def of(cls, loaded: Loaded, study: Study) -> Subject:
        """Work out names and moments once for all families."""
        return cls(
            study=study,
            places=loaded.places,
            files=loaded.files,
            names=participant_names(study.protocol, study.forms),
            moments=moments(study.protocol, study.forms),
        )

    @property
    def protocol(self) -> Protocol:
        """The protocol under check."""
        return self.study.protocol

    def days(self) -> dict[str, int]:
        """Planned day of each visit."""
        return {visit.id: visit.day for visit in self.protocol.visits}

    def inside(self, form: Form) -> Names:
        """The names that an expression inside a form may use."""
        return form_names(self.protocol, form, self.names)

    def form_path(self, form: str, *rest: Key) -> Path:
        """The path of something in the file of a form."""
        return (self.files.get(f"forms/{form}", f"forms/{form}.yaml"), *rest)

    def scenario_path(self, scenario: str, *rest: Key) -> Path:
        """The path of something in the file of a scenario."""
        return (self.files.get(f"scenarios/{scenario}", f"scenarios/{scenario}.yaml"), *rest)

    def item_path(self, form: Form, item: str, *rest: Key) -> Path:
        """The path of an item in the file of its form."""
        for number, group in enumerate(form.groups):
            for position, one in enumerate(group.items):
                if one.id == item:
                    return self.form_path(form.id, "groups", number, "items", position, *rest)
        return self.form_path(form.id)

    def roots(self) -> Iterator[tuple[Path, object]]:
        """Each file with the object that it holds."""
        yield (PROTOCOL_FILE,), self.protocol
        yield (CLEANING_FILE,), self.study.cleaning
        yield (PARTICIPANTS_FILE,), self.study.participants
        yield (PEOPLE_FILE,), self.study.people
        yield (IMAGING_FILE,), self.study.imaging
        for name, form in self.study.forms.items():
            yield self.form_path(name), form
        for name, scenario in self.study.scenarios.items():
            yield self.scenario_path(name), scenario

    @cached_property
    def everything(self) -> tuple[tuple[Path, object], ...]:
        """Each object and value of the study with its path, from the outside in."""
        return tuple(one for path, root in self.roots() for one in walk(path, root))

    def finding(
        self,
        code: str,
        path: Path,
        message: str,
        *,
        severity: Severity = "error",
        key: bool = False,
    ) -> Finding:
        """A finding at the value of a path, or at the key that names it."""
        place = self.places.key(path) if key else self.places.value(path)
        return Finding(code=code, severity=severity, place=place, message=message)

    def at(self, code: str, place: Place, message: str, severity: Severity = "error") -> Finding:
        """A finding at a place that is already known."""
        return Finding(code=code, severity=severity, place=place, message=message)


def walk(path: Path, value: object) -> list[tuple[Path, object]]:
    """Every object inside `value` with its path, `value` first."""
    found: list[tuple[Path, object]] = []
    _walk(found, path, value)
    return found


def _walk(found: list[tuple[Path, object]], path: Path, value: object) -> None:
    found.append((path, value))
    if isinstance(value, str | int | float | None):
        return
    kind: Any = type(value)
    for name in _fields(kind):
        _walk(found, (*path, name), getattr(value, name))
    if isinstance(value, Mapping):
        for key, entry in value.items():
            _walk(found, (*path, key), entry)
    elif isinstance(value, tuple):
        for number, entry in enumerate(value):
            _walk(found, (*path, number), entry)


@cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
