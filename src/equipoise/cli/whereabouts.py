"""Where in the study folder a refusal comes from, by the keys that its sentence quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from equipoise.errors import EquipoiseError, Place, ProtocolError
from equipoise.protocol.load import Loaded, read

_QUOTED = re.compile(r"`([\w.-]+:(?: [\w.-]+:)*)`?(?: `([\w.-]+)`)?")
Path = tuple[str | int, ...]


@contextmanager
def placed(study: str, scenario: str | None = None, path: Path = ()) -> Iterator[None]:
    """Give a refusal raised inside its file, line and column.

    The sentence quotes its keys, such as `outcomes: relief: hazards:`; they are looked up in
    the scenario, in those that it extends, then in the protocol. `path` is where to point in
    the protocol if it quotes none. A refusal about an option keeps no place.
    """
    try:
        yield
    except ProtocolError as problem:
        if not str(problem.place):
            found = _place(study, scenario, _keys(problem.problem) or path)
            problem.place = found or problem.place
        raise


def _keys(sentence: str) -> Path:
    quoted = _QUOTED.search(sentence)
    if quoted is None:
        return ()
    keys = tuple(quoted[1].rstrip(":").split(": "))
    return keys if quoted[2] is None else (*keys, quoted[2])


def _place(study: str, scenario: str | None, keys: Path) -> Place | None:
    if not keys:
        return None
    try:
        loaded = read(study)
    except EquipoiseError:
        return None
    family = tuple(_family(loaded, scenario))
    for file in (*family, "protocol.yaml"):
        places = loaded.places.files.get(file)
        if places is not None and keys[:1] in places.values:
            return places.value(keys)
    return Place(family[0], 1, 1) if family else None  # what is missing belongs there


def _family(loaded: Loaded, scenario: str | None) -> Iterator[str]:
    """The scenario's file, then those of the scenarios that it extends."""
    scenarios = {} if loaded.study is None else loaded.study.scenarios
    while scenario is not None and scenario in scenarios:
        yield f"scenarios/{scenario}.yaml"
        scenario = scenarios[scenario].extends
