"""The syntax of PDF objects (ISO 32000-1, 7.2 to 7.3): reading and writing them.

Numbers and the three words keep their bytes. A name is a `Name` without its escapes, a string
the bytes with their delimiters, an array a list, a dictionary a dict by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

DEEPEST = 60
_SPACE = b"\x00\t\n\x0c\r "
_ENDS = _SPACE + b"()<>[]{}/%"
_REFERENCE = re.compile(
    rb"(\d{1,9})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+R(?![^\x00\t\n\x0c\r ()<>\[\]{}/%])"
)
_WORD = re.compile(rb"[^\x00\t\n\x0c\r ()<>\[\]{}/%]+")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_PLAIN = re.compile(rb"[A-Za-z0-9_.\-+:@$&*!?;,=~^|'\"]")


class MalformedError(ValueError):
    """The bytes are no PDF object."""


class Name(bytes):
    """A name, such as `Type`, its escapes resolved."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an object."""

    number: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A dictionary and the bytes that follow it, still packed."""

    about: dict[bytes, Any]
    raw: bytes


class Reader:
    """Reads objects one after the other."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def skip(self) -> None:
        """Go on to what is neither blank nor comment."""
        data, end = self.data, len(self.data)
        while self.at < end:
            if data[self.at] in _SPACE:
                self.at += 1
            elif data[self.at : self.at + 1] == b"%":
                while self.at < end and data[self.at] not in b"\r\n":
                    self.at += 1
            else:
                return

    def value(self, depth: int = 0) -> Any:
        """The next object.

        Raises:
            MalformedError: there is none.

        """
        if depth > DEEPEST:
            raise MalformedError("nested too deep")
        self.skip()
        start = self.data[self.at : self.at + 2]
        if start == b"<<":
            return self._dictionary(depth)
        match start[:1]:
            case b"/":
                return self._name()
            case b"[":
                return self._array(depth)
            case b"(":
                return self._string()
            case b"<":
                return self._until(b">")
        return self._word()

    def _name(self) -> Name:
        self.at += 1
        found = _WORD.match(self.data, self.at)
        self.at = found.end() if found else self.at
        raw = found.group() if found else b""
        return Name(_ESCAPE.sub(lambda one: bytes([int(one[1], 16)]), raw))

    def _word(self) -> Any:
        found = _REFERENCE.match(self.data, self.at)
        if found:
            self.at = found.end()
            return Ref(int(found[1]))
        found = _WORD.match(self.data, self.at)
        if not found:
            raise MalformedError("an object was expected")
        self.at = found.end()
        return found.group()

    def _until(self, end: bytes) -> bytes:
        to = self.data.find(end, self.at)
        if to < 0:
            raise MalformedError("a string without end")
        found = self.data[self.at : to + len(end)]
        self.at = to + len(end)
        return found

    def _string(self) -> bytes:
        start, open_ones = self.at, 0
        while self.at < len(self.data):
            letter = self.data[self.at : self.at + 1]
            self.at += 2 if letter == b"\\" else 1
            open_ones += (letter == b"(") - (letter == b")")
            if open_ones == 0:
                return self.data[start : self.at]
        raise MalformedError("a string without end")

    def _array(self, depth: int) -> list[Any]:
        self.at += 1
        found = []
        while not self._closed(b"]"):
            found.append(self.value(depth + 1))
        return found

    def _dictionary(self, depth: int) -> dict[bytes, Any]:
        self.at += 2
        found = {}
        while not self._closed(b">>"):
            name = self.value(depth + 1)
            if not isinstance(name, Name):
                raise MalformedError("a dictionary with something else than names")
            found[bytes(name)] = self.value(depth + 1)
        return found

    def _closed(self, end: bytes) -> bool:
        self.skip()
        if self.at >= len(self.data):
            raise MalformedError("it ends too early")
        if not self.data.startswith(end, self.at):
            return False
        self.at += len(end)
        return True


def written(value: Any) -> bytes:
    """An object as bytes, names escaped anew."""
    match value:
        case Name():
            return _name_of(value)
        case Ref():
            return b"%d 0 R" % value.number
        case list():
            return b"[" + b" ".join(written(one) for one in value) + b"]"
        case dict():
            inner = b" ".join(_name_of(key) + b" " + written(one) for key, one in value.items())
            return b"<< " + inner + b" >>"
        case Stream():
            about = {**value.about, b"Length": b"%d" % len(value.raw)}
            return written(about) + b"\nstream\n" + value.raw + b"\nendstream"
        case _:
            return bytes(value)


def _name_of(name: bytes) -> bytes:
    return b"/" + b"".join(
        bytes([one]) if _PLAIN.match(bytes([one])) else b"#%02X" % one for one in name
    )
