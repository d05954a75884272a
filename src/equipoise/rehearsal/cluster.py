"""The same chunks on a Dask cluster. Needs the extra `cluster`; no engine of our own.

Dask runs a task again on another worker where one is lost; every trial has its own streams,
so the numbers are the same. A task is many chunks, a second of work or more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from equipoise.errors import MissingExtra, ScenarioError
from equipoise.rehearsal.chunks import Chunk, Part, Runner, run_chunk
from equipoise.rehearsal.trial import Design

GROUP = 40  # chunks in one task
RETRIES = 5
PATIENCE = "10s"


def run_chunks(design: Design, chunks: Sequence[Chunk], engine: str | None) -> list[Part]:
    """What one task does, on a worker."""
    return [run_chunk(design, chunk, engine) for chunk in chunks]


def cluster(address: str, engine: str | None = None, group: int = GROUP) -> Runner:
    """A runner on the cluster whose scheduler listens at `address`.

    Raises:
        MissingExtra: Dask is not installed.
        ScenarioError: nothing answers there.

    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError as missing:
        raise MissingExtra("cluster", "rehearsing on a Dask cluster") from missing

    def run(design: Design, chunks: Sequence[Chunk]) -> Iterator[Part]:
        if not chunks:
            return
        try:
            client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as wrong:
            raise ScenarioError(
                "", f"no Dask scheduler answers at {address!r} ({wrong}). Start one, or correct it."
            ) from wrong
        with client:
            groups = [list(chunks[i : i + group]) for i in range(0, len(chunks), group)]
            waiting = [
                client.submit(run_chunks, design, each, engine, pure=False, retries=RETRIES)
                for each in groups
            ]
            try:
                for future in waiting:
                    yield from future.result()
            finally:
                client.cancel(waiting)

    return run
