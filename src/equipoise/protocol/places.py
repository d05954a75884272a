"""Where each value of a study folder was written: file, line and column for every path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from equipoise.errors import Place

Key = str | int
Path = tuple[Key, ...]
"""Keys and list positions from the top of a file down to a value."""

BLOCK_STYLES = frozenset({"|", ">"})
QUOTES = frozenset({"'", '"'})


@dataclass(frozen=True, slots=True)
class Scalar:
    """Where the text of one scalar starts: a character index and the way it is written."""

    start: int
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlaces:
    """Positions of the values and keys of one file."""

    file: str
    source: str = field(repr=False, default="")
    values: Mapping[Path, tuple[int, int]] = field(repr=False, default_factory=dict)
    keys: Mapping[Path, tuple[int, int]] = field(repr=False, default_factory=dict)
    scalars: Mapping[Path, Scalar] = field(repr=False, default_factory=dict)

    def value(self, path: Path) -> Place:
        """Place of the value at `path`, or of the nearest value around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.values:
                return Place(self.file, *self.values[path[:length]])
        return Place(self.file, 1, 1) if self.source else Place(self.file)

    def key(self, path: Path) -> Place:
        """Place of the key that names `path`, or of the nearest value around it."""
        if path in self.keys:
            return Place(self.file, *self.keys[path])
        return self.value(path)

    def inside(self, path: Path, text: str, line: int, column: int) -> Place:
        """Place of a position inside the scalar at `path`, whose value is `text`.

        `line` and `column` are 1-based in `text`. Folding changes line breaks and
        indentation only, so the characters that are not blank are counted.
        """
        scalar = self.scalars.get(path)
        if scalar is None or not line:
            return self.value(path)
        lines = text.splitlines(keepends=True)
        before = "".join(lines[: line - 1]) + "".join(lines[line - 1 : line])[: column - 1]
        wanted = sum(not character.isspace() for character in before)
        return self._counted(scalar, wanted)

    def _counted(self, scalar: Scalar, wanted: int) -> Place:
        index = _text_start(self.source, scalar)
        seen = 0
        while index < len(self.source):
            character = self.source[index]
            if not character.isspace():
                if seen == wanted:
                    break
                seen += 1
                index += _escape_length(self.source, index, scalar.style)
            index += 1
        start = self.source.rfind("\n", 0, index) + 1
        return Place(self.file, self.source.count("\n", 0, index) + 1, index - start + 1)


def _text_start(source: str, scalar: Scalar) -> int:
    if scalar.style in BLOCK_STYLES:
        end = source.find("\n", scalar.start)
        return end + 1 if end >= 0 else len(source)
    return scalar.start + (scalar.style in QUOTES)


def _escape_length(source: str, index: int, style: str) -> int:
    doubled = style == "'" and source.startswith("''", index)
    escaped = style == '"' and source[index] == "\\"
    return 1 if doubled or escaped else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Positions in all files of a study folder. A path starts with the file's name."""

    files: Mapping[str, FilePlaces] = field(default_factory=dict)

    def _file(self, path: Path) -> FilePlaces:
        name = str(path[0]) if path else ""
        return self.files.get(name) or FilePlaces(file=name)

    def value(self, path: Path) -> Place:
        """Place of the value at `path`."""
        return self._file(path).value(path[1:])

    def key(self, path: Path) -> Place:
        """Place of the key that names `path`."""
        return self._file(path).key(path[1:])

    def inside(self, path: Path, text: str, line: int, column: int) -> Place:
        """Place of a position inside the expression `text` at `path`."""
        return self._file(path).inside(path[1:], text, line, column)

    def first_line(self, file: str) -> int:
        """The line on which the text of a Markdown file starts, after its front block."""
        known = self.files.get(file)
        return known.value(()).line if known else 1
