"""The identity of a study: plain data of the model, and the digest of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from equipoise.digest import canonical_json, sha256
from equipoise.protocol.forms import Form
from equipoise.protocol.frozen import Frozen
from equipoise.protocol.model import Protocol


def as_data(value: Any) -> Any:
    """Plain JSON data of a model object. What stands at its default is left out.

    So a key that a later version of equipoise adds does not change the digest of a study
    that does not use it.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: as_data(getattr(value, field.name))
            for field in fields(value)
            if field.default is MISSING or getattr(value, field.name) != field.default
        }
    if isinstance(value, Mapping):
        return {key: as_data(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_data(entry) for entry in value]
    return value


def study_digest(protocol: Protocol, forms: Frozen[Form]) -> str:
    """SHA-256, in hex, of the canonical JSON of protocol and forms."""
    return sha256(canonical_json({"protocol": as_data(protocol), "forms": as_data(forms)}))


def form_digest(protocol: Protocol, form: Form) -> str:
    """SHA-256, in hex, of one form and the code lists that its items use."""
    used = {item.codes for item in form.items() if item.codes}
    lists = {one.id: as_data(one) for one in protocol.code_lists if one.id in used}
    return sha256(canonical_json({"form": as_data(form), "code_lists": lists}))
