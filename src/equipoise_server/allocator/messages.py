"""What a message says: a verb and plain values one way, an answer or a refusal the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from equipoise import errors
from equipoise.errors import AllocatorSilent, EquipoiseError
from equipoise.errors.said import put_together, said_of, taken_apart

Given = dict[str, Any]
INSTANT = "at"  # the one parameter that is an instant


def question(verb: str, given: Mapping[str, Any], nonce: str) -> bytes:
    """A request as bytes."""
    plain = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in given.items()
    }
    return json.dumps({"verb": verb, "given": plain, "nonce": nonce}).encode()


def asked(content: bytes) -> tuple[str, Given, str]:
    """Verb, values and nonce of a request.

    Raises:
        ValueError, TypeError, KeyError: it is none.

    """
    message = json.loads(content)
    given: Given = dict(message["given"])
    if INSTANT in given:
        given[INSTANT] = datetime.fromisoformat(given[INSTANT])
        if given[INSTANT].tzinfo is None:
            raise ValueError("an instant without a time zone")
    return str(message["verb"]), given, str(message["nonce"])


def answer(value: object, nonce: str) -> bytes:
    """An answer as bytes."""
    return json.dumps({"answer": value, "nonce": nonce}).encode()


def refusal(problem: EquipoiseError, nonce: str) -> bytes:
    """A refusal as bytes: its code and its sentence, with what that was made of."""
    told = taken_apart(said_of(problem))
    return json.dumps({"refused": [problem.code, told], "nonce": nonce}).encode()


def answered(content: bytes, nonce: str) -> Any:
    """What was answered to the request of this nonce.

    Raises:
        EquipoiseError: the refusal, of its own class and in its own words.
        AllocatorSilent: the answer belongs to another request, or is none.

    """
    try:
        message = json.loads(content)
        if message["nonce"] != nonce:
            raise AllocatorSilent("its answer belongs to another request")
        if "refused" in message:
            code, told = message["refused"]
            sentence = put_together(told)
            raise rebuilt(str(code), sentence if isinstance(sentence, str) else "")
        return message["answer"]
    except (ValueError, TypeError, KeyError) as problem:
        raise AllocatorSilent("its answer cannot be read") from problem


def rebuilt(code: str, sentence: str) -> EquipoiseError:
    """A refusal that was made elsewhere, as its own class."""
    kind = _classes(EquipoiseError).get(code, errors.IntegrityError)
    problem = kind.__new__(kind)
    Exception.__init__(problem, sentence)
    return problem


def _classes(root: type[EquipoiseError]) -> dict[str, type[EquipoiseError]]:
    found = {root.code: root}
    for kind in root.__subclasses__():
        found.update(_classes(kind))
    return found
