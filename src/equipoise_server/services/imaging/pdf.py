"""PDF: the pages are written anew, without what says who made them or what could act.

Document information, metadata, notes, form fields, bookmarks, actions and earlier revisions
stay behind. What stands on the pages themselves stays: a person has to look at it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any

from equipoise.errors import FileRefused, say
from equipoise_server.services.imaging.cleaned import Cleaned, Step, Wanted
from equipoise_server.services.imaging.jpeg import without_notes
from equipoise_server.services.imaging.pdf_syntax import (
    MalformedError,
    Name,
    Reader,
    Ref,
    Stream,
    written,
)

FORBIDDEN = frozenset(
    b"JavaScript JS EmbeddedFile EmbeddedFiles Launch RichMedia XFA GoToE SubmitForm ImportData "
    b"Movie Sound Rendition FileAttachment Collection".split()
)
"""Names of what can run, send, play or carry other files."""
LEFT = {
    b"Metadata": "Metadata",
    b"PieceInfo": "Data of the program that made it",
    b"Annots": "Notes, links and form fields",
    b"AcroForm": "Form",
    b"Names": "Name lists",
    b"Outlines": "Bookmarks",
    b"OpenAction": "Action on opening",
    b"AA": "Actions",
    b"StructTreeRoot": "Structure with its texts",
    b"Thumb": "Small pictures of pages",
    b"LastModified": "Time of the last change",
    b"Threads": "Article threads",
    b"PageLabels": "Names of pages",
    b"ActualText": "Hidden texts",
    b"Alt": "Descriptions",
}
"""Keys that are left behind wherever they stand."""
INFO = "Author, title, dates"
MOST_OBJECTS = 100_000
UNPACKED = 4
"""All streams unpacked are at most so many times the largest file."""

_OBJECT = re.compile(rb"(?<!\d)(\d{1,9})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+obj(?![a-z])")
_NEXT = re.compile(_OBJECT.pattern + rb"|(?<![a-z])trailer(?![a-z])")


def cleaned(data: bytes, wanted: Wanted) -> Cleaned:
    """The pages alone.

    Raises:
        FileRefused: it is damaged, encrypted, can act, carries files, or unpacks too far.

    """
    try:
        return _cleaned(data, wanted)
    except (
        MalformedError,
        ValueError,
        KeyError,
        IndexError,
        RecursionError,
        zlib.error,
    ) as problem:
        raise FileRefused("it is a damaged PDF") from problem


def _cleaned(data: bytes, wanted: Wanted) -> Cleaned:
    end = data.rfind(b"%%EOF")
    if end < 0 or data[end + 5 :].strip(b"\x00\r\n\t "):
        raise FileRefused("something follows the end of the PDF, or it has none. Export it again")
    found = _Found(wanted.largest * UNPACKED)
    found.read(data)
    root = found.objects.get(found.root.number) if found.root else None
    if not isinstance(root, dict) or b"Pages" not in root:
        raise FileRefused("it is a damaged PDF")
    left: dict[str, None] = dict.fromkeys([INFO] if found.info else ())
    order = _kept(found, left)
    steps = (
        Step(tag="Page", name="Pages", did="kept", value=str(found.pages())),
        *(Step(tag="", name=name, did="removed") for name in left),
    )
    return Cleaned(
        kind="pdf", data=_whole(found, order), steps=steps, frames=0, warnings=("not-checked",)
    )


class _Found:
    """Every object of a file; where one stands twice, the later one."""

    def __init__(self, limit: int) -> None:
        self.objects: dict[int, Any] = {}
        self.root: Ref | None = None
        self.info = False
        self._left = limit

    def read(self, data: bytes) -> None:
        """Read them all, in the order of the file."""
        at = 0
        while (place := _NEXT.search(data, at)) is not None:
            reader = Reader(data, place.end())
            if place[1] is None:
                self._trailer(reader.value())
            else:
                self._object(int(place[1]), self._with_stream(reader, reader.value()))
            at = reader.at
        for one in self.objects.values():
            _require_harmless(one)

    def _trailer(self, about: Any) -> None:
        if not isinstance(about, dict):
            raise MalformedError("a trailer that is none")
        if b"Encrypt" in about:
            raise FileRefused("the PDF is encrypted. Save it without a password")
        self.info = self.info or b"Info" in about
        if isinstance(about.get(b"Root"), Ref):
            self.root = about[b"Root"]

    def _with_stream(self, reader: Reader, value: Any) -> Any:
        reader.skip()
        data = reader.data
        if not isinstance(value, dict) or not data.startswith(b"stream", reader.at):
            return value
        start = reader.at + 6
        start += 2 if data.startswith(b"\r\n", start) else 1
        said = value.get(b"Length", b"")
        end = start + int(said) if isinstance(said, bytes) and said.isdigit() else -1
        if end < 0 or not data[end : end + 12].lstrip().startswith(b"endstream"):
            end = data.find(b"endstream", start)
            if end < 0:
                raise MalformedError("a stream without end")
        reader.at = data.index(b"endstream", end) + 9
        return Stream(value, data[start:end])

    def _object(self, number: int, value: Any) -> None:
        if len(self.objects) >= MOST_OBJECTS:
            raise FileRefused(
                say("the PDF has more than {most_objects} parts", most_objects=MOST_OBJECTS)
            )
        if isinstance(value, Stream):
            kind = value.about.get(b"Type")
            plain = self._unpacked(value)
            if kind == b"XRef":
                self._trailer(value.about)
                return
            if kind == b"ObjStm":
                self._several(value, plain)
                return
        self.objects[number] = value

    def _unpacked(self, stream: Stream) -> bytes:
        """A packed stream unpacked, within the limit of the whole file."""
        filters = stream.about.get(b"Filter", [])
        names = [filters] if isinstance(filters, Name) else filters
        if not isinstance(names, list) or sum(one in _PACKED for one in names) > 1:
            raise FileRefused("the PDF is packed more than once. Export it again")
        if not names or names[0] not in _FLATE:
            return stream.raw
        plain = zlib.decompressobj().decompress(stream.raw, self._left + 1)
        self._left -= len(plain)
        if self._left < 0:
            raise FileRefused("the PDF is too large when it is unpacked")
        return plain

    def _several(self, stream: Stream, plain: bytes) -> None:
        count, first = int(stream.about[b"N"]), int(stream.about[b"First"])
        if not 0 <= count <= MOST_OBJECTS or b"DecodeParms" in stream.about:
            raise MalformedError("a packed group that cannot be read")
        heads = [int(one) for one in plain[:first].split()[: 2 * count]]
        for number, offset in zip(heads[::2], heads[1::2], strict=True):
            self._object(number, Reader(plain, first + offset).value())

    def pages(self) -> int:
        """How many pages there are."""
        return sum(
            isinstance(one, dict) and one.get(b"Type") == b"Page" for one in self.objects.values()
        )


_FLATE = (b"FlateDecode", b"Fl")
_PACKED = (*_FLATE, b"LZWDecode", b"LZW", b"RunLengthDecode", b"RL")


def _require_harmless(value: Any) -> None:
    for name in _names(value):
        if bytes(name) in FORBIDDEN:
            raise FileRefused(
                say("the PDF can act or carries other files ({name})", name=name.decode())
            )


def _names(value: Any) -> Iterator[bytes]:
    match value:
        case Name():
            yield value
        case list():
            for one in value:
                yield from _names(one)
        case dict():
            for key, one in value.items():
                yield key
                yield from _names(one)
        case Stream():
            yield from _names(value.about)


def _kept(found: _Found, left: dict[str, None]) -> dict[int, int]:
    """The objects that the pages need, in their new order; the keys that stay behind go to `left`."""
    order: dict[int, int] = {}
    waiting = [found.root] if found.root else []
    while waiting:
        ref = waiting.pop()
        if ref.number in order:
            continue
        order[ref.number] = len(order) + 1
        value = _stripped(found.objects.get(ref.number, b"null"), left)
        found.objects[ref.number] = value
        waiting += reversed(list(_refs(value)))
    return order


def _stripped(value: Any, left: dict[str, None]) -> Any:
    match value:
        case list():
            return [_stripped(one, left) for one in value]
        case dict():
            left.update(dict.fromkeys(LEFT[key] for key in value if key in LEFT))
            return {key: _stripped(one, left) for key, one in value.items() if key not in LEFT}
        case Stream():
            about = _stripped(value.about, left)
            return Stream(about, _picture(about, value.raw))
        case _:
            return value


def _picture(about: dict[bytes, Any], raw: bytes) -> bytes:
    """A photograph without what its camera wrote into it."""
    filters = about.get(b"Filter")
    alone = filters[0] if isinstance(filters, list) and len(filters) == 1 else filters
    return without_notes(raw) if alone == b"DCTDecode" else raw


def _refs(value: Any) -> Iterator[Ref]:
    match value:
        case Ref():
            yield value
        case list():
            for one in value:
                yield from _refs(one)
        case dict():
            for one in value.values():
                yield from _refs(one)
        case Stream():
            yield from _refs({key: one for key, one in value.about.items() if key != b"Length"})


def _whole(found: _Found, order: dict[int, int]) -> bytes:
    parts, places, length = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"], [], 15
    for old, new in order.items():
        body = b"%d 0 obj\n" % new + written(_renumbered(found.objects[old], order)) + b"\nendobj\n"
        places.append(length)
        length += len(body)
        parts.append(body)
    count = len(order) + 1
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % count)
    parts += [b"%010d 00000 n \n" % place for place in places]
    parts.append(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, length))
    return b"".join(parts)


def _renumbered(value: Any, order: dict[int, int]) -> Any:
    match value:
        case Ref():
            return Ref(order[value.number]) if value.number in order else b"null"
        case list():
            return [_renumbered(one, order) for one in value]
        case dict():
            return {key: _renumbered(one, order) for key, one in value.items()}
        case Stream():
            about = {key: one for key, one in value.about.items() if key != b"Length"}
            return Stream(_renumbered(about, order), value.raw)
        case _:
            return value
