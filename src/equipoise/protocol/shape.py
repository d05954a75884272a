"""Turn plain data into the model, and pydantic's complaints into findings with a place."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from equipoise.protocol.findings import Finding
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.places import FilePlaces, Path

T = TypeVar("T")

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.-]+")
UNKNOWN_KEY = frozenset({"unexpected_keyword_argument", "extra_forbidden"})
MISSING_KEY = frozenset({"missing", "missing_argument", "missing_keyword_only_argument"})
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
WANTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "tuple_type": "a list",
    "dict_type": "keys with values",
    "dataclass_type": "keys with values",
}


class Shape(Generic[T]):
    """Validates data against one class of the model.

    Strict, and through JSON: `"10"` is no number, `1` is not true, nothing is guessed.
    """

    def __init__(self, model: type[T]) -> None:
        self.model = model
        self._adapter = _adapter(model)

    def build(self, data: object, places: FilePlaces) -> tuple[T | None, tuple[Finding, ...]]:
        """The object, or None with one finding for each thing that does not fit."""
        try:
            return self._adapter.validate_json(json.dumps(data), strict=True), ()
        except ValidationError as problem:
            details = problem.errors(include_url=False, include_input=False)
            return None, tuple(_findings(self.model, data, details, places))


def _adapter(model: type[Any]) -> TypeAdapter[Any]:
    if model not in _ADAPTERS:
        _ADAPTERS[model] = TypeAdapter(model)
    return _ADAPTERS[model]


def _findings(
    model: type[Any], data: object, details: list[ErrorDetails], places: FilePlaces
) -> Iterable[Finding]:
    grouped: dict[Path, list[ErrorDetails]] = {}
    for detail in details:
        grouped.setdefault(_path(data, detail), []).append(detail)
    for path, found in grouped.items():
        yield _finding(model, data, path, found, places)


def _path(data: object, detail: ErrorDetails) -> Path:
    """The path in the data: pydantic's location without the names of union members."""
    steps: list[str | int] = []
    node = data
    for step in detail["loc"]:
        inside = (isinstance(node, Mapping) and step in node) or (
            isinstance(node, list) and isinstance(step, int) and step < len(node)
        )
        if inside:
            node = node[step]  # type: ignore[index]
            steps.append(step)
    if detail["type"] in MISSING_KEY:
        steps.append(detail["loc"][-1])
    return tuple(steps)


def _finding(
    model: type[Any], data: object, path: Path, found: list[ErrorDetails], places: FilePlaces
) -> Finding:
    first = found[0]
    kind = first["type"]
    if kind in MISSING_KEY:
        return _missing(model, path, places)
    if kind in UNKNOWN_KEY:
        message = _unknown_key(model, path)
        return Finding(
            code="study.unknown-key", severity="error", place=places.key(path), message=message
        )
    return Finding(
        code="study.schema",
        severity="error",
        place=places.value(path),
        message=_wrong_value(path, _value(data, path), found),
    )


def _missing(model: type[Any], path: Path, places: FilePlaces) -> Finding:
    owner = _type_at(model, path[:-1])
    inside = getattr(owner, "__name__", "this part").lower()
    key = path[-1]
    code, why = "study.missing-key", f"`{key}` is missing in this {inside}: add it."
    if inside == "scale" and key == "direction":
        code = "study.scale-direction"
        why = "This scale has no `direction`: say `higher-is-worse` or `higher-is-better`."
    return Finding(code=code, severity="error", place=places.value(path[:-1]), message=why)


def _unknown_key(model: type[Any], path: Path) -> str:
    owner = _type_at(model, path[:-1])
    known = [field.name for field in fields(owner)] if is_dataclass(owner) else []
    near = get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known keys are {', '.join(known)}."
    return f"Unknown key `{path[-1]}`: {hint}"


def _wrong_value(path: Path, value: object, found: list[ErrorDetails]) -> str:
    name = f"`{path[-1]}`" if path and isinstance(path[-1], str) else "This entry"
    first = found[0]
    if first["type"] == "literal_error":
        expected = str(first.get("ctx", {}).get("expected", ""))
        choices = [choice.strip("' ") for choice in expected.replace(" or ", ", ").split(", ")]
        near = get_close_matches(str(value), choices, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        return f"{name} must be one of {', '.join(choices)}, not {shown(value)}.{hint}"
    if first["type"] in {"value_error", "assertion_error"}:
        return f"{first['msg'].removeprefix('Value error, ')}. Correct the value."
    wanted = list(dict.fromkeys(WANTED[one["type"]] for one in found if one["type"] in WANTED))
    if not wanted:
        return f"{name}: {first['msg']}."
    if value is None and path and not _PLAIN_KEY.fullmatch(str(path[-1])):
        return f"A comma inside {{ }} splits a text here ({name}): put the whole text in quotes."
    quote = isinstance(value, int | float) and wanted == ["text"]
    hint = f' Write it in quotes: "{str(value).lower()}".' if quote else " Correct the value."
    return f"{name} must be {' or '.join(wanted)}, not {shown(value)}.{hint}"


def shown(value: object) -> str:
    """A value as a person would name it in a sentence, never long."""
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "keys with values"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


def _value(data: Any, path: Path) -> object:
    for step in path:
        data = data[step]
    return data


def _type_at(model: Any, path: Path) -> Any:
    """The class of the model at a path; object where the path leaves the model."""
    for step in path:
        model = _inner(_bare(model), step)
    return _bare(model)


def _bare(model: Any) -> Any:
    if get_origin(model) in {Union, types.UnionType}:
        options = [one for one in get_args(model) if one is not type(None)]
        return _bare(options[0]) if len(options) == 1 else object
    return model


def _inner(model: Any, step: str | int) -> Any:
    if is_dataclass(model) and isinstance(model, type):
        return _hints(model).get(str(step), object)
    origin, arguments = get_origin(model), get_args(model)
    if origin in {tuple, Frozen} and arguments:
        return arguments[0]
    return object


@cache
def _hints(model: type[Any]) -> Mapping[str, Any]:
    return get_type_hints(model)
