"""The last analysis after interim looks: at which level it tests.

The fixed sequence is tested at the boundary of the look at which the estimand of the interim
analysis stopped: of an interim look where the board stopped the trial because its boundary was
crossed, otherwise of the last analysis, at the information that each look really had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from scipy.special import ndtr

from equipoise.analysis.dataset import Taken
from equipoise.analysis.interim_cut import interim_of
from equipoise.analysis.looks import final_boundaries, interim_boundaries, rule_of
from equipoise.analysis.plan import Trial
from equipoise.protocol.model import Protocol

ONWARDS = ("", "continue")
"""Decisions of the board after which a trial goes on."""
_NEAR = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """At which level the sequence is tested, and why.

    `level`: nominal, over the sides; `boundary_z` the same as a boundary. `stopped`: the look
    whose boundary was crossed and at which the board stopped the trial, or None. `information`
    and `fraction` are those of the last analysis.
    """

    estimand: str
    taken: tuple[Taken, ...]
    level: float
    boundary_z: float
    information: float
    fraction: float
    stopped: Taken | None


def standing(trial: Trial, taken: Sequence[Taken]) -> Standing | None:
    """Where the last analysis stands; None where no interim look was taken.

    Raises:
        DesignError: the looks do not fit the protocol.

    """
    planned = interim_of(trial.protocol)
    if planned is None or not taken:
        return None
    estimand = planned[1].id
    names = [one.name for one in trial.contrasts]
    looks = [
        replace(one, z={name: one.z.get(name) for name in names})
        for one in sorted(taken, key=lambda one: one.look)
    ]
    now = _information(trial, estimand)
    stopped = next((one for one in looks if _crossed(trial.protocol, one)), None)
    fraction = now / looks[-1].planned
    boundary = _boundary(trial.protocol, looks, fraction, stopped)
    sides = trial.protocol.analysis.sides
    return Standing(
        estimand=estimand,
        taken=tuple(looks),
        level=float(sides * ndtr(-boundary)),
        boundary_z=boundary,
        information=now,
        fraction=fraction,
        stopped=stopped,
    )


def crossed(one: Taken, contrast: str, sides: int) -> bool:
    """Whether a look crossed its boundary in one contrast."""
    z = one.z.get(contrast)
    return z is not None and (abs(z) if sides == 2 else z) >= one.boundary_z


def _crossed(protocol: Protocol, one: Taken) -> bool:
    """Whether the board stopped the trial at a look whose boundary was crossed, either way."""
    sides = protocol.analysis.sides
    return one.decision not in ONWARDS and any(crossed(one, name, sides) for name in one.z)


def _boundary(
    protocol: Protocol, looks: Sequence[Taken], fraction: float, stopped: Taken | None
) -> float:
    if stopped is not None:
        return stopped.boundary_z
    rule, before = rule_of(protocol), [one.fraction for one in looks]
    if fraction <= before[-1] + _NEAR:  # nothing came after the last look
        return float(interim_boundaries(rule, before).efficacy_z[len(before) - 1])
    whole = looks[-1].decision in ONWARDS
    return float(final_boundaries(rule, before, fraction, whole=whole).efficacy_z[-1])


def _information(trial: Trial, estimand: str) -> float:
    """Events, or participants with a value, that the last analysis has."""
    found = next(one for one in trial.protocol.estimands if one.id == estimand)
    variable = trial.variable(found.main.endpoint or found.endpoint)
    inside = trial.sets[found.main.set or found.set].member & variable.usable
    return float((variable.event & inside).sum() if variable.kind == "time" else inside.sum())


def document(found: Standing | None) -> dict[str, Any]:
    """The looks as they stand in results.json; nothing where none was taken."""
    if found is None:
        return {}
    return {
        "looks": [
            {
                "look": one.look,
                "information": one.information,
                "planned": one.planned,
                "fraction": one.fraction,
                "boundary_z": one.boundary_z,
                "z": dict(one.z),
                "frozen_at": one.frozen_at,
                "decision": one.decision,
            }
            for one in found.taken
        ],
        "final": {
            "information": found.information,
            "fraction": found.fraction,
            "boundary_z": found.boundary_z,
            "level": found.level,
            "stopped_at": None if found.stopped is None else found.stopped.look,
        },
    }
