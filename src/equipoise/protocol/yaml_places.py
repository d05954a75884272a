"""Read YAML into plain values and remember where each one stands.

A small, predictable part of YAML: text, numbers, true, false, null, lists and mappings.
`yes`, `no`, `on`, dates and times stay text, as they were written. Keys are text. Tags and
merge keys are refused, anchors are allowed where they do not blow up. The reader walks
events with its own stack, so no nesting can exhaust Python's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from equipoise.errors import Place
from equipoise.protocol.findings import Finding
from equipoise.protocol.places import FilePlaces, Path, Scalar

LARGEST_FILE = 2 * 1024 * 1024
DEEPEST = 40
MOST_VALUES = 100_000
MOST_ALIASES = 100
MOST_EXPANSION = 10

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: value
    for value in (True, False)
    for word in (str(value), str(value).lower(), str(value).upper())
}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What one YAML file says. `data` is None where the file could not be read at all."""

    data: object
    places: FilePlaces
    findings: tuple[Finding, ...]


def read_yaml(source: str, file: str) -> Document:
    """Read one YAML document. Never raises for anything that a file can hold."""
    builder = _Builder(file=file, source=source)
    try:
        for event in _events(source):
            builder.take(event)
    except _Stop:
        pass
    except yaml.YAMLError as problem:
        builder.report("study.yaml", *_syntax(problem, source))
    return builder.document()


def _events(source: str) -> Iterator[Any]:
    yield from yaml.parse(source, Loader=_LOADER)


def _syntax(problem: yaml.YAMLError, source: str) -> tuple[tuple[int, int], str]:
    mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
    said = getattr(problem, "problem", None) or getattr(problem, "reason", None) or "syntax error"
    if mark is None:
        bad = _UNPRINTABLE.search(source)
        at = _line_column(source, bad.start()) if bad else (1, 1)
        return at, f"This cannot be read as YAML: {said}. Remove the character that is not text."
    lines = source.splitlines() or [""]
    line = min(mark.line, len(lines) - 1)  # the end of the file counts to its last line
    column = mark.column if line == mark.line else len(lines[line])
    return (line + 1, column + 1), (
        f"This cannot be read as YAML: {said}. Check the indentation, colons and quotes here."
    )


def _line_column(source: str, index: int) -> tuple[int, int]:
    return source.count("\n", 0, index) + 1, index - source.rfind("\n", 0, index)


