"""Randomisation schemes and their parameters, before anybody draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from equipoise.protocol.check.subject import Subject
from equipoise.protocol.findings import Finding
from equipoise.protocol.folder import PROTOCOL_FILE
from equipoise.protocol.places import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a scheme: its kind, the least it may be, whether it must be given."""

    kind: Literal["whole", "share", "wholes", "names", "numbers", "measure"]
    least: int = 0
    needed: bool = True


MEASURES = ("range", "variance")
SCHEMES: Mapping[str, Mapping[str, Parameter]] = {
    "simple": {},
    "permuted-block": {"size": Parameter(kind="whole", least=2)},
    "random-block": {"sizes": Parameter(kind="wholes", least=2)},
    "big-stick": {"limit": Parameter(kind="whole", least=1)},
    "block-urn": {"lambda_": Parameter(kind="whole", least=1)},
    "wei-urn": {"initial": Parameter(kind="whole"), "added": Parameter(kind="whole")},
    "efron": {"p": Parameter(kind="share")},
    "chen": {"limit": Parameter(kind="whole", least=1), "p": Parameter(kind="share")},
    "minimisation": {
        "factors": Parameter(kind="names"),
        "weights": Parameter(kind="numbers", needed=False),
        "p": Parameter(kind="share", needed=False),
        "measure": Parameter(kind="measure", needed=False),
    },
}
"""Every scheme with its parameters; a test compares this with `equipoise.randomisation`."""


def scheme_findings(subject: Subject) -> Iterator[Finding]:
    """Unknown schemes and parameters, impossible values, blocks that do not fit the ratio."""
    plan = subject.protocol.randomisation
    path: Path = (PROTOCOL_FILE, "randomisation")
    yield from _one(subject, path, plan.scheme, plan.parameters)
    for number, other in enumerate(plan.alternatives):
        at = (*path, "alternatives", number)
        yield from _one(subject, at, other.scheme, other.parameters)
    yield from _strata(subject)


def _one(
    subject: Subject, path: Path, scheme: str, given: Mapping[str, object]
) -> Iterator[Finding]:
    known = SCHEMES.get(scheme)
    if known is None:
        near = get_close_matches(scheme, SCHEMES, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"choose one of {', '.join(SCHEMES)}."
        words = f"There is no randomisation scheme `{scheme}`: {hint}"
        yield subject.finding("study.unknown-scheme", (*path, "scheme"), words)
        return
    for name in given:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            words = f"Scheme `{scheme}` has no parameter `{name}`: {takes}."
            at = (*path, "parameters", name)
            yield subject.finding("study.unknown-scheme", at, words, key=True)
    for name, parameter in known.items():
        if name not in given:
            if parameter.needed:
                words = f"Scheme `{scheme}` needs the parameter `{name}`: add it."
                yield subject.finding("study.unknown-scheme", (*path, "scheme"), words)
            continue
        problem = _problem(parameter, given[name]) or _ratio(subject, name, given[name])
        if problem:
            words = f"`{name}` of scheme `{scheme}` {problem}."
            yield subject.finding("study.unknown-scheme", (*path, "parameters", name), words)


def _problem(parameter: Parameter, value: object) -> str | None:
    least = parameter.least
    match parameter.kind:
        case "whole":
            good = _whole(value, least)
            return None if good else f"must be a whole number of at least {least}"
        case "wholes":
            good = isinstance(value, tuple) and len(value) > 0 and len(set(value)) == len(value)
            good = good and isinstance(value, tuple) and all(_whole(one, least) for one in value)
            return None if good else f"must be a list of different whole numbers, {least} or more"
        case "share":
            good = isinstance(value, int | float) and not isinstance(value, bool)
            good = good and isinstance(value, int | float) and 0.5 <= value <= 1
            return None if good else "must be a probability from 0.5 to 1"
        case "measure":
            return None if value in MEASURES else f"must be one of {', '.join(MEASURES)}"
        case _:
            return None if isinstance(value, tuple) else "must be a list"


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _ratio(subject: Subject, name: str, value: object) -> str | None:
    """Blocks must hold every arm its share of times."""
    if name not in {"size", "sizes"}:
        return None
    shares = sum(arm.ratio for arm in subject.protocol.arms)
    sizes = value if isinstance(value, tuple) else (value,)
    for size in sizes:
        if shares > 0 and isinstance(size, int) and size % shares:
            return f"must be a multiple of {shares}, the sum of the arms' ratios; {size} is not"
    return None


def _strata(subject: Subject) -> Iterator[Finding]:
    """A stratum needs finitely many values: a code, true or false, or a decision table."""
    tables = {one.id for one in subject.protocol.derived if one.rows}
    for number, name in enumerate(subject.protocol.randomisation.strata):
        kind = subject.names.types.get(name)
        if kind and kind.kind not in {"code", "boolean"} and name not in tables:
            words = f"`{name}` is {kind.kind} and gives no strata: derive a code or true and false."
            path: Path = (PROTOCOL_FILE, "randomisation", "strata", number)
            yield subject.finding("study.strata", path, words)
