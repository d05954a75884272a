"""JSON Schema of the files of a study, for editors that complete and check while typing."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind

from equipoise.protocol.forms import Form
from equipoise.protocol.model import Protocol
from equipoise.protocol.scenario import Scenario

FILES: dict[str, type[Any]] = {
    "protocol.yaml": Protocol,
    "forms/*.yaml": Form,
    "scenarios/*.yaml": Scenario,
}


class _Generator(GenerateJsonSchema):
    """Leaves out, silently, defaults that JSON cannot say: they are all empty."""

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {
        "skipped-choice",
        "non-serializable-default",
    }


def schema(file: str) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of `protocol.yaml`, `forms/*.yaml` or `scenarios/*.yaml`.

    Raises:
        KeyError: no such kind of file.
    """
    found = TypeAdapter(FILES[file]).json_schema(schema_generator=_Generator)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}
