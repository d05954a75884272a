"""Markdown of a study folder: consent documents and public pages, one file per language.

A file is named `NAME.LANGUAGE.md`. It may start with a block between two `---` lines that
holds `version:` (consent documents; without it the version of the protocol counts).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from equipoise.errors import Place
from equipoise.protocol.findings import Finding
from equipoise.protocol.model import ConsentText, Page
from equipoise.protocol.places import FilePlaces
from equipoise.protocol.yaml_places import read_yaml

_NAME = re.compile(r"(?:consent|pages)/([A-Za-z0-9_-]+)\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.md")
_FRONT = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)


def first_lines(files: Iterable[tuple[str, str]]) -> dict[str, FilePlaces]:
    """Where the text of each file starts, after its front block."""
    found = {}
    for file, text in files:
        body = _body(text)
        line = text.count("\n", 0, len(text) - len(body)) + 1
        found[file] = FilePlaces(file=file, source=text, values={(): (line, 1)})
    return found


def _body(text: str) -> str:
    front = _FRONT.match(text)
    return text[front.end() :].lstrip("\n") if front else text


def read_pages(files: Iterable[tuple[str, str]], findings: list[Finding]) -> tuple[Page, ...]:
    """Every public page, and into `findings` what is wrong with a file."""
    pages = []
    for file, text in files:
        named = _named(file, findings)
        if named:
            _, markdown = _split(file, text, findings)
            pages.append(Page(id=named[0], language=named[1], markdown=markdown))
    return tuple(pages)


def read_consents(
    files: Iterable[tuple[str, str]], version: str, findings: list[Finding]
) -> tuple[ConsentText, ...]:
    """Every consent document; `version` is that of the protocol."""
    consents = []
    for file, text in files:
        named = _named(file, findings)
        if named:
            own, markdown = _split(file, text, findings)
            consents.append(
                ConsentText(
                    id=named[0], version=own or version, language=named[1], markdown=markdown
                )
            )
    return tuple(consents)


def _named(file: str, findings: list[Finding]) -> tuple[str, str] | None:
    match = _NAME.fullmatch(file)
    if match:
        return match[1], match[2]
    words = "Name the file NAME.LANGUAGE.md, for example about.en.md."
    findings.append(
        Finding(code="study.file-name", severity="error", place=Place(file), message=words)
    )
    return None


def _split(file: str, text: str, findings: list[Finding]) -> tuple[str | None, str]:
    front = _FRONT.match(text)
    if front is None:
        return None, text
    document = read_yaml(front[1], file)
    findings += document.findings
    version = document.data.get("version") if isinstance(document.data, dict) else None
    if version is not None and not isinstance(version, str):
        words = f'`version` must be text. Write it in quotes: "{version}".'
        findings.append(
            Finding(code="study.schema", severity="error", place=Place(file, 2, 1), message=words)
        )
        version = None
    return version, _body(text)