def resolve(text: str) -> object:
    """The value of an unquoted scalar.

    >>> [resolve(text) for text in ("12", "0.5", "true", "no", "007", "2026-02-30", "~")]
    [12, 0.5, True, 'no', '007', '2026-02-30', None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and not text.lstrip("+-").isdigit():
        number = float(text)
        return number if abs(number) < float("inf") else text
    return text


class _Stop(Exception):  # noqa: N818  not an error: the rest of the file is not read
    pass


@dataclass(slots=True, kw_only=True)
class _Frame:
    """An open list or mapping."""

    container: dict[str, Any] | list[Any]
    path: Path
    anchor: str | None
    before: int
    key: str | None = None
    skip: bool = False
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: object
    size: int
    height: int


@dataclass(slots=True, kw_only=True)
class _Builder:
    """Takes events in order and builds the value that they describe."""

    file: str
    source: str
    findings: list[Finding] = field(default_factory=list)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    scalars: dict[Path, Scalar] = field(default_factory=dict)
    stack: list[_Frame] = field(default_factory=list)
    anchors: dict[str, _Anchored | None] = field(default_factory=dict)
    root: object = None
    documents: int = 0
    read: int = 0
    expanded: int = 0
    aliases: int = 0

    def document(self) -> Document:
        places = FilePlaces(
            file=self.file,
            source=self.source,
            values=self.values,
            keys=self.keys,
            scalars=self.scalars,
        )
        return Document(data=self.root, places=places, findings=tuple(self.findings))

    def report(self, code: str, at: tuple[int, int], message: str) -> None:
        self.findings.append(
            Finding(code=code, severity="error", place=Place(self.file, *at), message=message)
        )

    def stop(self, code: str, at: tuple[int, int], message: str) -> None:
        self.report(code, at, message)
        self.root = None
        raise _Stop

    def take(self, event: Any) -> None:
        at = (event.start_mark.line + 1, event.start_mark.column + 1)
        match event:
            case yaml.DocumentStartEvent():
                self._start_document(at)
            case yaml.AliasEvent():
                self._alias(str(event.anchor), at)
            case yaml.ScalarEvent():
                self._scalar(event, at)
            case yaml.SequenceStartEvent():
                self._open([], event, at)
            case yaml.MappingStartEvent():
                self._open({}, event, at)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close()

    def _start_document(self, at: tuple[int, int]) -> None:
        self.documents += 1
        if self.documents > 1:
            self.stop("study.yaml", at, "A file holds one document: remove this `---` line.")

    def _count(self, at: tuple[int, int], event: Any) -> None:
        self.read += 1
        self.expanded += 1
        if self.read > MOST_VALUES:
            words = f"More than {MOST_VALUES:,} values in one file: split it, or remove values."
            self.stop("study.too-large", at, words)
        if event.tag is not None:
            self.stop("study.yaml", at, f"The YAML tag {event.tag!r} is not allowed: remove it.")

    def _scalar(self, event: Any, at: tuple[int, int]) -> None:
        self._count(at, event)
        text = event.value
        if _UNPRINTABLE.search(text):
            self.stop("study.encoding", at, "A control character stands in this text: remove it.")
        if self._wants_key():
            self._take_key(text, at)
            return
        style = event.style or ""
        value = text if style or not event.implicit[0] else resolve(text)
        path = self._place(value, at)
        self.scalars[path] = Scalar(event.start_mark.index, style)
        if event.anchor:
            self.anchors[event.anchor] = _Anchored(value, 1, 0)

    def _wants_key(self) -> bool:
        top = self.stack[-1] if self.stack else None
        return top is not None and isinstance(top.container, dict) and top.key is None

    def _take_key(self, key: str, at: tuple[int, int]) -> None:
        top = self.stack[-1]
        path = (*top.path, key)
        top.key = key
        if not isinstance(top.container, dict) or key not in top.container:
            self.keys.setdefault(path, at)
            return
        first = self.keys.get(path, at)
        top.skip = True
        self.report(
            "study.duplicate-key",
            at,
            f"The key `{key}` was already written on line {first[0]}: keep one of the two.",
        )

    def _open(self, container: dict[str, Any] | list[Any], event: Any, at: tuple[int, int]) -> None:
        self._count(at, event)
        if self._wants_key():
            self.stop("study.yaml", at, "A key must be text, not a list or a mapping.")
        if len(self.stack) >= DEEPEST:
            self.stop("study.too-deep", at, f"Nested deeper than {DEEPEST} levels: flatten this.")
        path = self._next_path()
        if event.anchor:
            self.anchors[event.anchor] = None
        self.values.setdefault(path, at)
        frame = _Frame(
            container=container, path=path, anchor=event.anchor, before=self.expanded - 1
        )
        self.stack.append(frame)

    def _close(self) -> None:
        frame = self.stack.pop()
        size = self.expanded - frame.before
        if frame.anchor:
            self.anchors[frame.anchor] = _Anchored(frame.container, size, frame.height)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, frame.height + 1)
        self._store(frame.container)

    def _alias(self, name: str, at: tuple[int, int]) -> None:
        self.read += 1
        self.aliases += 1
        target = self.anchors.get(name)
        if target is None:
            words = f"The alias `*{name}` refers to itself or to nothing: write the value out."
            self.stop("study.yaml", at, words)
            return
        if self._wants_key():
            self.stop("study.yaml", at, "A key must be text, not an alias.")
        self.expanded += target.size
        most = max(1000, MOST_EXPANSION * self.read)
        if self.aliases > MOST_ALIASES or self.expanded > most:
            words = "Aliases make this file expand too far: write the values out."
            self.stop("study.too-large", at, words)
        if len(self.stack) + target.height > DEEPEST:
            self.stop("study.too-deep", at, f"Nested deeper than {DEEPEST} levels: flatten this.")
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, target.height + 1)
        self._place(target.value, at)

    def _next_path(self) -> Path:
        if not self.stack:
            return ()
        top = self.stack[-1]
        step = len(top.container) if isinstance(top.container, list) else top.key or ""
        return (*top.path, step)

    def _place(self, value: object, at: tuple[int, int]) -> Path:
        path = self._next_path()
        self.values.setdefault(path, at)
        self._store(value)
        return path

    def _store(self, value: object) -> None:
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if isinstance(top.container, list):
            top.container.append(value)
            return
        if not top.skip:
            top.container[top.key or ""] = value
        top.key, top.skip = None, False
