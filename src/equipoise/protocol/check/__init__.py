"""Find everything that is wrong with a study, all at once, each with its place."""

from __future__ import annotations

import os

from equipoise.protocol.check.families import FAMILIES
from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding, in_order
from equipoise.protocol.load import Loaded, read
from equipoise.protocol.model import Study

__all__ = ["FAMILIES", "check", "check_folder", "check_loaded"]


def check(study: Study) -> tuple[Finding, ...]:
    """Everything that is wrong with a loaded study, in the order of its files.

    Lines and columns come from the folder that the study was loaded from; where that
    folder has changed since, or is gone, the places name only the file.
    """
    return check_loaded(_again(study))


def check_folder(name: str | os.PathLike[str]) -> tuple[Finding, ...]:
    """Read a study folder and check it: findings of reading and of sense together.

    Raises:
        StudyNotFound: no folder and no shipped study of that name.
    """
    return check_loaded(read(name))


def check_loaded(loaded: Loaded) -> tuple[Finding, ...]:
    """Check what `read` gave. Where nothing could be loaded, only its own findings."""
    if loaded.study is None:
        return loaded.findings
    subject = Subject.of(loaded, loaded.study)
    found = [finding for family in FAMILIES for finding in family(subject)]
    return in_order((*loaded.findings, *found))


def _again(study: Study) -> Loaded:
    from equipoise.errors import ProtocolError
    from equipoise.protocol.places import Places

    try:
        loaded = read(study.folder)
        if loaded.study == study:
            return loaded
    except ProtocolError:
        pass
    homes = {f"forms/{name}": f"forms/{name}.yaml" for name in study.forms}
    homes |= {f"scenarios/{name}": f"scenarios/{name}.yaml" for name in study.scenarios}
    return Loaded(study=study, findings=(), places=Places(), files=homes)
