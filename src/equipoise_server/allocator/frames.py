"""Messages of one size. A message is one frame, or several where it does not fit one.

A frame is 4096 bytes: four for the length of its content, one that tells whether another
follows, the content, and zeros. Whatever is asked, of whoever's place, looks alike outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

FRAME = 4096
_HEAD = 5
ROOM = FRAME - _HEAD
MOST_FRAMES = 1024


class FrameError(ValueError):
    """What arrived is no message."""


def pack(content: bytes) -> bytes:
    """`content` as whole frames."""
    return b"".join(_frames(content))


def _frames(content: bytes) -> Iterator[bytes]:
    starts = range(0, max(len(content), 1), ROOM)
    for start in starts:
        part = content[start : start + ROOM]
        more = start + ROOM < len(content)
        yield (len(part).to_bytes(4, "big") + bytes([more]) + part).ljust(FRAME, b"\0")


def part_of(frame: bytes) -> tuple[bytes, bool]:
    """The content of one frame, and whether another follows.

    Raises:
        FrameError: it was not made by `pack`.

    """
    size = int.from_bytes(frame[:4], "big")
    if len(frame) != FRAME or size > ROOM or frame[4] > 1 or any(frame[_HEAD + size :]):
        raise FrameError("not a frame")
    return frame[_HEAD : _HEAD + size], bool(frame[4])


def unpack(read: Callable[[], bytes]) -> bytes:
    """The content of the frames that `read` gives one by one.

    Raises:
        FrameError: a bad frame, or far too many.

    """
    parts = []
    for _ in range(MOST_FRAMES):
        part, more = part_of(read())
        parts.append(part)
        if not more:
            return b"".join(parts)
    raise FrameError("too long")
