"""Load a study folder: read, validate, settle origins, freeze, give it its digest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from equipoise.errors import Place, ProtocolError, StudyUnreadable
from equipoise.protocol.cleaning import Cleaning
from equipoise.protocol.finalising import Lens
from equipoise.protocol.findings import Finding, errors, in_order
from equipoise.protocol.folder import (
    CLEANING_FILE,
    IMAGING_FILE,
    PARTICIPANTS_FILE,
    PEOPLE_FILE,
    PROTOCOL_FILE,
    Files,
    find,
    read_files,
)
from equipoise.protocol.forms import Form
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.heirs import EXTENDS, inherited
from equipoise.protocol.identity import form_digest, study_digest
from equipoise.protocol.imaging import Imaging
from equipoise.protocol.model import Protocol, Study
from equipoise.protocol.origins import settled
from equipoise.protocol.participants_plan import ParticipantsPlan
from equipoise.protocol.people_plan import PeoplePlan
from equipoise.protocol.places import FilePlaces, Places
from equipoise.protocol.prose import first_lines, read_consents, read_pages
from equipoise.protocol.scenario import Scenario
from equipoise.protocol.shape import Shape
from equipoise.protocol.yaml_places import read_yaml

__all__ = ["Loaded", "find", "load", "read"]

T = TypeVar("T")
Kept = TypeVar("Kept", Form, Scenario, Lens)

UNREADABLE = frozenset(
    {"study.yaml", "study.encoding", "study.too-large", "study.too-deep", "study.unreadable"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a study folder gave: the study (None where it does not fit the model).

    `files` tells in which file each form and scenario stands, keyed `forms/ID` and
    `scenarios/ID`. `findings` are those of reading; `check` adds the rest.
    """

    study: Study | None
    findings: tuple[Finding, ...]
    places: Places = field(repr=False)
    files: Mapping[str, str] = field(repr=False, default_factory=dict)


def load(name: str | os.PathLike[str]) -> Study:
    """Load a study: a folder, or the name of a shipped one.

    Loading proves that every file can be read and fits the model. Whether the study makes
    sense is what `equipoise.protocol.check` says.

    Raises:
        StudyNotFound: no folder and no shipped study of that name.
        StudyUnreadable: encoding, size, depth or YAML syntax of a file.
        ProtocolError: the first thing that does not fit the model, with its place.
    """
    loaded = read(name)
    if loaded.study is not None:
        return loaded.study
    first = errors(loaded.findings)[0]
    kind = StudyUnreadable if first.code in UNREADABLE else ProtocolError
    raise kind(first.place, first.message)


def read(name: str | os.PathLike[str]) -> Loaded:
    """Read a study folder and say everything that is wrong with reading it, all at once.

    Raises:
        StudyNotFound: no folder and no shipped study of that name.
    """
    folder = find(name)
    files = read_files(folder)
    found = _understood(tuple(files.texts.items()), files.findings)
    study = found.study and replace(found.study, folder=str(folder))
    return replace(found, study=study)


@lru_cache(maxsize=4)
def _understood(texts: tuple[tuple[str, str], ...], refused: tuple[Finding, ...]) -> Loaded:
    """What these files say. Nothing changes it, so that it is worked out once per process."""
    files = Files(texts=dict(texts), findings=refused)
    reader = _Reader(files=files, findings=list(refused))
    protocol = reader.protocol()
    forms = reader.several("forms", Form)
    scenarios = reader.several("scenarios", Scenario)
    cleaning = reader.cleaning()
    participants = reader.participants()
    imaging = reader.imaging()
    people = reader.people()
    lenses = reader.several("lenses", Lens)
    prose = [*files.under("pages"), *files.under("consent"), *files.under("recipes")]
    places = Places(files={**reader.places, **first_lines(prose)})
    study = None
    if protocol and not errors(reader.findings):
        study = _study(protocol, forms, scenarios, cleaning, files, reader)
        study = study and replace(
            study,
            lenses=tuple(lenses.values()),
            participants=participants,
            people=people,
            imaging=imaging,
            recipes=Frozen({_stem(name): text for name, text in files.under("recipes")}),
        )
    return Loaded(
        study=study, findings=in_order(reader.findings), places=places, files=reader.homes
    )


def _stem(name: str) -> str:
    """`recipes/scan.dicom` is called `scan`."""
    return Path(name).stem


