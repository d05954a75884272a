"""Settle where every value comes from: what states no origin takes it from around it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from equipoise.protocol.frozen import Frozen
from equipoise.protocol.origin import Origin

T = TypeVar("T")


def settled(value: T, around: Origin) -> T:
    """The same value with an origin on every object that can carry one.

    >>> from equipoise.protocol.origin import Fact
    >>> settled(Fact(value=3), "proposal").origin
    'proposal'
    """
    return cast(T, _settle(value, around))


def _settle(value: Any, around: Origin) -> Any:
    if isinstance(value, Frozen):
        if all(isinstance(entry, str) for entry in value.values()):
            return value
        return type(value)({key: _settle(entry, around) for key, entry in value.items()})
    if isinstance(value, tuple):
        return tuple(_settle(entry, around) for entry in value)
    if is_dataclass(value) and not isinstance(value, type):
        return _settle_object(value, around)
    return value


def _settle_object(value: Any, around: Origin) -> Any:
    names = [field.name for field in fields(value)]
    own: Origin = getattr(value, "origin", None) or around
    changed: dict[str, Any] = {"origin": own} if "origin" in names else {}
    for name in names:
        if name == "origin":
            continue
        old = getattr(value, name)
        new = _settle(old, own)
        if new is not old:
            changed[name] = new
    return replace(value, **changed) if changed else value
