"""Whether a rehearsal that somebody shows is one: the same folder gives the same figures again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from equipoise.errors import AmendmentRefused, say
from equipoise.protocol.model import Study
from equipoise.rehearsal.sweep import rehearse

FOUND = ("trials", "participants", "results", "duration_days", "expected_participants", "stops")
"""What a rehearsal found; how long it took is no part of it."""
NEAR = 1e-9
"""How far two machines may differ in the last digits of a figure, relative to it."""


def require_repeatable(study: Study, told: Mapping[str, Any]) -> None:
    """Rehearse again what a rehearsal says it did, and compare.

    `told` is what `equipoise rehearse --json` printed. A seed decides every figure, so that
    figures of another folder, or written by hand, do not come out again.

    Raises:
        AmendmentRefused: it is of another version, was interrupted, is no rehearsal at all, or
            says something else than the folder gives.

    """
    if told.get("digest") != study.digest:
        raise AmendmentRefused(
            "the rehearsal is not one of this version. Run `equipoise rehearse` on the amended "
            "folder"
        )
    if told.get("complete") is not True:
        raise AmendmentRefused("the rehearsal was not carried to its end")
    found = asdict(rehearse(study, **_asked(told)))
    for name in FOUND:
        if not _same(told.get(name), found[name]):
            raise AmendmentRefused(
                say("the rehearsal says something else than this folder gives: {name}", name=name)
            )


def _asked(told: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked of a rehearsal, from what it says of itself."""
    try:
        asked: dict[str, Any] = {
            "scenario": str(told["scenario"]),
            "effect": float(told["effect"]),
            "trials": int(told["trials"]),
            "participants": int(told["participants"]),
            "seed": int(told["seed"]),
            "estimands": tuple(dict.fromkeys(str(one["estimand"]) for one in told["results"])),
        }
    except (KeyError, TypeError, ValueError) as problem:
        raise AmendmentRefused(
            "what is shown is no rehearsal. Show what `equipoise rehearse --json` printed"
        ) from problem
    if asked["trials"] < 1 or not asked["estimands"]:
        raise AmendmentRefused("the rehearsal has no trial, or no estimand")
    return asked


def _same(told: Any, found: Any) -> bool:
    if isinstance(found, Mapping):
        return (
            isinstance(told, Mapping)
            and told.keys() == found.keys()
            and all(_same(told[name], found[name]) for name in found)
        )
    if isinstance(found, Sequence) and not isinstance(found, str):
        return (
            isinstance(told, Sequence)
            and len(told) == len(found)
            and all(_same(*pair) for pair in zip(told, found, strict=True))
        )
    if isinstance(found, float) and isinstance(told, int | float):
        return math.isclose(told, found, rel_tol=NEAR, abs_tol=NEAR)
    return bool(told == found)
