"""The files of a study folder: which there are, and their text."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from equipoise.errors import Place, StudyNotFound
from equipoise.protocol.findings import Finding
from equipoise.protocol.yaml_places import LARGEST_FILE

MOST_FILES = 500
PROTOCOL_FILE = "protocol.yaml"
CLEANING_FILE = "cleaning.yaml"
PARTICIPANTS_FILE = "participants.yaml"
IMAGING_FILE = "imaging.yaml"
PEOPLE_FILE = "people.yaml"
FOLDERS = {
    "forms": ".yaml",
    "scenarios": ".yaml",
    "lenses": ".yaml",
    "consent": ".md",
    "pages": ".md",
    "recipes": ".dicom",
}
AMENDMENTS = "amendments"
"""The sub-folder with amendments; each is read by `equipoise.protocol.overlay`, not with the study."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The text of each readable file by its name in the folder, and what was refused."""

    texts: dict[str, str]
    findings: tuple[Finding, ...]

    def under(self, folder: str) -> Iterator[tuple[str, str]]:
        """Name and text of the files of one sub-folder, sorted by name."""
        for name in sorted(self.texts):
            if name.startswith(f"{folder}/"):
                yield name, self.texts[name]


def find(name: str | os.PathLike[str]) -> Path:
    """The folder of a study: a path, or the name of a study that is shipped.

    Raises:
        StudyNotFound: there is neither.
    """
    text = os.fspath(name)
    try:
        for folder in _candidates(text):
            if folder.name == PROTOCOL_FILE and folder.is_file():
                return folder.parent
            if (folder / PROTOCOL_FILE).is_file():
                return folder
        if text and Path(text).is_dir():
            return Path(text)
    except (OSError, ValueError):
        pass
    raise StudyNotFound(text[:200])


def _candidates(name: str) -> Iterator[Path]:
    if not name:
        return
    yield Path(name)
    if Path(name).name == name and not name.startswith("."):
        here = Path(__file__).resolve()
        yield here.parents[1] / "studies" / name
        yield here.parents[3] / "studies" / name


def read_files(folder: Path) -> Files:
    """Read every file that belongs to a study, within the limits of size and number."""
    texts: dict[str, str] = {}
    findings: list[Finding] = []
    names = _names(folder)
    if len(names) > MOST_FILES:
        words = f"More than {MOST_FILES} files in the study folder: remove what does not belong."
        return Files(texts={}, findings=(_refusal("study.too-large", "", words),))
    for name in names:
        text = _known(name) and _read(folder, name)
        if isinstance(text, str):
            texts[name] = text
        else:
            findings.append(text or _ignored(name))
    return Files(texts=texts, findings=tuple(findings))


def _names(folder: Path) -> list[str]:
    found: list[str] = []
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith((".", "__")))
        if Path(parent) == folder and AMENDMENTS in folders:
            folders.remove(AMENDMENTS)
        found += [
            (Path(parent) / one).relative_to(folder).as_posix()
            for one in files
            if not one.startswith(".")
        ]
        if len(found) > MOST_FILES:
            break
    return sorted(found)


def _known(name: str) -> bool:
    if name in (PROTOCOL_FILE, CLEANING_FILE, PARTICIPANTS_FILE, IMAGING_FILE, PEOPLE_FILE):
        return True
    folder, _, rest = name.partition("/")
    return FOLDERS.get(folder) == Path(rest).suffix and "/" not in rest and bool(rest)


def _ignored(name: str) -> Finding:
    return Finding(
        code="study.ignored-file",
        severity="note" if "/" not in name else "warning",
        place=Place(_printable(name)),
        message="This file is not part of a study folder and was not read: move or rename it.",
    )


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _refusal(code: str, name: str, message: str, line: int = 0, column: int = 0) -> Finding:
    place = Place(_printable(name), line, column)
    return Finding(code=code, severity="error", place=place, message=message)


def _read(folder: Path, name: str) -> str | Finding:
    path = folder / name
    try:
        if folder.resolve() not in path.resolve().parents:
            return _refusal("study.unreadable", name, "This link leaves the study folder: copy it.")
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return _refusal("study.unreadable", name, "This is not an ordinary file: remove it.")
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as problem:
        why = problem.strerror or "input/output error"
        return _refusal("study.unreadable", name, f"Cannot be read ({why}): check its permissions.")
    if len(raw) > LARGEST_FILE:
        return _refusal("study.too-large", name, "Larger than 2 MiB: split or shorten the file.")
    return decoded(raw, name)


def decoded(raw: bytes, name: str) -> str | Finding:
    """The text of a file (UTF-8, with or without byte order mark), or why it is none."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        before = raw[: problem.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return _refusal("study.encoding", name, "Not UTF-8 text: save as UTF-8.", line, column)
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        return _refusal("study.encoding", name, "Holds zero bytes: save it as UTF-8.", line, 1)
    return text.replace("\r\n", "\n")