def _study(
    written: Protocol,
    forms: dict[str, Form],
    scenarios: dict[str, Scenario],
    cleaning: Cleaning,
    files: Files,
    reader: _Reader,
) -> Study | None:
    protocol = settled(written, written.origin)
    frozen = Frozen({name: settled(form, written.origin) for name, form in forms.items()})
    pages = read_pages(files.under("pages"), reader.findings)
    consents = read_consents(files.under("consent"), protocol.version, reader.findings)
    if errors(reader.findings):
        return None
    return Study(
        protocol=protocol,
        forms=frozen,
        scenarios=Frozen({name: settled(one, one.origin) for name, one in scenarios.items()}),
        pages=pages,
        consents=consents,
        digest=study_digest(protocol, frozen),
        form_digests=Frozen({name: form_digest(protocol, form) for name, form in frozen.items()}),
        folder="",
        cleaning=cleaning,
    )


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Reads the YAML files one after the other and gathers what is wrong with them."""

    files: Files
    findings: list[Finding]
    places: dict[str, FilePlaces] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)

    def protocol(self) -> Protocol | None:
        text = self.files.texts.get(PROTOCOL_FILE)
        if text is not None:
            return self._object(PROTOCOL_FILE, text, Protocol)
        if not any(one.place.file == PROTOCOL_FILE for one in self.findings):
            words = "There is no protocol.yaml in this folder: a study needs one."
            self._report("study.missing-file", Place(PROTOCOL_FILE), words)
        return None

    def cleaning(self) -> Cleaning:
        """The cleaning plan; an empty one where the folder has none."""
        text = self.files.texts.get(CLEANING_FILE)
        plan = text and self._object(CLEANING_FILE, text, Cleaning)
        return plan or Cleaning()

    def participants(self) -> ParticipantsPlan:
        """What participants do themselves; nothing where the folder does not say."""
        text = self.files.texts.get(PARTICIPANTS_FILE)
        plan = text and self._object(PARTICIPANTS_FILE, text, ParticipantsPlan)
        return plan or ParticipantsPlan()

    def people(self) -> PeoplePlan:
        """What staff need; as usual where the folder does not say."""
        text = self.files.texts.get(PEOPLE_FILE)
        plan = text and self._object(PEOPLE_FILE, text, PeoplePlan)
        return plan or PeoplePlan()

    def imaging(self) -> Imaging:
        """Which files belong to records and how they are read; nothing where it is not said."""
        text = self.files.texts.get(IMAGING_FILE)
        plan = text and self._object(IMAGING_FILE, text, Imaging)
        return plan or Imaging()

    def several(self, folder: str, model: type[Kept]) -> dict[str, Kept]:
        found: dict[str, Kept] = {}
        written = {name: self._document(name, text) for name, text in self.files.under(folder)}
        by_id = {str(data.get("id")): data for data in written.values() if data is not None}
        for name, data in written.items():
            one = None if data is None else self._built(name, self._whole(name, data, by_id), model)
            if one is None:
                continue
            if one.id in found:
                place = self.places[name].value(("id",))
                other = self.homes[f"{folder}/{one.id}"]
                words = f"`{one.id}` is already defined in {other}: choose another id."
                self._report("study.duplicate-id", place, words)
                continue
            found[one.id] = one
            self.homes[f"{folder}/{one.id}"] = name
        return found

    def _whole(
        self, name: str, data: dict[str, Any], by_id: Mapping[str, dict[str, Any]]
    ) -> dict[str, Any]:
        """A scenario with what it extends; any other document as it is."""
        if EXTENDS not in data or not name.startswith("scenarios/"):
            return data
        found = inherited(str(data.get("id")), by_id)
        if isinstance(found, str):
            place = self.places[name].value((EXTENDS,))
            self._report("study.schema", place, f"{found} Correct `{EXTENDS}`.")
            return data
        return found

    def _object(self, name: str, text: str, model: type[T]) -> T | None:
        data = self._document(name, text)
        return None if data is None else self._built(name, data, model)

    def _document(self, name: str, text: str) -> dict[str, Any] | None:
        document = read_yaml(text, name)
        self.places[name] = document.places
        self.findings += document.findings
        if any(finding.code in UNREADABLE for finding in document.findings):
            return None
        if not isinstance(document.data, dict):
            words = "Keys with values are expected here: the file is empty or something else."
            self._report("study.schema", document.places.value(()), words)
            return None
        return document.data

    def _built(self, name: str, data: dict[str, Any], model: type[T]) -> T | None:
        built, findings = Shape(model).build(data, self.places[name])
        self.findings += findings
        return built

    def _report(self, code: str, place: Place, message: str) -> None:
        self.findings.append(Finding(code=code, severity="error", place=place, message=message))
