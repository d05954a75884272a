"""The folder that `export --to fhir` writes."""

from __future__ import annotations

import json
from pathlib import Path

from equipoise.exchange.bundle import Bundle, Written, bundle
from equipoise.exchange.csv.codebook import exported_forms
from equipoise.exchange.fhir.language import Resource
from equipoise.exchange.fhir.questionnaire import questionnaire
from equipoise.exchange.fhir.research_study import research_study
from equipoise.exchange.source import About
from equipoise.protocol.model import Study


def write(study: Study, out: Path, *, about: About) -> tuple[Written, ...]:
    """Write `ResearchStudy.json` and one `Questionnaire-FORM.json` per blinded form.

    Raises:
        FolderNotEmpty, StorageFull: of `out`. Nothing was written.

    """
    with bundle(out) as files:
        _resource(files, "ResearchStudy.json", {**research_study(study), "date": about.at[:10]})
        for form in exported_forms(study):
            _resource(files, f"Questionnaire-{form.id}.json", questionnaire(study, form))
        files.add_checksums()
        return tuple(files.files)


def _resource(files: Bundle, path: str, resource: Resource) -> None:
    files.add(path, json.dumps(resource, ensure_ascii=False, indent=2) + "\n")
