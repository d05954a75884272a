"""The allocator as a process: it listens at its doors and answers one message each time.

Work is done by a few threads, each with a database connection of its own. An answer leaves
at the next whole multiple of 50 ms after its question came, outside any lock: how long the
work took, and so what it was, cannot be seen.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from django.db import DatabaseError, close_old_connections

from equipoise.errors import (
    AllocatorSilent,
    EquipoiseError,
    IntegrityError,
    MessageUnreadable,
    NotPermitted,
    SealBroken,
    say,
)
from equipoise_server.allocator import frames, messages, sockets
from equipoise_server.allocator.verbs import BLINDED, REHEARSAL, VERBS

BEAT = 0.05  # seconds
PATIENCE = 10.0  # seconds for a question to arrive whole
THREADS = 8
IDLE = 5.0  # seconds
Doors = Mapping[Path, frozenset[str]]
log = logging.getLogger(__name__)
_used = threading.local()


def answer(content: bytes, verbs: frozenset[str]) -> bytes:
    """The answer of a door that understands `verbs`."""
    nonce = ""
    try:
        verb, given, nonce = messages.asked(content)
        if verb not in verbs:
            raise NotPermitted(
                say("send {verb} to this door of the allocator", verb=repr(verb)), "another door"
            )
        return messages.answer(VERBS[verb](**given), nonce)
    except EquipoiseError as problem:
        return messages.refusal(_fit_for(verbs, problem), nonce)
    except (ValueError, TypeError, KeyError, AttributeError):
        return messages.refusal(MessageUnreadable(), nonce)
    except Exception as problem:
        log.error("a message was not answered: %s", type(problem).__name__)
        _used.at = 0.0
        known = isinstance(problem, DatabaseError)
        why = "its database is out of reach" if known else "it failed, and its log says at what"
        return messages.refusal(AllocatorSilent(why), nonce)


def _fit_for(verbs: frozenset[str], problem: EquipoiseError) -> EquipoiseError:
    """What is broken in the vault names a place; the blinded side learns only that it is."""
    if verbs == BLINDED and isinstance(problem, SealBroken):
        return type(problem)("something in the vault")
    if verbs == BLINDED and isinstance(problem, IntegrityError):
        return SealBroken("something in the vault")
    return problem


def _work(content: bytes, verbs: frozenset[str]) -> bytes:
    _look_after_connections()
    return frames.pack(answer(content, verbs))


def _look_after_connections() -> None:
    """Try connections that lay idle, or that failed, before they are used again."""
    now = time.monotonic()
    if now - getattr(_used, "at", 0.0) > IDLE:
        close_old_connections()
    _used.at = now


def serve(doors: Doors, *, ready: Callable[[], None]) -> None:
    """Answer at every door until the process is told to stop. `ready`: called once it listens."""
    asyncio.run(_serve(doors, ready))


async def _serve(doors: Doors, ready: Callable[[], None]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="allocator")
    servers = [
        await asyncio.start_unix_server(
            _at_door(verbs, pool), sock=sockets.listen(path), limit=2 * frames.FRAME
        )
        for path, verbs in doors.items()
    ]
    ready()
    await stop.wait()
    for server in servers:
        server.close()
    for path in doors:
        path.unlink(missing_ok=True)
    pool.shutdown()


def _at_door(
    verbs: frozenset[str], pool: ThreadPoolExecutor
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], asyncio.Future[None]]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            content = await asyncio.wait_for(_question(reader), PATIENCE)
            began = time.monotonic()
            loop = asyncio.get_running_loop()
            said = await loop.run_in_executor(pool, _work, content, verbs)
            if verbs != REHEARSAL:
                await asyncio.sleep(BEAT - (time.monotonic() - began) % BEAT)
            writer.write(said)
            await writer.drain()
        except (OSError, EOFError, TimeoutError, frames.FrameError):
            pass  # whoever asked is gone, or said nothing that could be answered
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    return talk  # type: ignore[return-value]


async def _question(reader: asyncio.StreamReader) -> bytes:
    parts = []
    for _ in range(frames.MOST_FRAMES):
        part, more = frames.part_of(await reader.readexactly(frames.FRAME))
        parts.append(part)
        if not more:
            break
    return b"".join(parts)
