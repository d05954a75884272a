"""Reading what a program sends: one JSON document, of a bounded size, that means one thing."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from ninja.errors import HttpError
from ninja.parser import Parser

DEEPEST = 20
"""How far lists and objects may lie in each other; the API itself asks for three."""
TYPE = "application/json"
_READ = "equipoise_document"


class Document(Parser):
    """Gives what was read before, by `take`: the usual reader overlooks much and says little."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The document."""
        return getattr(request, _READ)


def take(request: HttpRequest) -> None:
    """Read the body of a request that has one.

    Raises:
        HttpError: 413 too large, 415 not said to be JSON, 400 not JSON, or of two meanings.

    """
    body = whole(request)
    if not body:
        return
    given = request.content_type or "nothing"
    if given != TYPE:
        raise HttpError(415, f"Send {TYPE}, not {given[:60]!a}")
    setattr(request, _READ, read(body))


def whole(request: HttpRequest) -> bytes:
    """The body, as it was sent.

    Raises:
        HttpError: 413 too large, 400 cut off.

    """
    try:
        return request.body
    except RequestDataTooBig:
        raise HttpError(413, "The body is too large: 2.5 MB at most") from None
    except UnreadablePostError:
        raise HttpError(400, "The connection ended before the body did") from None


def read(body: bytes) -> Any:
    """A JSON document: UTF-8, finite numbers, no name twice in an object, not too deep.

    Raises:
        HttpError: 400, with the place where it can be told.

    """
    try:
        text = body.decode("utf-8")
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError as problem:
        raise HttpError(400, f"The body is not UTF-8 at byte {problem.start}") from None
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise HttpError(400, f"The body is not JSON at {where}: {problem.msg}") from None
    except RecursionError:
        raise HttpError(400, _TOO_DEEP) from None
    except ValueError as problem:  # a number of thousands of digits
        raise HttpError(400, f"The body cannot be read: {str(problem)[:100]}") from None
    _require_flat(found, DEEPEST)
    return found


_TOO_DEEP = f"The body is nested too deeply: {DEEPEST} levels at most"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name in found if sum(name == one for one, _ in pairs) > 1)
        raise HttpError(400, f"The name {twice[:60]!a} stands twice in one object")
    return found


def _constant(name: str) -> NoReturn:
    raise HttpError(400, f"{name} is no JSON number")


def _require_flat(value: Any, left: int) -> None:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not left:
        raise HttpError(400, _TOO_DEEP)
    for one in inside:
        if isinstance(one, dict | list):
            _require_flat(one, left - 1)
